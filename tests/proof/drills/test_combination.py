"""Drills made by chance are made again from the same seed, and do not get in each other's way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from festning.proof.drills.combination import by_chance
from festning.proof.faults.fault import Power, Script
from tests.proof.drills.fortress_parts import parts

PARTS = parts()


def told(count: int, seed: int) -> list[str]:
    return [repr(drill.faults(PARTS)) for drill in by_chance(count, seed)]


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_same_seed_makes_the_same_drills(seed: int, count: int) -> None:
    assert told(count, seed) == told(count, seed)


def test_another_seed_makes_others() -> None:
    assert told(10, 1) != told(10, 2)


@given(st.integers(0, 2**32))
def test_two_faults_of_one_drill_have_hosts_of_their_own(seed: int) -> None:
    for drill in by_chance(5, seed):
        faults = drill.faults(PARTS)
        assert not isinstance(faults, str)
        grounds = [{act.host for act in one.fault.inject if isinstance(act, Script)} | one.fault.hits for one in faults]
        assert sum(map(len, grounds)) == len(set().union(*grounds))


@given(st.integers(0, 2**32))
def test_nobody_is_asked_to_look_who_lost_power_to_another_fault(seed: int) -> None:
    for drill in by_chance(5, seed):
        faults = drill.faults(PARTS)
        assert not isinstance(faults, str)
        silent = frozenset[str]().union(*(one.fault.silences for one in faults))
        assert all(one.fault.observed for one in faults)
        assert not silent & {sign.host for one in faults for sign in one.fault.observed}


def test_both_cores_without_power_are_seen_by_the_provider() -> None:
    (drill,) = [drill for drill in by_chance(72, 1) if drill.name == "random-1-72"]
    assert drill.about == "cut-core2 and cut-writer-host"
    faults = drill.faults(PARTS)
    assert not isinstance(faults, str)
    assert [[sign.state for sign in one.fault.observed] for one in faults] == [
        [Power("core2", on=False)],
        [Power("core1", on=False)],
    ]
