"""The verdict of a drill: what was asked, beside what was measured. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from festning.model.check import Verdict
from festning.model.drill import DoorFigures, DrillResult, Fate, Kind, Mark, Outcome, Requirement
from festning.proof.drills.drill import Asks

NOTICED_S = 1.0
"""A silent fault is nobody's to know for about this long: what is sent in it is on its way into the fault, as well as
what was sent before. Front doors take a host for dead after 0.35 to 0.85 s of silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What a drill saw that is in no figure. ``trouble`` is why it ended early, or is not well at its end.

    Failures are counted at ``front_doors`` only: a session with the database is for its program to begin anew.
    """

    writer_before: str
    writer_after: str | None
    front_doors: frozenset[str]
    trouble: tuple[str, ...] = ()


def judged(result: DrillResult, asks: Asks, witnessed: Witnessed, hurt: Collection[str]) -> DrillResult:
    """The result with its requirements, its verdict and the reasons for it. ``hurt`` are doors that the fault hit."""
    requirements = tuple(_requirements(result, asks, witnessed, hurt))
    result = replace(result, requirements=requirements)
    fails = (*_fails(result, witnessed), *_unmet(requirements, Verdict.FAIL))
    lost = tuple(f"{one.checker}: {_said(one.problems)}" for one in result.checked if one.verdict is Verdict.FAIL)
    unknowns = tuple(_unknowns(result, requirements))
    if lost or (fails and result.fault_observed):
        return replace(result, verdict=Verdict.FAIL, reasons=(*lost, *fails, *unknowns))
    if unknowns or fails:
        return replace(result, verdict=Verdict.UNKNOWN, reasons=(*unknowns, *fails))
    return replace(result, verdict=Verdict.PASS, reasons=())


def _fails(result: DrillResult, witnessed: Witnessed) -> Iterator[str]:
    yield from witnessed.trouble
    if result.lost_writes:
        yield f"{result.lost_writes} acknowledged writes are lost"
    if not result.healed:
        yield "the fault was not seen to be gone"


def _unknowns(result: DrillResult, requirements: Iterable[Requirement]) -> Iterator[str]:
    if not result.fault_observed:
        yield "the fault was not seen to take hold"
    for one in result.checked:
        if one.verdict is Verdict.UNKNOWN:
            yield f"{one.checker}: {_said(one.problems) or 'there was nothing to look at'}"
    yield from _unmet(requirements, Verdict.UNKNOWN)


def _unmet(requirements: Iterable[Requirement], verdict: Verdict) -> Iterator[str]:
    for one in requirements:
        if one.verdict is verdict:
            yield f"{one.asks}: {one.measured}"


def _said(problems: Sequence[str]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else ""


def _requirements(
    result: DrillResult, asks: Asks, witnessed: Witnessed, hurt: Collection[str]
) -> Iterator[Requirement]:
    whole = [door for door in result.doors if door.door not in hurt]
    hit = [door for door in result.doors if door.door in hurt]
    gaps: tuple[tuple[str, float | None, Sequence[DoorFigures], Callable[[DoorFigures], float | None]], ...] = (
        ("time without a write", asks.write_gap_ms, whole or hit, lambda door: door.write_gap_ms),
        ("time without a read", asks.read_gap_ms, whole or hit, lambda door: door.read_gap_ms),
        ("time without an answer at the hurt door", asks.hurt_gap_ms, hit, _either),
    )
    for what, most, doors, gap_of in gaps:
        if most is not None:
            yield _gap(what, most, [gap for door in doors if (gap := gap_of(door)) is not None], result.load_late_ms)
    counts = ((Kind.READ, asks.failed_reads), (Kind.WRITE, asks.failed_writes))
    for kind, most_failed in counts:
        if most_failed is not None:
            yield _failed(result, kind, most_failed, witnessed.front_doors - set(hurt), in_flight=asks.in_flight)
    if asks.same_writer:
        yield _same_writer(witnessed)
    yield _recovered(result, asks.recovered_s)


def _either(door: DoorFigures) -> float | None:
    gaps = [gap for gap in (door.write_gap_ms, door.read_gap_ms) if gap is not None]
    return max(gaps, default=None)


def _gap(what: str, most_ms: float, gaps: Sequence[float], late_ms: float | None) -> Requirement:
    asks = f"{what} ≤ {most_ms / 1000:g} s"
    if not gaps:
        return Requirement(asks=asks, measured="nothing was measured", verdict=Verdict.UNKNOWN)
    worst, late = max(gaps), late_ms or 0.0
    measured = f"{worst / 1000:.2f} s"
    if most_ms < worst <= most_ms + late:
        measured += f", of which up to {late / 1000:.2f} s is the load's own lateness: its machine was short of time"
        return Requirement(asks=asks, measured=measured, verdict=Verdict.UNKNOWN)
    return Requirement(asks=asks, measured=measured, verdict=Verdict.PASS if worst <= most_ms else Verdict.FAIL)


def _failed(result: DrillResult, kind: Kind, most: int, doors: Collection[str], *, in_flight: bool) -> Requirement:
    faults = [moment.at for moment in result.moments if moment.mark is Mark.FAULT]
    failed = [
        one
        for one in result.outcomes
        if one.kind is kind
        and one.fate is not Fate.OK
        and one.door in doors
        and not (in_flight and any(_was_on_its_way(one, at) for at in faults))
    ]
    flight = ", but for those in flight" if in_flight else ""
    asks = f"failed {kind.value}s at {', '.join(sorted(doors))}{flight} ≤ {most}"
    examples = f" ({_told(failed[0], min(faults, default=failed[0].due))})" if failed else ""
    verdict = Verdict.PASS if len(failed) <= most else Verdict.FAIL
    return Requirement(asks=asks, measured=f"{len(failed)}{examples}", verdict=verdict)


def _told(one: Outcome, fault: float) -> str:
    return f"{one.door}, {one.due - fault:+.2f} s from the fault: {one.why}"


def _was_on_its_way(one: Outcome, at: float) -> bool:
    return one.due <= at + NOTICED_S and (one.ended is None or one.ended >= at)


def _same_writer(witnessed: Witnessed) -> Requirement:
    after = witnessed.writer_after
    verdict = Verdict.UNKNOWN if after is None else Verdict.PASS
    if after not in (None, witnessed.writer_before):
        verdict = Verdict.FAIL
    return Requirement(asks=f"{witnessed.writer_before} goes on as the writer", measured=str(after), verdict=verdict)


def _recovered(result: DrillResult, most_s: float) -> Requirement:
    asks = f"all is well again within {most_s:g} s"
    if result.recovered_s is None:
        return Requirement(asks=asks, measured="it was not", verdict=Verdict.FAIL)
    verdict = Verdict.PASS if result.recovered_s <= most_s else Verdict.FAIL
    return Requirement(asks=asks, measured=f"{result.recovered_s:.1f} s", verdict=verdict)
