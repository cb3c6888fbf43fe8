"""What is kept of one drill that was run: the figures that the table is made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from festning.model.check import Verdict
from festning.model.drill import DoorFigures, DrillResult, Fate, Kind, Mark, Outcome
from festning.proof.drills.judging import NOTICED_S
from festning.proof.histories import minority


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Which run it is: the ``number``-th of a drill on a stack, of a certain ``code``, at a time (ISO 8601)."""

    drill: str
    stack: str
    number: int
    code: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run. Gaps are in seconds: ``write_gap_s`` and ``read_gap_s`` the worst at doors that the fault did not hit,
    ``hurt_gap_s`` the worst of either at front doors that it hit, ``None`` where there was nothing to measure.

    ``failed_reads`` and ``failed_writes`` had no good answer at front doors that the fault did not hit; of these,
    ``in_flight`` were on their way when it happened, and ``unnoticed`` (which counts them too) were sent before anyone
    could know of it. ``hurt_failed_reads`` failed at front doors that it hit. ``lost`` are acknowledged writes.
    ``minority`` is 1 where a minority acknowledged a write. ``recovered_s`` counts from the heal, and is ``None`` for
    what did not come back in the time that it was given. ``load_late_s`` is how late the load itself was at worst.
    """

    label: Label
    about: str
    verdict: str
    reasons: tuple[str, ...]
    fault_observed: bool
    write_gap_s: float | None
    read_gap_s: float | None
    hurt_gap_s: float | None
    requests: int
    failed_reads: int
    failed_writes: int
    in_flight: int
    unnoticed: int
    hurt_failed_reads: int
    acknowledged: int
    lost: int
    minority: int | None
    broken_checks: tuple[str, ...]
    open_checks: tuple[str, ...]
    recovered_s: float | None
    load_late_s: float | None = None

    @classmethod
    def of(cls, result: DrillResult, label: Label) -> Measured:
        """The figures of a result."""
        hurt = {door.door for door in result.doors if door.hurt}
        bad = [one for one in result.outcomes if _at_front_door(one.door) and one.fate is not Fate.OK]
        failed = [one for one in bad if one.door not in hurt]
        faults = [moment.at for moment in result.moments if moment.mark is Mark.FAULT]
        return cls(
            label=label,
            about=result.about,
            verdict=result.verdict.value,
            reasons=result.reasons,
            fault_observed=result.fault_observed,
            write_gap_s=_seconds(result.write_gap_ms),
            read_gap_s=_seconds(result.read_gap_ms),
            hurt_gap_s=_seconds(_worst_at([door for door in result.doors if door.hurt and _at_front_door(door.door)])),
            requests=result.requests,
            failed_reads=sum(one.kind is Kind.READ for one in failed),
            failed_writes=sum(one.kind is Kind.WRITE for one in failed),
            in_flight=sum(any(_was_on_its_way(one, at, 0.0) for at in faults) for one in failed),
            unnoticed=sum(any(_was_on_its_way(one, at, NOTICED_S) for at in faults) for one in failed),
            hurt_failed_reads=sum(one.kind is Kind.READ and one.door in hurt for one in bad),
            acknowledged=result.acknowledged_writes,
            lost=result.lost_writes,
            minority=_minority(result),
            broken_checks=_checks(result, Verdict.FAIL),
            open_checks=_checks(result, Verdict.UNKNOWN),
            recovered_s=result.recovered_s,
            load_late_s=_seconds(result.load_late_ms),
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Measured:
        """What :meth:`document` wrote."""
        told: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in document.items()
        }
        told["label"] = Label(**told["label"])
        return cls(**told)

    def document(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    @property
    def failed(self) -> int:
        return self.failed_reads + self.failed_writes

    @property
    def stays_down(self) -> bool:
        return self.recovered_s is None

    @property
    def loud(self) -> tuple[str, ...]:
        """What must not be overlooked."""
        lost = (f"{self.lost} ACKNOWLEDGED WRITES ARE LOST",) if self.lost else ()
        return (*lost, *(f"a checker failed: {one}" for one in self.broken_checks))


def was_run(result: DrillResult) -> bool:
    """Whether the drill got as far as its fault."""
    return any(moment.mark is Mark.FAULT for moment in result.moments)


def _at_front_door(door: str) -> bool:
    return ":" not in door  # Sessions with the database are named by host and port, and begin anew by themselves.


def _was_on_its_way(one: Outcome, at: float, noticed_s: float) -> bool:
    return one.due <= at + noticed_s and (one.ended is None or one.ended >= at)


def _worst_at(doors: Iterable[DoorFigures]) -> float | None:
    gaps = [gap for door in doors for gap in (door.write_gap_ms, door.read_gap_ms) if gap is not None]
    return max(gaps, default=None)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 4)


def _minority(result: DrillResult) -> int | None:
    """``None`` where no minority was looked at, or nobody can tell."""
    verdicts = [one.verdict for one in result.checked if one.checker == minority.NAME]
    return None if verdicts in ([], [Verdict.UNKNOWN]) else int(Verdict.FAIL in verdicts)


def _checks(result: DrillResult, verdict: Verdict) -> tuple[str, ...]:
    return tuple(f"{one.checker}: {_first(one.problems)}" for one in result.checked if one.verdict is verdict)


def _first(problems: Sequence[str]) -> str:
    return problems[0] if problems else "it did not say why"
