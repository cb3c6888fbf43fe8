"""Within what a group follows its traffic: how it is written, and every contradiction with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.errors import BadFileError, UsageError
from festning.model.autoscale import Autoscale, parse_a_second, parse_duration
from festning.model.fortress import Fortress
from festning.model.load import parse_fortress
from festning.scaling.bounds import Bounds
from festning.workflows.measuring import bounds_of, groups_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "nordlys" / "fortress.yaml"
TEXT = EXAMPLE.read_text()
EDGE = "{site: dublin, role: edge, count: 2, size: t3.small, traffic: 300GiB}"
LINE = TEXT[: TEXT.index(EDGE)].count("\n") + 1
BOUNDS = "from: 2, to: 8, requests: 400/s, p99: 250ms"


def fortress(edge: str) -> Fortress:
    assert EDGE in TEXT
    return parse_fortress(TEXT.replace(EDGE, edge, 1), "fortress.yaml", EXAMPLE.parent)


def group(autoscale: str, rest: str = "count: 2") -> str:
    return f"{{site: dublin, role: edge, size: t3.small, {rest}, autoscale: {{{autoscale}}}}}"


def mistakes(edge: str) -> str:
    with pytest.raises(BadFileError) as caught:
        fortress(edge)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_it_is_read_with_its_units_and_defaults() -> None:
    read = fortress(group(f"{BOUNDS}, cool_down: 2m, grow_after: 90s"))
    assert read.host("edge1").autoscale == Autoscale(
        least=2,
        most=8,
        requests=400,
        p99_ms=250,
        cool_down_s=120,
        grow_after_s=90,
        shrink_after_s=900,
        replace_after_s=60,
    )
    assert {name: [edge.name for edge in edges] for name, edges in read.autoscaled.items()} == {
        "edge": ["edge1", "edge2"]
    }


def test_without_it_people_alone_change_the_count() -> None:
    assert fortress(EDGE).autoscaled == {}
    with pytest.raises(UsageError, match="no group of edges with autoscale") as caught:
        groups_of(fortress(EDGE), None)
    assert caught.value.hint is not None
    fortress(EDGE.replace("}", ", autoscale: {from: 2, to: 8, requests: 400/s, p99: 250ms}}"))
    with pytest.raises(UsageError, match="kant is not a group"):
        groups_of(fortress(group(BOUNDS)), "kant")


def test_the_defaults_are_those_of_the_decision() -> None:
    groups = groups_of(fortress(group(BOUNDS)), None)
    assert groups["edge"].bounds == Bounds(least=2, most=8, requests_per_edge=400, p99_ms=250)


def test_an_edge_that_is_on_its_way_out_is_not_counted_and_is_told() -> None:
    read = groups_of(fortress(group(BOUNDS, "count: 2, leaving: {first: 3, count: 1}")), "edge")
    assert read["edge"].edges == ("edge1", "edge2")
    assert read["edge"].unfinished


@pytest.mark.parametrize(
    ("edge", "place", "words"),
    [
        (group("from: 3, to: 8, requests: 400/s, p99: 250ms"), "hosts.edge.count", "expected: a number from 3 to 8"),
        (group("from: 1, to: 1, requests: 400/s, p99: 250ms"), "hosts.edge.count", "2 edges are outside"),
        (group("from: 8, to: 2, requests: 400/s, p99: 250ms"), "hosts.edge.autoscale.to", "no range"),
        (group("from: 0, to: 2, requests: 400/s, p99: 250ms"), "hosts.edge.autoscale.from", "1"),
        (group("from: 2, to: 8, requests: 400, p99: 250ms"), "hosts.edge.autoscale.requests", "is not text"),
        (group("from: 2, to: 8, requests: 400/m, p99: 250ms"), "hosts.edge.autoscale.requests", "such as 400/s"),
        (group("from: 2, to: 8, requests: 400/s, p99: 250"), "hosts.edge.autoscale.p99", "is not text"),
        (group("from: 2, to: 8, requests: 400/s, p99: 0.25s"), "hosts.edge.autoscale.p99", "such as 250ms, 90s or 5m"),
        (group("from: 2, to: 8, requests: 400/s"), "hosts.edge.autoscale.p99", "is missing"),
        (group(f"{BOUNDS}, cooldown: 5m"), "hosts.edge.autoscale.cooldown", "did you mean cool_down?"),
        (group(f"{BOUNDS}, least: 2"), "hosts.edge.autoscale.least", "unknown key"),
        (group(f"{BOUNDS}, cool_down: 30s"), "hosts.edge.autoscale.cool_down", "grow_after (1m) is longer"),
        (group(f"{BOUNDS}, grow_after: 6m"), "hosts.edge.autoscale.grow_after", "is longer than cool_down (5m)"),
        (group(f"{BOUNDS}, shrink_after: 4m"), "hosts.edge.autoscale.shrink_after", "is shorter than cool_down"),
        (group(f"{BOUNDS}, cool_down: 1h"), "hosts.edge.autoscale.cool_down", "shrink_after (15m) is shorter"),
        (group(BOUNDS, "price: 9 NOK/month"), "hosts.edge.autoscale", "one edge and no group"),
        (group(BOUNDS).replace("role: edge", "role: arbiter"), "hosts.edge.autoscale", "only with role edge"),
        (group(BOUNDS).replace("site: dublin", "site: bergen"), "hosts.edge.autoscale", "its provider is static"),
    ],
)
def test_a_contradiction_is_told_with_its_place(edge: str, place: str, words: str) -> None:
    told = mistakes(edge)
    assert f": {place}: " in told
    assert words in told
    assert told.startswith(f"fortress.yaml:{LINE}:"), "the line of the edges"


@given(st.from_regex(r"[0-9]{0,3}(ms|s|m|h|/s|/m| s)?", fullmatch=True) | st.text(max_size=12))
def test_no_text_is_misread(text: str) -> None:
    for parse, unit in ((parse_duration, "(ms|s|m|h)"), (parse_a_second, "/s")):
        if re.fullmatch(f"[1-9][0-9]{{0,8}}{unit}", text):
            assert parse(text) > 0
        else:
            with pytest.raises(ValueError, match="such as"):
                parse(text)


def test_every_consistent_file_has_consistent_bounds() -> None:
    for cool_down in ("1m", "5m", "15m"):
        read = fortress(group(f"{BOUNDS}, cool_down: {cool_down}")).host("edge1").autoscale
        assert read is not None
        assert bounds_of(read).cool_down == read.cool_down_s
