"""Decisions by hand, and what holds for every group: bounds, fixed points, the cool-down, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.scaling.bounds import Bounds
from festning.scaling.deciding import Decision, Kind, decide
from festning.scaling.measured import Moment, Seen, Window

BOUNDS = Bounds(least=2, most=10, requests_per_edge=200, p99_ms=250)
TICK = 15.0


def seen(number: int, requests: float | None, p99_ms: float | None = 40.0, **since: float | None) -> Seen:
    return Seen(edge=f"edge{number}", requests=requests, p99_ms=p99_ms, **({"alive_since": 0.0} | since))


def moments(loads: Sequence[float], count: int, p99_ms: float | None = 40.0) -> tuple[Moment, ...]:
    """A moment for each load, evenly over the edges."""
    return tuple(
        Moment(at * TICK, tuple(seen(one, load / count, p99_ms) for one in range(1, count + 1)))
        for at, load in enumerate(loads)
    )


def steady(load: float, count: int, p99_ms: float | None = 40.0, ticks: int = 80) -> Window:
    return Window(moments([load] * ticks, count, p99_ms))


def with_now(window: Window, *edges: Seen) -> Window:
    return replace(window, moments=(*window.moments, Moment(window.now.at + TICK, edges)))


def told(decision: Decision) -> tuple[Kind, int]:
    return decision.kind, decision.count


@pytest.mark.parametrize(
    ("load", "count", "p99_ms", "expected"),
    [
        (600, 4, 40, (Kind.KEEP, 4)),
        (800, 4, 40, (Kind.KEEP, 4)),
        (801, 4, 40, (Kind.GROW, 5)),
        (1500, 4, 40, (Kind.GROW, 8)),
        (9000, 4, 40, (Kind.GROW, 10)),
        (9000, 10, 40, (Kind.KEEP, 10)),
        (480, 4, 40, (Kind.SHRINK, 3)),
        (481, 4, 40, (Kind.KEEP, 4)),
        (10, 9, 40, (Kind.SHRINK, 8)),
        (0, 2, 40, (Kind.KEEP, 2)),
        (600, 4, 251, (Kind.GROW, 5)),
        (300, 4, 251, (Kind.KEEP, 4)),
        (480, 4, 126, (Kind.KEEP, 4)),
        (0, 1, 40, (Kind.GROW, 2)),
        (0, 12, 40, (Kind.SHRINK, 10)),
    ],
)
def test_a_steady_load(load: float, count: int, p99_ms: float, expected: tuple[Kind, int]) -> None:
    assert told(decide(BOUNDS, steady(load, count, p99_ms))) == expected


def test_up_is_quick_and_not_hasty() -> None:
    calm, high = [700.0] * 80, 1500.0
    assert decide(BOUNDS, Window(moments([*calm, high, high, high, high], 4))).kind is Kind.KEEP
    assert told(decide(BOUNDS, Window(moments([*calm, *[high] * 5], 4)))) == (Kind.GROW, 8)
    assert told(decide(BOUNDS, Window(moments([*calm, high, high, 900.0, high, high], 4)))) == (Kind.GROW, 5)


def test_down_is_slow() -> None:
    assert decide(BOUNDS, Window(moments([700.0, *[100.0] * 60], 4))).kind is Kind.KEEP
    assert told(decide(BOUNDS, Window(moments([700.0, *[100.0] * 61], 4)))) == (Kind.SHRINK, 3)
    assert decide(BOUNDS, Window(moments([*[100.0] * 40, 700.0, *[100.0] * 40], 4))).kind is Kind.KEEP


def test_a_dead_edge_is_replaced_before_anything_else_when_it_stays_dead() -> None:
    window = steady(4000, 4)
    now = window.now.at + TICK
    rest = [seen(number, 1300.0) for number in (1, 2, 3)]
    fresh = with_now(window, *rest, seen(4, None, None, alive_since=None, dead_since=now - 59))
    assert decide(BOUNDS, fresh).kind is Kind.GROW
    stays = with_now(window, *rest, seen(4, None, None, alive_since=None, dead_since=now - 60))
    found = decide(BOUNDS, stays)
    assert (found.kind, found.count, found.edge) == (Kind.REPLACE, 4, "edge4")
    assert found.reason == "edge4 has been dead for 60 s"


def test_of_several_dead_edges_the_one_that_is_dead_longest_is_first() -> None:
    window = steady(400, 3)
    dead = {"requests": None, "p99_ms": None, "alive_since": None}
    edges = (seen(1, 400), seen(2, **dead, dead_since=900.0), seen(3, **dead, dead_since=800.0))
    assert decide(BOUNDS, with_now(window, *edges)).edge == "edge3"


def test_a_dead_edge_of_too_many_is_replaced_before_they_become_fewer() -> None:
    dead = seen(12, None, None, alive_since=None, dead_since=900.0)
    assert decide(BOUNDS, with_now(steady(400, 12), *(seen(one, 30) for one in range(1, 12)), dead)).edge == "edge12"


@pytest.mark.parametrize(
    "blind",
    [
        seen(4, None),
        seen(4, 10.0, None),
        seen(4, 10.0, alive_since=None),
        seen(4, None, None, alive_since=None, dead_since=1190.0),
    ],
)
def test_what_is_not_known_takes_no_edge_away(blind: Seen) -> None:
    assert decide(BOUNDS, steady(100, 4)).kind is Kind.SHRINK
    found = decide(BOUNDS, with_now(steady(100, 4), *(seen(number, 25.0) for number in (1, 2, 3)), blind))
    assert found.kind is Kind.KEEP
    assert "edge4" in found.reason


def test_an_edge_without_requests_has_no_latency_to_know() -> None:
    assert decide(BOUNDS, steady(0, 4, None)).kind is Kind.SHRINK


def test_a_time_in_which_nobody_measured_takes_no_edge_away_and_adds_none() -> None:
    calm = moments([100.0] * 80, 4)
    assert decide(BOUNDS, Window((*calm[:40], *calm[45:]))).kind is Kind.KEEP
    high = moments([9000.0] * 80, 4)
    assert decide(BOUNDS, Window((high[0], high[-1]))).kind is Kind.KEEP
    assert decide(BOUNDS, Window(high[-3:])).kind is Kind.KEEP


def test_reasons_are_sentences_with_their_numbers() -> None:
    assert decide(BOUNDS, steady(1500, 4)).reason == (
        "for 60 s there were 1500 requests/s or more; 4 edges are too few"
    )
    assert decide(BOUNDS, steady(600, 4, 300)).reason == (
        "for 60 s there were 600 requests/s or more, with 300 ms or more at the slowest edge, where 250 ms are declared"
        "; 4 edges are too few"
    )
    assert decide(BOUNDS, steady(100, 4)).reason == (
        "for 900 s there were 100 requests/s or less, answered within 40 ms; 3 edges can do that"
    )
    assert decide(BOUNDS, steady(9000, 10)).reason == "9000 requests/s ask for more than the declared 10 edges"
    assert decide(BOUNDS, steady(600, 4)).reason == "4 edges are right for 600 requests/s"


@pytest.mark.parametrize(
    "wrong",
    [
        {"least": 0},
        {"least": 11},
        {"requests_per_edge": 0},
        {"p99_ms": -1},
        {"cool_down": 30},
        {"down": 200},
        {"up": 0},
    ],
)
def test_bounds_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        replace(BOUNDS, **wrong)


RATE = st.none() | st.floats(0, 5000)
SINCE = st.none() | st.floats(0, 1200)
SEEN = st.builds(Seen, edge=st.just(""), requests=RATE, p99_ms=st.none() | st.floats(0, 2000), alive_since=SINCE)
GROUPS = st.lists(st.one_of(SEEN, st.builds(Seen, edge=st.just(""), dead_since=st.floats(0, 1200))), max_size=14)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    groups = draw(st.lists(GROUPS, min_size=1, max_size=6))
    repeated = [group for group in groups for _ in range(draw(st.integers(1, 70)))]
    named = [tuple(replace(one, edge=f"edge{at}") for at, one in enumerate(group)) for group in repeated]
    made = tuple(Moment(at * TICK, group) for at, group in enumerate(named))
    return Window(made, draw(st.none() | st.floats(0, made[-1].at)))


@given(windows())
@settings(max_examples=400)
def test_whatever_was_measured_the_promises_hold(window: Window) -> None:
    found, count = decide(BOUNDS, window), len(window.now.edges)
    now = window.now
    if found.kind is Kind.KEEP:
        assert found.count == count
    else:
        assert BOUNDS.least <= found.count <= BOUNDS.most or (found.kind is Kind.REPLACE and found.count == count)
        assert window.changed_at is None or now.at - window.changed_at >= BOUNDS.cool_down
    if found.kind is Kind.GROW:
        assert found.count > count
    if found.kind is Kind.SHRINK:
        assert found.count < count
        assert all(one.alive_since is not None and one.requests is not None for one in now.edges)
    if found.kind is Kind.REPLACE:
        edge = next(one for one in now.edges if one.edge == found.edge)
        assert edge.dead_since is not None
        assert edge.alive_since is None
    assert found.reason


def latency(load: float, count: int, capacity: float) -> float:
    """Of a queue: it grows without bound towards an edge's capacity."""
    used = min(load / (count * capacity), 0.99)
    return 20.0 / (1 - used)


@given(st.floats(0, 4000), st.integers(1, 12), st.floats(1.25, 2.0))
def test_a_constant_load_comes_to_rest_and_stays(load: float, count: int, spare: float) -> None:
    changes = []
    for _ in range(24):
        p99_ms = latency(load, count, BOUNDS.requests_per_edge * spare)
        found = decide(BOUNDS, steady(load, count, p99_ms))
        if found.kind is Kind.KEEP:
            break
        changes.append(found.kind)
        count = found.count
    else:
        pytest.fail(f"it does not come to rest: {changes}")
    assert len(set(changes[1:])) <= 1, "it goes one way, after it is within its bounds"
    assert count * BOUNDS.requests_per_edge >= load or count == BOUNDS.most
