"""What is kept of a drill's result."""

from __future__ import annotations

import json
from typing import Any

from bench.failover.measured import Label, Measured, was_run
from festning.model.check import Verdict
from festning.model.drill import Checked, DoorFigures, DrillResult, Fate, Kind, Mark, Moment, Outcome
from tests.bench.failover_runs import run

LABEL = Label(drill="cut-edge", stack="festning", number=1, code="now", at="2026-07-01T12:00:00+00:00")
FAULT = Moment(10.0, Mark.FAULT)


def figures(door: str, hurt: bool, write: float | None, read: float | None) -> DoorFigures:
    return DoorFigures(
        door=door, hurt=hurt, requests=1, failed=0, unknown=0, write_gap_ms=write, read_gap_ms=read, p99_ms=None
    )


def outcome(door: str, kind: Kind, due: float, fate: Fate, ended: float | None = None) -> Outcome:
    return Outcome(door=door, kind=kind, due=due, ended=due + 0.01 if ended is None else ended, fate=fate)


def result(**told: Any) -> DrillResult:
    return DrillResult(**{"name": "cut-edge", "about": "", "verdict": Verdict.PASS, "moments": (FAULT,), **told})


def test_failures_count_at_front_doors_that_the_fault_did_not_hit():
    doors = tuple(figures(name, name == "edge2", 100, 100) for name in ("core1", "edge2", "core1: 3306"))
    outcomes = (
        outcome("core1", Kind.READ, 11, Fate.FAILED),
        outcome("core1", Kind.WRITE, 11, Fate.UNKNOWN),
        outcome("core1", Kind.WRITE, 12, Fate.OK),
        outcome("edge2", Kind.READ, 11, Fate.FAILED),
        outcome("core1: 3306", Kind.WRITE, 11, Fate.FAILED),
    )
    measured = Measured.of(result(doors=doors, outcomes=outcomes), LABEL)
    assert (measured.failed_reads, measured.failed_writes, measured.failed, measured.in_flight) == (1, 1, 2, 0)
    assert measured.hurt_failed_reads == 1


def test_in_flight_is_what_was_due_before_the_fault_and_ended_after_it():
    outcomes = (
        outcome("core1", Kind.WRITE, 9.9, Fate.FAILED, ended=10.5),
        outcome("core1", Kind.WRITE, 9.0, Fate.FAILED, ended=9.5),
        outcome("core1", Kind.WRITE, 10.1, Fate.FAILED, ended=10.5),
        outcome("core1", Kind.WRITE, 11.1, Fate.FAILED, ended=11.5),
    )
    measured = Measured.of(result(outcomes=outcomes), LABEL)
    assert (measured.failed, measured.in_flight, measured.unnoticed) == (4, 1, 2)


def test_the_hurt_gap_is_the_worst_at_hurt_front_doors_alone():
    doors = (
        figures("core1", False, 9000, 9000),
        figures("edge2", True, 700, 900),
        figures("edge2: 3306", True, 8000, None),
    )
    assert Measured.of(result(doors=doors), LABEL).hurt_gap_s == 0.9
    assert Measured.of(result(doors=doors[:1]), LABEL).hurt_gap_s is None


def test_a_minority_is_judged_where_there_was_one():
    def told(*verdicts: Verdict) -> int | None:
        checked = tuple(
            Checked(checker="minority", verdict=one, looked_at=1, problems=("core1 did",)) for one in verdicts
        )
        return Measured.of(result(checked=checked), LABEL).minority

    assert told() is None
    assert told(Verdict.UNKNOWN) is None
    assert told(Verdict.PASS) == 0
    assert told(Verdict.FAIL) == 1


def test_checkers_that_failed_or_could_not_tell_are_kept_with_their_words():
    checked = (
        Checked(checker="bank", verdict=Verdict.FAIL, looked_at=1, problems=("3 more than there were", "and more")),
        Checked(checker="set", verdict=Verdict.UNKNOWN, looked_at=0),
        Checked(checker="list-append", verdict=Verdict.PASS, looked_at=5),
    )
    measured = Measured.of(result(checked=checked, lost_writes=2), LABEL)
    assert measured.broken_checks == ("bank: 3 more than there were",)
    assert measured.open_checks == ("set: it did not say why",)
    assert measured.loud[0] == "2 ACKNOWLEDGED WRITES ARE LOST"


def test_a_drill_without_a_fault_was_not_run():
    assert was_run(result())
    assert not was_run(result(moments=()))


def test_what_is_written_is_read_again_the_same():
    measured = run(reasons=("a", "b"), broken_checks=("bank: 3",), write_gap_s=None)
    assert Measured.read(json.loads(json.dumps(measured.document()))) == measured
