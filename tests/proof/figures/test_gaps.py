"""Gaps: found by hand, by brute force, and by what must hold of every gap."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.model.drill import Fate, Kind, Mark, Moment, Outcome
from festning.proof.figures.doors import felt, gap_together, lateness_ms, quantile
from festning.proof.figures.gaps import longest_gap, longest_silence
from festning.proof.figures.timeline import timeline
from festning.proof.figures.window import Window, window_of

ALL = Window(0.0, 10.0)


def write(due: float, ended: float | None, fate: Fate = Fate.OK, door: str = "core1") -> Outcome:
    return Outcome(door=door, kind=Kind.WRITE, due=due, ended=ended, fate=fate)


def gap(*outcomes: Outcome, window: Window = ALL) -> tuple[float, float, bool]:
    found = longest_gap(outcomes, Kind.WRITE, window)
    assert found is not None
    return found.begin, found.end, found.answered


def test_a_gap_runs_from_a_good_answer_to_the_next_one():
    assert gap(write(0, 0.5), write(1, 1.5), write(2, 5), write(6, 6.5), write(9.5, 9.9), write(10, 10)) == (
        1.5,
        5,
        True,
    )


def test_failures_and_unknown_outcomes_end_no_gap():
    between = (write(3, 3.1, Fate.FAILED), write(4, 4.1, Fate.UNKNOWN), write(5, None, Fate.UNKNOWN))
    assert gap(write(0, 1), *between, write(8, 9), write(10, 10)) == (1, 9, True)


def test_the_late_answer_to_a_request_from_before_ends_no_gap():
    stuck = write(0.5, 3)
    assert gap(write(0, 1), stuck, write(2, 6), write(6.5, 7), write(8, 9), write(9.5, 10)) == (1, 6, True)
    silence = longest_silence([write(0, 1), stuck, write(2, 6)], Kind.WRITE, Window(0, 2))
    assert silence is not None
    assert (silence.begin, silence.end) == (1, 3)


def test_a_gap_begins_with_the_last_good_answer_before_the_window():
    assert gap(write(0, 1), write(2, 2.5), write(3.5, 7), write(9, 9), window=Window(3, 9)) == (2.5, 7, True)


def test_without_a_good_answer_the_gap_is_as_long_as_the_window_and_longer():
    assert gap(write(1, 2, Fate.FAILED)) == (0, 10, False)
    assert gap(write(0, 1), write(2, 3, Fate.FAILED)) == (1, 10, False)


def test_what_was_not_asked_for_has_no_gap():
    assert longest_gap([write(0, 1)], Kind.READ, ALL) is None
    assert longest_gap([write(11, 12)], Kind.WRITE, ALL) is None


def test_gaps_before_the_fault_and_after_the_recovery_are_not_the_drills():
    moments = (Moment(20.0, Mark.FAULT), Moment(22.0, Mark.RECOVERED))
    at = [*(n / 2 for n in range(11)), *(12 + n / 2 for n in range(40)), 50.0]
    outcomes = [write(due, due + 0.01) for due in at]
    assert window_of(outcomes, moments, margin_s=3) == Window(20, 25)
    assert window_of(outcomes, (), margin_s=3) == Window(0, 50)
    assert window_of([], moments) is None
    assert felt(outcomes, moments).write_gap_ms == pytest.approx(500)


def test_a_drill_that_did_not_recover_is_looked_at_to_the_end_of_its_load():
    outcomes = [write(n, n + 0.1, Fate.OK if n < 5 else Fate.FAILED) for n in range(31)]
    moments = (Moment(4.5, Mark.FAULT), Moment(4.0, Mark.RECOVERED))
    assert felt(outcomes, moments).write_gap_ms == pytest.approx((30 - 4.1) * 1000)


def test_the_headline_is_the_worst_of_the_doors_that_the_fault_did_not_hit():
    hurt = [write(n, n + 0.1, Fate.FAILED, "core1") for n in range(10)]
    spared = [write(n, n + 0.5 if n != 4 else 6.05, door="edge1") for n in range(10)]
    other = [write(n, n + 0.1, door="edge2") for n in range(10)]
    outcomes = [*hurt, *spared, *other]
    figures = felt(outcomes, (), hurt=["core1"])
    assert [door.door for door in figures.doors] == ["core1", "edge1", "edge2"]
    assert [door.hurt for door in figures.doors] == [True, False, False]
    assert figures.write_gap_ms == pytest.approx(2000)
    assert figures.failed == 10
    together = gap_together(outcomes, Kind.WRITE, Window(0, 9), ["core1"])
    assert together is not None
    assert together.ms == pytest.approx(1050)
    assert felt(hurt, (), hurt=["core1"]).write_gap_ms == pytest.approx(9000)


def test_how_late_the_load_was_is_the_worst_in_the_window():
    late = {1: 0.4, 5: 0.3, 9: 0.9}
    outcomes = [replace(write(n, n + 1), sent=n + late.get(n, -1e-6)) for n in range(10)]
    assert lateness_ms(outcomes, Window(0, 8)) == pytest.approx(400)
    assert lateness_ms(outcomes[:1], Window(0, 8)) == 0
    assert lateness_ms([write(1, 2)], Window(0, 8)) is None


def test_latency_counts_from_when_a_request_was_due():
    outcomes = [write(n / 100, n / 100 + (0.2 if n == 50 else 0.01)) for n in range(100)]
    assert felt(outcomes, ()).doors[0].p99_ms == pytest.approx(10)
    assert quantile(sorted(range(1, 101)), 0.99) == 99
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.01) == 3


EIGHTHS = st.integers(min_value=0, max_value=160).map(lambda n: n / 8)
"""Times without rounding, many of them equal."""
OUTCOMES = st.lists(
    st.builds(
        lambda due, waited, fate, kind, door: Outcome(
            door=door, kind=kind, due=due, ended=None if waited is None else due + waited, fate=fate
        ),
        due=EIGHTHS,
        waited=EIGHTHS,
        fate=st.sampled_from(Fate),
        kind=st.sampled_from(Kind),
        door=st.sampled_from(["a", "b"]),
    ),
    max_size=30,
)
WINDOWS = st.tuples(EIGHTHS, EIGHTHS).map(lambda pair: Window(min(pair), max(pair)))


def by_brute_force(outcomes: list[Outcome], window: Window, *, any_due: bool) -> float:
    """Every beginning against every answer, with no cleverness."""
    good = [one for one in outcomes if one.kind is Kind.WRITE and one.fate is Fate.OK]
    before = sorted(one.ended for one in good if one.ended < window.begin)
    begins = [*before[-1:], *(o.ended for o in good if window.begin <= o.ended <= window.end)]
    longest = 0.0
    if not before:
        after = [o.ended for o in good if (o.ended if any_due else o.due) >= window.begin]
        late = [o.ended for o in good if o.ended >= window.begin]
        longest = min(after, default=max(window.end, min(late, default=window.end))) - window.begin
    for begin in begins:
        after = [o.ended for o in good if (o.ended if any_due else o.due) > begin]
        late = [o.ended for o in good if o.ended > begin]
        longest = max(longest, min(after, default=max(begin, window.end, min(late, default=begin))) - begin)
    return longest


@given(OUTCOMES, WINDOWS)
def test_gaps_are_those_of_brute_force_and_no_shorter_than_silences(outcomes: list[Outcome], window: Window):
    found = longest_gap(outcomes, Kind.WRITE, window)
    silence = longest_silence(outcomes, Kind.WRITE, window)
    if found is None or silence is None:
        assert not any(o.kind is Kind.WRITE and window.begin <= o.due <= window.end for o in outcomes)
        return
    assert found.end - found.begin == by_brute_force(outcomes, window, any_due=False)
    assert silence.end - silence.begin == by_brute_force(outcomes, window, any_due=True)
    assert found.ms >= silence.ms


@given(OUTCOMES, WINDOWS)
def test_no_request_that_was_due_in_a_gap_is_answered_well_in_it(outcomes: list[Outcome], window: Window):
    found = longest_gap(outcomes, Kind.WRITE, window)
    for one in outcomes:
        if found and one.kind is Kind.WRITE and one.fate is Fate.OK and one.ended is not None:
            assert not (found.begin < one.due and one.ended < found.end)


@given(OUTCOMES, WINDOWS)
def test_all_doors_together_have_no_longer_gap_than_the_worst_of_them(outcomes: list[Outcome], window: Window):
    together = gap_together(outcomes, Kind.WRITE, window)
    asked = [
        gap
        for door in "ab"
        if (gap := longest_gap([one for one in outcomes if one.door == door], Kind.WRITE, window)) is not None
    ]
    # One that ends after the window may end at a door where the others have no gap any more.
    if together is not None and len(asked) == 2 and together.end <= window.end:
        assert together.ms <= max(one.ms for one in asked)


def test_two_hundred_thousand_outcomes_take_less_than_a_second_of_work():
    outcomes = [
        Outcome(
            door=f"door{n % 5}",
            kind=Kind.WRITE if n % 2 else Kind.READ,
            due=n / 500,
            ended=n / 500 + 0.01,
            fate=Fate.OK,
        )
        for n in range(200_000)
    ]
    began = time.process_time()
    felt(outcomes, (Moment(100.0, Mark.FAULT),))
    figures_took = time.process_time() - began
    timeline(outcomes)
    # Three times what is wanted, as a machine may be slow; quadratic work would take minutes.
    assert time.process_time() - began < 3.0, figures_took
