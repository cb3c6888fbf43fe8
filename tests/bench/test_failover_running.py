"""Which runs are made, and on which stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bench.failover.ledger import Ledger
from bench.failover.measured import Label, Measured
from bench.failover.running import Side, in_turns, measure
from bench.stage import RunError
from festning.errors import FestningError
from festning.model.check import Verdict
from festning.model.drill import DrillResult, Mark, Moment
from festning.proof.drills.catalog import by_name
from festning.proof.drills.drill import Drill
from tests.bench.failover_runs import run

CODE = {"festning": "now"}


def result(**told: Any) -> DrillResult:
    fault = Moment(10.0, Mark.FAULT)
    well = {"about": "", "verdict": Verdict.PASS, "moments": (fault,), "fault_observed": True, "recovered_s": 1.0}
    return DrillResult(**{"name": "", **well, **told})


class Played:
    """A side whose results are given; what is raised and performed is remembered."""

    def __init__(self, results: Callable[[str, int], DrillResult]) -> None:
        self.results = results
        self.raised = 0
        self.down = 0
        self.performed: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.kept: list[Label] = []
        self.side = Side(name="festning", raised=self._raise, drill=self._drill, telling=lambda run: run.stays_down)

    def _drill(self, name: str, number: int) -> Any:
        self.asked.append((name, number))
        return by_name(name)

    @contextmanager
    def _raise(self) -> Iterator[Played]:
        self.raised += 1
        try:
            yield self
        finally:
            self.down += 1

    def perform(self, drill: Drill) -> DrillResult:
        self.performed.append(drill.name)
        return self.results(drill.name, len(self.performed))

    def keep(self, result: DrillResult, label: Label) -> None:
        assert self.down < self.raised, "what is kept is on the stack that is up"
        self.kept.append(label)


def measured(played: Played, wanted: dict[str, int], ledger: Ledger) -> list[Measured]:
    said: list[Measured] = []
    measure(played.side, wanted, ledger, said.append)
    return said


def test_drills_take_turns():
    assert in_turns({"a": 2, "b": 1, "c": 3}) == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("c", 2), ("c", 3)]
    assert in_turns({}) == []


def test_only_what_is_missing_is_run_and_nothing_is_raised_for_nothing():
    ledger = Ledger(None, CODE)
    ledger.add(run("stop-hub", number=1))
    played = Played(lambda _name, _count: result())
    assert [one.label.number for one in measured(played, {"stop-hub": 2}, ledger)] == [2]
    assert played.asked == [("stop-hub", 2)]
    assert measured(played, {"stop-hub": 2}, ledger) == []
    assert (played.raised, played.down) == (1, 1)


def test_a_stack_that_stays_down_is_kept_as_such_and_raised_anew():
    down = result(recovered_s=None)
    played = Played(lambda _name, count: down if count == 1 else result())
    said = measured(played, {"blackout": 1, "stop-hub": 1}, Ledger(None, CODE))
    assert [(one.label.drill, one.stays_down) for one in said] == [("blackout", True), ("stop-hub", False)]
    assert [label.drill for label in played.kept] == ["blackout"]
    assert (played.raised, played.down) == (2, 2)


def test_a_drill_that_does_not_begin_is_tried_again_on_a_new_stack():
    played = Played(lambda _name, count: result(moments=(), reasons=("not well",)) if count < 3 else result())
    ledger = Ledger(None, CODE)
    assert len(measured(played, {"stop-hub": 1}, ledger)) == 1
    assert played.raised == 3


@pytest.mark.parametrize("error", [FestningError("nobody is the writer"), RunError("nobody is the writer")])
def test_one_that_never_begins_ends_the_bench_with_what_it_said(error: Exception):
    def never(_name: str, _count: int) -> DrillResult:
        raise error

    played = Played(never)
    with pytest.raises(RunError, match=r"stop-hub did not begin in 3 attempts; the last said: nobody is the writer"):
        measured(played, {"stop-hub": 1}, Ledger(None, CODE))
    assert played.raised == played.down == 3


def test_an_interruption_leaves_what_was_measured_and_takes_the_stack_down():
    def interrupted(_name: str, count: int) -> DrillResult:
        if count == 2:
            raise KeyboardInterrupt
        return result()

    played, ledger = Played(interrupted), Ledger(None, CODE)
    with pytest.raises(KeyboardInterrupt):
        measured(played, {"stop-hub": 3}, ledger)
    assert len(ledger.of("festning", "stop-hub")) == 1
    assert played.down == 1
