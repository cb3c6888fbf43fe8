"""Timelines: nothing is lost between buckets, and there are never too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from festning.model.drill import Fate, Kind, Mark, Moment, Outcome
from festning.proof.figures.timeline import MOST_BUCKETS, fill, grid_of, timeline
from festning.proof.figures.window import Window

SECONDS = st.floats(min_value=0, max_value=2000, allow_nan=False)
OUTCOMES = st.lists(
    st.builds(
        lambda due, waited, fate, kind: Outcome(
            door="d",
            kind=kind,
            due=1.7e9 + due,
            ended=1.7e9 + due + waited if fate is Fate.OK or waited % 2 < 1 else None,
            fate=fate,
        ),
        due=SECONDS,
        waited=st.floats(min_value=0, max_value=70),
        fate=st.sampled_from(Fate),
        kind=st.sampled_from(Kind),
    ),
    min_size=1,
    max_size=40,
)
FAULTS = st.lists(SECONDS.map(lambda at: Moment(1.7e9 + at, Mark.FAULT)), max_size=2)


@given(OUTCOMES, FAULTS)
def test_every_outcome_is_in_one_bucket(outcomes: list[Outcome], faults: list[Moment]):
    made = timeline(outcomes, faults)
    assert made is not None
    assert len(made.buckets) == made.grid.count <= MOST_BUCKETS
    assert sum(b.reads + b.writes + b.failed + b.unknown for b in made.buckets) == len(outcomes)
    assert sum(b.writes for b in made.buckets) == sum(o.kind is Kind.WRITE and o.fate is Fate.OK for o in outcomes)
    assert sum(b.failed for b in made.buckets) == sum(o.fate is Fate.FAILED for o in outcomes)
    good = [(o.ended - o.due) * 1000 for o in outcomes if o.fate is Fate.OK]
    slowest = [b.max_ms for b in made.buckets if b.max_ms is not None]
    assert max(slowest, default=None) == max(good, default=None)
    assert all(b.p50_ms <= b.p99_ms <= b.max_ms for b in made.buckets if b.max_ms is not None)


@given(OUTCOMES, FAULTS)
def test_the_first_fault_is_between_two_buckets(outcomes: list[Outcome], faults: list[Moment]):
    made = timeline(outcomes, faults)
    assert made is not None
    if faults:
        place = (min(one.at for one in faults) - made.grid.begin) / made.grid.width_s
        assert abs(place - round(place)) < 1e-4


def test_buckets_are_a_tenth_of_a_second_and_wider_for_long_drills():
    def width(length: float) -> float:
        return grid_of(Window(0, length), ()).width_s

    assert [width(length) for length in (0, 20, 59, 61, 200, 1100, 3600)] == [0.1, 0.1, 0.1, 0.2, 0.5, 2, 10]


def test_a_standstill_shows_when_requests_were_due_and_answers_when_they_came():
    outcomes = [Outcome(door="d", kind=Kind.WRITE, due=n / 10 + 0.05, ended=1.05, fate=Fate.OK) for n in range(10)]
    made = fill(grid_of(Window(0, 1.1), ()), outcomes)
    assert [bucket.writes for bucket in made.buckets[:11]] == [0] * 10 + [10]
    assert [round(bucket.max_ms or 0) for bucket in made.buckets[:10]] == [1000 - 100 * n for n in range(10)]


def test_what_is_outside_is_left_out():
    outcomes = [Outcome(door="d", kind=Kind.READ, due=n, ended=n + 0.01, fate=Fate.OK) for n in range(10)]
    made = fill(grid_of(Window(2.5, 5.5), ()), outcomes)
    assert sum(bucket.reads for bucket in made.buckets) == 3


def test_nothing_has_no_timeline():
    assert timeline([], []) is None
