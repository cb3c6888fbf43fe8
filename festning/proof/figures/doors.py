"""What was felt at each door, and at all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from festning.model.drill import DoorFigures, Fate, Kind, Moment, Outcome
from festning.proof.figures.gaps import Gap, longest_gap
from festning.proof.figures.window import Window, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """The figures of a drill's load, as :class:`festning.model.drill.DrillResult` has them."""

    requests: int
    failed: int
    unknown: int
    acknowledged_writes: int
    write_gap_ms: float | None
    read_gap_ms: float | None
    load_late_ms: float | None
    doors: tuple[DoorFigures, ...]


def felt(
    outcomes: Sequence[Outcome],
    moments: Sequence[Moment],
    hurt: Collection[str] = (),
    front_doors: Collection[str] = (),
) -> Felt:
    """What a whole load felt; ``hurt`` are the doors that the fault hit. Requests count from the load's begin to its
    end, gaps only in the drill's window. The load's own lateness is looked at at ``front_doors``: a session with the
    database may be late for waiting on the one before it."""
    window = window_of(outcomes, moments)
    doors = door_figures(outcomes, window, hurt) if window else ()
    return Felt(
        requests=len(outcomes),
        failed=sum(door.failed for door in doors),
        unknown=sum(door.unknown for door in doors),
        acknowledged_writes=sum(one.kind is Kind.WRITE and one.fate is Fate.OK for one in outcomes),
        write_gap_ms=worst_gap_ms(doors, Kind.WRITE),
        read_gap_ms=worst_gap_ms(doors, Kind.READ),
        load_late_ms=lateness_ms((one for one in outcomes if one.door in front_doors), window) if window else None,
        doors=doors,
    )


def door_figures(outcomes: Iterable[Outcome], window: Window, hurt: Collection[str] = ()) -> tuple[DoorFigures, ...]:
    """Each door's figures, by the doors' names.

    ``p99_ms`` counts from when a request was due, over good answers only: those that have none are counted beside it.
    """
    return tuple(_figures(door, of_door, window, door in hurt) for door, of_door in by_door(outcomes).items())


def by_door(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each door, by the doors' names."""
    doors: dict[str, list[Outcome]] = {}
    for one in outcomes:
        doors.setdefault(one.door, []).append(one)
    return dict(sorted(doors.items()))


def worst_gap_ms(doors: Sequence[DoorFigures], kind: Kind) -> float | None:
    """The worst gap at a door that the fault did not hit; at any door where it hit all of them."""
    concerned = [door for door in doors if not door.hurt] or doors
    gaps = [door.write_gap_ms if kind is Kind.WRITE else door.read_gap_ms for door in concerned]
    return max((gap for gap in gaps if gap is not None), default=None)


def gap_together(outcomes: Iterable[Outcome], kind: Kind, window: Window, hurt: Collection[str] = ()) -> Gap | None:
    """The longest gap at all doors together that the fault did not hit: nobody was served at any of them."""
    return longest_gap((one for one in outcomes if one.door not in hurt), kind, window)


def lateness_ms(outcomes: Iterable[Outcome], window: Window) -> float | None:
    """How late the sender came at worst to what was due in the window; ``None`` where nothing was."""
    waits = (one.sent - one.due for one in outcomes if one.sent is not None and window.begin <= one.due <= window.end)
    worst = max(waits, default=None)
    return None if worst is None else max(0.0, worst * 1000)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the ordered values that at least this share of them does not exceed (nearest rank)."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def _figures(door: str, outcomes: Sequence[Outcome], window: Window, hurt: bool) -> DoorFigures:
    fates = [one.fate for one in outcomes]
    writes, reads = (longest_gap(outcomes, kind, window) for kind in (Kind.WRITE, Kind.READ))
    latencies = sorted(
        (one.ended - one.due) * 1000 for one in outcomes if one.fate is Fate.OK and one.ended is not None
    )
    return DoorFigures(
        door=door,
        hurt=hurt,
        requests=len(outcomes),
        failed=fates.count(Fate.FAILED),
        unknown=fates.count(Fate.UNKNOWN),
        write_gap_ms=writes.ms if writes else None,
        read_gap_ms=reads.ms if reads else None,
        p99_ms=quantile(latencies, 0.99),
    )
