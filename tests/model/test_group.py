"""What a group is to be: which edges come and go, by their names, and what that is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.errors import BadFileError, UsageError
from festning.model.editing import edit_host
from festning.model.fortress import Fortress
from festning.model.group import MOST_EDGES, Group, changes, group_of, moved, scaled
from festning.model.load import parse_fortress

FOLDER = Path(__file__).parents[2] / "examples" / "nordlys"
TEXT = (FOLDER / "fortress.yaml").read_text()
LINE = "edge:    {site: dublin, role: edge, count: 2, size: t3.small, traffic: 300GiB}"


def fortress(text: str = TEXT) -> Fortress:
    return parse_fortress(text, "f", FOLDER)


def after(text: str, wanted: Group) -> str:
    found = changes(group_of(fortress(text), "edge"), wanted)
    return edit_host(text, "f", "edge", found) if found else text


def scale(text: str, count: int) -> str:
    return after(text, scaled(group_of(fortress(text), "edge"), count))


def move(text: str, site: str, size: str | None = None) -> str:
    return after(text, moved(group_of(fortress(text), "edge"), site, size=size))


def gone(text: str) -> str:
    return after(text, group_of(fortress(text), "edge").without_leaving())


def edges(text: str) -> dict[str, tuple[str, int, bool]]:
    return {edge.name: (edge.site.name, edge.number, edge.leaving) for edge in fortress(text).edges}


def test_more_edges_are_a_higher_count() -> None:
    assert scale(TEXT, 4) == TEXT.replace("count: 2, size", "count: 4, size")


def test_the_highest_leave_and_are_declared_until_they_are_gone() -> None:
    four = scale(TEXT, 4)
    under_way = scale(four, 2)
    assert "count: 2, leaving: {first: 3, count: 2}, size" in under_way
    assert edges(under_way) == {
        "edge1": ("dublin", 16, False),
        "edge2": ("dublin", 17, False),
        "edge3": ("dublin", 18, True),
        "edge4": ("dublin", 19, True),
    }
    assert gone(under_way) == TEXT
    assert scale(under_way, 2) == under_way
    assert "count: 3, leaving: {first: 4, count: 1}, size" in scale(under_way, 3)
    assert scale(under_way, 4) == four


def test_a_move_has_both_ends_in_the_file_and_goes_on_or_back() -> None:
    under_way = move(TEXT, "frankfurt", "s-1vcpu-2gb")
    there = LINE.replace("dublin", "frankfurt").replace("t3.small", "s-1vcpu-2gb")
    leaving = "count: 2, first: 3, leaving: {first: 1, count: 2, site: dublin, size: t3.small}"
    assert under_way == TEXT.replace(LINE, there.replace("count: 2", leaving))
    assert edges(under_way) == {
        "edge1": ("dublin", 16, True),
        "edge2": ("dublin", 17, True),
        "edge3": ("frankfurt", 18, False),
        "edge4": ("frankfurt", 19, False),
    }
    assert [host.size for host in fortress(under_way).edges] == ["t3.small"] * 2 + ["s-1vcpu-2gb"] * 2
    assert move(under_way, "frankfurt") == under_way
    assert gone(move(under_way, "dublin")) == TEXT
    assert gone(under_way) == TEXT.replace(LINE, there.replace("count: 2", "count: 2, first: 3"))


def test_there_and_back_is_the_file_as_it_was() -> None:
    assert gone(move(gone(move(TEXT, "frankfurt", "s-1vcpu-2gb")), "dublin", "t3.small")) == TEXT


@settings(deadline=None, max_examples=10)
@given(counts=st.lists(st.integers(1, 16), max_size=4), sites=st.lists(st.sampled_from(["dublin", "frankfurt"])))
def test_nobody_who_stays_is_renamed_or_renumbered(counts: list[int], sites: list[str]) -> None:
    text = TEXT
    for change in [*counts, *sites]:
        before = edges(text)
        text = scale(text, change) if isinstance(change, int) else move(text, change)
        now = edges(text)
        assert all(now[name][:2] == place for name, (*_, _) in before.items() for place in [before[name][:2]])
        staying = [name for name, (_, _, leaving) in now.items() if not leaving]
        text = gone(text)
        assert list(edges(text)) == staying
        assert len(staying) == (change if isinstance(change, int) else len(before))


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("egde", "no group 'egde'", "did you mean edge"),
        ("core1", "role core", "the groups of edges are: edge"),
        ("edge1", "no group 'edge1'", "did you mean edge"),
    ],
)
def test_what_is_no_group_is_told(name: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=words) as told:
        group_of(fortress(), name)
    assert hint in str(told.value.hint)


def test_a_single_edge_is_no_group() -> None:
    with pytest.raises(UsageError, match="single host") as told:
        group_of(fortress(TEXT.replace(", count: 2, size", ", size")), "edge")
    assert "count: 1" in str(told.value.hint)


@pytest.mark.parametrize("count", [0, -1, MOST_EDGES + 1])
def test_counts_without_sense_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match=str(count)):
        scaled(group_of(fortress(), "edge"), count)


def test_one_thing_after_another() -> None:
    moving, scaling = move(TEXT, "frankfurt"), scale(TEXT, 1)
    with pytest.raises(UsageError, match="on its way from dublin to frankfurt") as told:
        scale(moving, 3)
    assert "--to frankfurt ends that, --to dublin goes back" in str(told.value.hint)
    with pytest.raises(UsageError, match="on its way"):
        move(moving, "bergen")
    with pytest.raises(UsageError, match="edge2 are on their way out"):
        move(scaling, "frankfurt")


def test_where_it_is_already_nothing_changes_but_no_other_size_is_promised() -> None:
    assert move(TEXT, "dublin") == TEXT
    with pytest.raises(UsageError, match="keeps the size"):
        move(TEXT, "dublin", "t3.large")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count: 2, size", "count: 2, leaving: {first: 2, count: 1}, size", "both stay and leave"),
        ("count: 2, size", "count: 2, leaving: {first: 3, count: 1, site: dublinn}, size", "no site 'dublinn'"),
        ("count: 2, size", "first: 2, size", "one host and no group"),
    ],
)
def test_what_contradicts_itself_is_told(old: str, new: str, words: str) -> None:
    with pytest.raises(BadFileError, match=words):
        fortress(TEXT.replace(old, new))
