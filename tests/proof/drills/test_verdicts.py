"""The verdict of a drill: what was asked beside what was measured, and unknown where nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from festning.model.check import Verdict
from festning.model.drill import Checked, DoorFigures, DrillResult, Fate, Kind, Mark, Moment, Outcome
from festning.proof.drills.drill import Asks
from festning.proof.drills.judging import Witnessed, judged

SEEN = Witnessed(writer_before="core1", writer_after="core1", front_doors=frozenset({"core1", "edge1"}))


def door(name: str, write_gap_ms: float, *, hurt: bool = False) -> DoorFigures:
    return DoorFigures(
        door=name,
        hurt=hurt,
        requests=100,
        failed=0,
        unknown=0,
        write_gap_ms=write_gap_ms,
        read_gap_ms=100.0,
        p99_ms=10.0,
    )


def outcome(due: float, ended: float | None, fate: Fate, *, at: str = "edge1", kind: Kind = Kind.WRITE) -> Outcome:
    return Outcome(door=at, kind=kind, due=due, ended=ended, fate=fate, why="reset" if fate is Fate.FAILED else "")


GOOD = DrillResult(
    name="kill-database",
    about="",
    verdict=Verdict.UNKNOWN,
    requests=2,
    fault_observed=True,
    healed=True,
    recovered_s=3.0,
    doors=(door("core1", 500.0), door("edge1", 600.0)),
    checked=(Checked(checker="set", verdict=Verdict.PASS, looked_at=10),),
    moments=(Moment(100.0, Mark.FAULT), Moment(101.0, Mark.RECOVERED)),
    outcomes=(outcome(99.0, 99.1, Fate.OK),),
)


def verdict(
    result: DrillResult = GOOD, asks: Asks | None = None, seen: Witnessed = SEEN, hurt: str = ""
) -> DrillResult:
    return judged(result, asks or Asks(write_gap_ms=700), seen, {hurt} - {""})


def test_all_is_well() -> None:
    result = verdict()
    assert (result.verdict, result.reasons) == (Verdict.PASS, ())
    assert [one.verdict for one in result.requirements] == [Verdict.PASS, Verdict.PASS]


def test_a_gap_at_one_door_is_enough_to_fail() -> None:
    result = verdict(asks=Asks(write_gap_ms=550))
    assert result.verdict is Verdict.FAIL
    assert result.reasons == ("time without a write ≤ 0.55 s: 0.60 s",)


@pytest.mark.parametrize(
    ("late_ms", "expected"),
    [(None, Verdict.FAIL), (40.0, Verdict.FAIL), (60.0, Verdict.UNKNOWN), (900.0, Verdict.UNKNOWN)],
)
def test_a_gap_that_the_loads_own_lateness_may_be_is_nobodys_to_judge(late_ms: float | None, expected: Verdict) -> None:
    result = verdict(replace(GOOD, load_late_ms=late_ms), Asks(write_gap_ms=550))
    assert result.verdict is expected
    assert verdict(replace(GOOD, load_late_ms=late_ms)).verdict is Verdict.PASS
    if expected is Verdict.UNKNOWN:
        assert f"{(late_ms or 0) / 1000:.2f} s is the load's own lateness" in result.reasons[0]


def test_a_gap_at_the_door_that_was_hit_is_judged_by_its_own_measure() -> None:
    doors = (door("core1", 500.0), door("edge1", 5000.0, hurt=True))
    assert verdict(replace(GOOD, doors=doors), hurt="edge1").verdict is Verdict.PASS
    asks = Asks(write_gap_ms=700, hurt_gap_ms=1000)
    assert verdict(replace(GOOD, doors=doors), asks, hurt="edge1").verdict is Verdict.FAIL


def test_a_gap_that_nobody_measured_is_unknown() -> None:
    assert verdict(replace(GOOD, doors=())).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (outcome(99.9, 103.0, Fate.FAILED), Verdict.PASS),
        (outcome(99.9, None, Fate.UNKNOWN), Verdict.PASS),
        (outcome(100.9, 103.0, Fate.FAILED), Verdict.PASS),
        (outcome(101.1, 103.0, Fate.FAILED), Verdict.FAIL),
        (outcome(101.1, 103.0, Fate.FAILED, at="core1: 3306"), Verdict.PASS),
        (outcome(101.1, 103.0, Fate.OK), Verdict.PASS),
    ],
    ids=[
        "on its way",
        "never heard of",
        "sent before it was noticed",
        "sent after",
        "a session that begins anew",
        "late",
    ],
)
def test_what_was_on_its_way_may_fail_and_nothing_else(late: Outcome, expected: Verdict) -> None:
    asks = Asks(failed_writes=0, in_flight=True)
    assert verdict(replace(GOOD, outcomes=(late,)), asks).verdict is expected
    if late.fate is not Fate.OK and late.door == "edge1":
        assert verdict(replace(GOOD, outcomes=(late,)), Asks(failed_writes=0)).verdict is Verdict.FAIL


def test_a_fault_that_nobody_saw_makes_all_else_unknown() -> None:
    assert verdict(replace(GOOD, fault_observed=False)).verdict is Verdict.UNKNOWN
    assert verdict(replace(GOOD, fault_observed=False), Asks(write_gap_ms=1)).verdict is Verdict.UNKNOWN


def test_a_lost_write_is_a_failure_whatever_else_is_known() -> None:
    lost = Checked(checker="set", verdict=Verdict.FAIL, looked_at=9, problems=("7 is gone", "8 is gone"))
    result = verdict(replace(GOOD, fault_observed=False, checked=(lost,), lost_writes=2))
    assert result.verdict is Verdict.FAIL
    assert result.reasons[0] == "set: 7 is gone (and 1 more)"


def test_a_checker_that_knows_nothing_is_unknown() -> None:
    crashed = Checked(checker="bank", verdict=Verdict.UNKNOWN, looked_at=0, problems=("it crashed",))
    result = verdict(replace(GOOD, checked=(crashed,)))
    assert (result.verdict, result.reasons) == (Verdict.UNKNOWN, ("bank: it crashed",))


def test_what_is_not_well_at_the_end_has_failed() -> None:
    assert verdict(replace(GOOD, healed=False)).verdict is Verdict.FAIL
    assert verdict(replace(GOOD, recovered_s=None)).verdict is Verdict.FAIL
    assert verdict(replace(GOOD, recovered_s=60.0), Asks(recovered_s=45)).verdict is Verdict.FAIL
    assert verdict(seen=replace(SEEN, trouble=("edge1: tunnel to core1: down",))).verdict is Verdict.FAIL


def test_a_failover_for_nothing_is_a_failure() -> None:
    asks = Asks(same_writer=True)
    assert verdict(asks=asks).verdict is Verdict.PASS
    assert verdict(asks=asks, seen=replace(SEEN, writer_after="core2")).verdict is Verdict.FAIL
    assert verdict(asks=asks, seen=replace(SEEN, writer_after=None)).verdict is Verdict.UNKNOWN
