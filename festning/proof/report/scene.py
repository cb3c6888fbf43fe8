"""A stretch of a drill, ready to be drawn: its axis, what was felt in it, and its moments and gaps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from festning.model.drill import DrillResult, Kind, Mark, Moment
from festning.proof.figures.doors import by_door
from festning.proof.figures.gaps import Gap, longest_gap
from festning.proof.figures.timeline import Timeline, fill, grid_of, span_of
from festning.proof.figures.window import Window, window_of
from festning.proof.report.axes import TimeAxis

AROUND_S = 1.0
"""What is shown before and after, around the fault."""
NARROW = 0.33
"""A stretch that is a larger part of the whole than this needs no drawing of its own."""


@dataclass(frozen=True, slots=True)
class DoorGap:
    """The worst gap of a kind, and where it was felt."""

    door: str
    gap: Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``spared`` is what was felt at doors that the fault did not hit, ``hit`` at the others (``None`` when there are
    none). A fault that hits every door leaves nothing to compare with: then all are in ``spared``."""

    axis: TimeAxis
    spared: Timeline
    hit: Timeline | None
    moments: tuple[Moment, ...]
    gaps: dict[Kind, DoorGap]


def origin_of(result: DrillResult) -> float | None:
    """What is 0 on the axis: the first fault; without one, when the load began."""
    faults = [moment.at for moment in result.moments if moment.mark is Mark.FAULT]
    span = span_of(result.outcomes, result.moments)
    return min(faults) if faults else span.begin if span else None


def hurt_of(result: DrillResult) -> frozenset[str]:
    """The doors that the fault hit; none where it hit all of them, as nothing is left to compare them with."""
    hurt = frozenset(door.door for door in result.doors if door.hurt)
    return frozenset() if all(one.door in hurt for one in result.outcomes) else hurt


def scenes_of(result: DrillResult) -> tuple[Scene, ...]:
    """The whole drill, and the time around the fault where that is a small part of it. Nothing without a load."""
    whole = span_of(result.outcomes, result.moments)
    if whole is None or not result.outcomes:
        return ()
    hurt = hurt_of(result)
    gaps = _gaps(result, hurt)
    spans = [whole, _around(result.moments, gaps, whole)]
    return tuple(_scene(result, span, hurt, gaps) for span in spans if span)


def _scene(result: DrillResult, span: Window, hurt: Collection[str], gaps: dict[Kind, DoorGap]) -> Scene:
    grid = grid_of(span, result.moments)
    origin = origin_of(result)
    hit = [one for one in result.outcomes if one.door in hurt]
    axis = TimeAxis(grid, grid.begin if origin is None else origin)
    return Scene(
        axis=axis,
        spared=fill(grid, [one for one in result.outcomes if one.door not in hurt] if hit else result.outcomes),
        hit=fill(grid, hit) if hit else None,
        moments=tuple(sorted((one for one in result.moments if axis.shows(one.at)), key=lambda one: one.at)),
        gaps={kind: found for kind, found in gaps.items() if found.gap.end > grid.begin and found.gap.begin < grid.end},
    )


def _gaps(result: DrillResult, hurt: Collection[str]) -> dict[Kind, DoorGap]:
    window = window_of(result.outcomes, result.moments)
    assert window is not None
    doors = by_door(one for one in result.outcomes if one.door not in hurt)
    worst: dict[Kind, DoorGap] = {}
    for kind in Kind:
        found = [(gap, door) for door, outcomes in doors.items() if (gap := longest_gap(outcomes, kind, window))]
        if found:
            gap, door = max(found, key=lambda one: one[0].ms)
            worst[kind] = DoorGap(door, gap)
    return worst


def _around(moments: Sequence[Moment], gaps: dict[Kind, DoorGap], whole: Window) -> Window | None:
    """From the fault to where the worst gap ended, and a little on both sides."""
    faults = [moment.at for moment in moments if moment.mark is Mark.FAULT]
    if not faults or not gaps:
        return None
    seen = [moment.at for moment in moments if moment.mark is Mark.OBSERVED][:1]
    worst = max((one.gap for one in gaps.values()), key=lambda gap: gap.ms)
    begin = min(*faults, worst.begin) - AROUND_S
    end = max(min(faults), *seen, worst.end) + AROUND_S
    part = Window(max(whole.begin, begin), min(whole.end, end))
    return part if part.end - part.begin < NARROW * (whole.end - whole.begin) else None
