"""What is heard of a program, whole or not: nothing that was begun is forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from festning.model.drill import Fate, Kind
from festning.proof.load.hearing import Hearing, Latest

DOOR = "core1: 3306"


def begin(number: int, at: float, *, request: int | None = None, kind: str = "write", value: Any = "a") -> str:
    told = {"door": DOOR, "kind": kind, "book": "numbers", "function": kind, "value": value, "due": at - 0.1, "at": at}
    return json.dumps({"begin": number, "request": request or number, **told})


def end(number: int, at: float, fate: str = "ok", *, why: str = "", more: bool = False) -> str:
    return json.dumps({"end": number, "at": at, "fate": fate, "why": why, "node": "core1", "value": None, "more": more})


def heard(*lines: str, began: float = 100.0) -> Hearing:
    hearing = Hearing("core1")
    assert hearing.begin(json.dumps({"began": began}), 99.0, 101.0)
    for line in lines:
        hearing.hear(line)
    return hearing


def test_a_request_is_what_its_last_attempt_came_to():
    hearing = heard(
        begin(1, 110, value="a-1"),
        end(1, 111, "failed", why="1213", more=True),
        begin(2, 112, request=1, value="a-2"),
        end(2, 113),
    )
    (outcome,) = hearing.outcomes()
    assert (outcome.door, outcome.kind, outcome.fate) == (DOOR, Kind.WRITE, Fate.OK)
    assert (outcome.due, outcome.ended, outcome.number) == (109.9, 113, "a-2")
    assert outcome.sent == 110, "when the first attempt was made"
    assert outcome.why == "1213", "what was made good is still told"
    assert len(hearing.attempts()) == 2


@pytest.mark.parametrize(
    ("lines", "fate", "ended"),
    [
        ([begin(1, 110)], Fate.UNKNOWN, None),
        ([begin(1, 110), end(1, 111, "failed")], Fate.FAILED, 111),
        ([begin(1, 110), end(1, 111, "failed", more=True)], Fate.UNKNOWN, None),
        ([begin(1, 110), end(1, 111, "unknown", more=True), begin(2, 112, request=1), end(2, 113, "failed")],
         Fate.UNKNOWN, 113),
        ([begin(1, 110), end(1, 111)[:-5]], Fate.UNKNOWN, None),
    ],
)  # fmt: skip
def test_what_was_not_heard_to_its_end_is_unknown(lines: list[str], fate: Fate, ended: float | None):
    (outcome,) = heard(*lines).outcomes()
    assert (outcome.fate, outcome.ended) == (fate, ended)


def test_lines_that_say_nothing_are_passed_over():
    assert list(heard("", "Traceback:", "7", '{"what": 1}').outcomes()) == []
    assert not Hearing("core1").begin("Traceback:", 0, 1)
    assert not Hearing("core1").begin("", 0, 1)


@pytest.mark.parametrize(("began", "moved"), [(99.5, 0.0), (100.9, 0.0), (3699.0, -3598.0), (50.0, 49.0)])
def test_a_clock_that_is_off_is_put_right_and_one_that_may_be_right_is_believed(began: float, moved: float):
    hearing = heard(begin(1, began + 5), end(1, began + 6), began=began)
    (attempt,) = hearing.attempts()
    assert attempt.invoked == pytest.approx(began + 5 + moved)
    assert attempt.completed == pytest.approx(began + 6 + moved)
    assert hearing.began == pytest.approx(began + moved)


def test_the_latest_is_known_while_it_runs():
    hearing = heard(begin(1, 110), begin(2, 110, kind="read"))
    assert hearing.latest() == {(DOOR, Kind.WRITE): Latest(), (DOOR, Kind.READ): Latest()}
    hearing.hear(end(1, 111))
    assert hearing.latest()[DOOR, Kind.WRITE] == Latest(good=111)
    assert not hearing.latest()[DOOR, Kind.WRITE].failed_since
    hearing.hear(begin(3, 112))
    hearing.hear(end(3, 113, "unknown", more=True))
    assert hearing.latest()[DOOR, Kind.WRITE] == Latest(good=111), "it is tried again"
    hearing.hear(begin(4, 114, request=3))
    hearing.hear(end(4, 115, "failed"))
    assert hearing.latest()[DOOR, Kind.WRITE] == Latest(good=111, bad=115)
    assert hearing.latest()[DOOR, Kind.WRITE].failed_since
    hearing.hear(begin(5, 116))
    hearing.hear(end(5, 117))
    assert not hearing.latest()[DOOR, Kind.WRITE].failed_since
    assert hearing.latest()[DOOR, Kind.READ] == Latest()


def test_a_door_whose_program_is_over_or_not_heard_any_more_has_ended():
    hearing = heard(begin(1, 110), end(1, 111), '{"sent": 1}')
    assert hearing.finished
    assert hearing.latest()[DOOR, Kind.WRITE] == Latest(good=111, ended=True)
    hearing = heard(begin(1, 110))
    hearing.broken = "core1: went away"
    assert hearing.latest()[DOOR, Kind.WRITE].ended
