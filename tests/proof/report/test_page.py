"""The page of a drill: complete, well-formed, self-contained, and nothing in it is obeyed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import drill_examples as examples
import pytest

from festning.model.check import Verdict
from festning.model.drill import (
    Checked,
    DoorFigures,
    DrillResult,
    Fate,
    Kind,
    Mark,
    Moment,
    Outcome,
    Requirement,
    Sight,
)
from festning.proof.report.bands import Health, health, stretches_of, views
from festning.proof.report.charts import charts
from festning.proof.report.flags import flags
from festning.proof.report.index import page_names, render_index
from festning.proof.report.page import render_page
from festning.proof.report.scene import scenes_of
from festning.proof.report.words import duration, offset, printable

ALL = examples.all_examples()
EVIL = "</script></style><img src=x onerror=alert(1)>\"'&{{ 7*7 }}\x1b[31m\x00\ud800"
VOID = {"meta", "br", "img", "hr", "link", "input"}


class Reader(HTMLParser):
    """Follows the elements of a page, and notes those that are not closed as they were opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.wrong == []
    assert reader.open == []
    return reader


def drawings(page: str) -> list[ET.Element]:
    """The outermost drawings of a page, each read as XML."""
    found, depth, begin = [], 0, 0
    for match in re.finditer(r"<svg\b|</svg>", page):
        if match.group() == "</svg>":
            depth -= 1
            if depth == 0:
                found.append(ET.fromstring(page[begin : match.end()]))
        else:
            begin = match.start() if depth == 0 else begin
            depth += 1
    return found


@pytest.mark.parametrize("example", ALL, ids=lambda one: one.name)
def test_a_page_is_well_formed_and_fetches_nothing(example: DrillResult):
    page = render_page(example, "nordlys")
    reader = read(page)
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page
    loading = {"src", "href", "srcset", "data", "poster", "action", "xlink:href"}
    assert [attributes for _, attributes in reader.tags if loading & set(attributes)] == []
    assert not {"link", "img", "iframe", "object", "embed", "image", "use"} & {tag for tag, _ in reader.tags}
    assert len(page.encode()) < 1_000_000


@pytest.mark.parametrize("example", ALL[:4], ids=lambda one: one.name)
def test_every_moment_is_marked_in_every_drawing_and_told(example: DrillResult):
    page = render_page(example, "nordlys")
    text = "".join(read(page).text)
    whole = scenes_of(example)[0]
    wanted = [moment.mark.name.lower() for moment in sorted(example.moments, key=lambda one: one.at)]
    for drawing in (*[chart.drawing for chart in charts(whole)], flags(whole)):
        lines = ET.fromstring(drawing).findall("./line")
        assert [line.get("class") for line in lines if "moment" in line.get("class", "")] == [
            f"moment {mark}" for mark in wanted
        ]
    for view in views(example.sights, whole):
        for band in view.bands:
            assert len(ET.fromstring(band.drawing).findall("./line")) == len(wanted)
    for moment in example.moments:
        assert moment.mark.value in text
        assert offset(moment.at - examples.NOON) in text
        assert moment.what in text


def test_moments_lie_where_they_belong():
    made = scenes_of(ALL[0])[0]
    axis = made.axis
    assert axis.percent(axis.grid.begin) == 0
    assert axis.percent(axis.grid.end) == 100
    healed = next(line for line in ET.fromstring(flags(made)).findall("line") if line.get("class") == "moment healed")
    share = (examples.NOON + 6.4 - axis.grid.begin) / (axis.grid.end - axis.grid.begin)
    assert float(healed.get("x1", "").rstrip("%")) == pytest.approx(100 * share, abs=0.01)


def test_the_verdict_is_told_by_word_and_mark_with_its_reasons():
    words = {Verdict.PASS: "✓ pass", Verdict.FAIL: "✕ fail", Verdict.UNKNOWN: "? unknown"}
    for example in ALL:
        text = "".join(read(render_page(example, "nordlys")).text)
        assert words[example.verdict] in text
        for reason in example.reasons:
            assert reason in text


def test_a_page_says_what_was_asked_what_was_felt_and_what_was_found():
    failing = ALL[2]
    text = "".join(read(render_page(failing, "nordlys")).text)
    for told in (
        failing.about,
        *(one.asks for one in failing.requirements),
        *(one.measured for one in failing.requirements),
        *(problem for one in failing.checked for problem in one.problems),
        *(door.door for door in failing.doors),
        *(duration(door.write_gap_ms) for door in failing.doors),
        "hit by the fault",
        *(command for command, _ in failing.seen),
        *(output.strip() for _, output in failing.seen),
        "no connection within 3 s",
        "core1: tunnel to core2",
    ):
        assert told in text


def test_nothing_that_is_told_is_obeyed():
    hostile = DrillResult(
        name=EVIL,
        about=EVIL,
        verdict=Verdict.FAIL,
        reasons=(EVIL,),
        doors=(
            DoorFigures(
                door=EVIL,
                hurt=True,
                requests=1,
                failed=0,
                unknown=0,
                write_gap_ms=1,
                read_gap_ms=None,
                p99_ms=None,
            ),
        ),
        requirements=(Requirement(asks=EVIL, measured=EVIL, verdict=Verdict.FAIL),),
        checked=(Checked(checker=EVIL, verdict=Verdict.FAIL, looked_at=1, problems=(EVIL,)),),
        moments=(Moment(1.0, Mark.FAULT, EVIL),),
        seen=((EVIL, EVIL),),
        outcomes=tuple(
            Outcome(door=door, kind=Kind.WRITE, due=n / 10, ended=n / 10, fate=fate, why=EVIL)
            for n in range(30)
            for door, fate in ((EVIL, Fate.OK), (f"other {EVIL}", Fate.FAILED))
        ),
        sights=(Sight(0.0, EVIL, EVIL), Sight(1.0, EVIL, f"down {EVIL}")),
    )
    for page in (render_page(hostile, EVIL), render_index([hostile, hostile], EVIL, EVIL)):
        reader = read(page)
        assert not any(tag == "img" or "onerror" in attributes for tag, attributes in reader.tags)
        assert "alert(1)>" not in page
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page)
        assert page.encode("utf-8")
        assert drawings(page) is not None
        assert "<img src=x onerror=alert(1)>" in "".join(reader.text)


def test_the_readings_are_data_and_say_what_the_charts_say():
    example = ALL[0]
    page = render_page(example, "nordlys")
    told = [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert len(told) == 2
    buckets = told[0]["buckets"]
    assert sum(bucket[0] for bucket in buckets) == example.acknowledged_writes
    assert sum(sum(bucket[:4]) for bucket in buckets) == example.requests
    assert told[0]["begin"] == pytest.approx(-10)


def test_a_long_drill_makes_no_large_page():
    outcomes = tuple(
        Outcome(
            door=f"door{n % 5}",
            kind=Kind.WRITE if n % 2 else Kind.READ,
            due=n / 25,
            ended=n / 25 + 0.01 + n % 7 / 100,
            fate=Fate.OK if n % 3 else Fate.FAILED,
            why=f"why {n}",
        )
        for n in range(100_000)
    )
    flapping = tuple(
        Sight(n / 2, f"core{host}: database", "Synced" if (n + host) % 2 else "down")
        for n in range(8000)
        for host in range(5)
    )
    seen = tuple((f"command {n}", "x" * 100_000) for n in range(20))
    long = DrillResult(
        name="long",
        about="",
        verdict=Verdict.PASS,
        outcomes=outcomes,
        sights=flapping,
        seen=seen,
        moments=(Moment(5.0, Mark.FAULT), Moment(3000.0, Mark.RECOVERED)),
    )
    page = render_page(long, "nordlys")
    read(page)
    assert len(page.encode()) < 1_000_000
    assert "characters are left out" in page


def test_states_mean_what_people_read_in_them():
    assert health("writer") is Health.WRITER
    assert [health(state) for state in ("Synced", "up", "Primary, Synced")] == [Health.GOOD] * 3
    assert [health(state) for state in ("down", "non-Primary", "Synced, non-Primary", "unreachable")] == [
        Health.BAD
    ] * 4
    assert [
        health(state)
        for state in ("not up to date (Joiner)", "Donor/Desynced", "", "not ready", "no writer's token yet")
    ] == [Health.BETWEEN] * 5
    for state in (
        "not seen",
        "no answer: timed out",
        "not in the primary component (no cluster status)",
        "the database has not answered for 1.2 s",
    ):
        assert health(state) is Health.BAD


def test_states_last_until_they_change():
    seen = [Sight(0, "a", "up"), Sight(1, "a", "up"), Sight(2, "a", "down"), Sight(1, "b", "up"), Sight(9, "a", "up")]
    stretches = stretches_of(seen, 5.0)
    assert [(one.begin, one.end, one.state) for one in stretches["a"]] == [(0, 2, "up"), (2, 5, "down")]
    assert [(one.begin, one.end) for one in stretches["b"]] == [(1, 5)]


def test_a_state_that_says_how_long_it_has_been_so_is_one_state():
    seen = [Sight(n / 4, "a", f"the database has not answered for {n / 4:.1f} s") for n in range(8)]
    assert [(one.begin, one.end) for one in stretches_of(seen, 5.0)["a"]] == [(0, 5)]
    assert (
        len(stretches_of([Sight(0, "a", "the writer is core1"), Sight(1, "a", "the writer is core2")], 5.0)["a"]) == 2
    )


def test_a_burst_of_queued_answers_is_told_and_does_not_flatten_the_rest():
    outcomes = tuple(
        Outcome(door="d", kind=Kind.WRITE, due=n / 100, ended=5.05 if 200 < n < 500 else n / 100, fate=Fate.OK)
        for n in range(1000)
    )
    made = scenes_of(DrillResult(name="", about="", verdict=Verdict.PASS, outcomes=outcomes))[0]
    chart = charts(made)[0]
    assert any("beyond the scale" in words for _, words in chart.legend)
    values = [text.text for text in ET.fromstring(chart.drawing).findall("text[@class='value']")]
    assert values == ["400"]


def test_files_of_pages_have_safe_names_of_their_own():
    names = page_names([replace(ALL[0], name=name) for name in ("random", "Random", "../../etc/passwd", "", "index")])
    assert names == ("random.html", "random-2.html", "etc-passwd.html", "drill.html", "index-2.html")


def test_the_index_leads_to_every_page():
    page = render_index(ALL, "nordlys", "today")
    reader = read(page)
    assert [attributes["href"] for tag, attributes in reader.tags if tag == "a"] == list(page_names(ALL))
    text = "".join(reader.text)
    assert "2 pass, 1 fail, 2 unknown" in text
    for example in ALL:
        assert duration(example.write_gap_ms) in text
        assert all(reason in text for reason in example.reasons)
    assert "No drill was run." in "".join(read(render_index([], "nordlys", "today")).text)


def test_words():
    assert [duration(ms) for ms in (None, 0, 48.4, 99.6, 613, 9996, 40_210, 312_400)] == [
        "–",
        "0 ms",
        "48 ms",
        "0.10 s",
        "0.61 s",
        "10.0 s",
        "40.2 s",
        "312 s",
    ]
    assert (offset(0.346), offset(-2)) == ("+0.35 s", "−2.00 s")
    assert printable("a\x1b\n\t\x7fé") == "a␛\n\t␡é"
