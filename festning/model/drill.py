"""A failure drill: what was done to a running fortress on purpose, what people felt, and what came of it.

All times are seconds since the epoch on the clock of the machine that drills; durations say their unit. Documents only:
faults, loads and checkers are ``proof``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from festning.model.check import Verdict


class Kind(StrEnum):
    """What a request is to its user."""

    READ = "read"
    WRITE = "write"


class Fate(StrEnum):
    """What became of a request. ``unknown``: nobody can say whether it took effect."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One request as its user felt it. ``door`` is where it went in: a front door, or ``core1: 3306`` for SQL.

    ``due`` is when it was meant to be sent, so that latency counts what it had to wait before, and ``sent`` when its
    sender came to it. ``ended`` is ``None`` when its end was never heard. ``number`` identifies a write.
    """

    door: str
    kind: Kind
    due: float
    ended: float | None
    fate: Fate
    why: str = ""
    number: str = ""
    sent: float | None = None


class Mark(StrEnum):
    """The moments of a drill, in their order."""

    FAULT = "fault"
    OBSERVED = "fault observed"
    HEAL = "heal"
    HEALED = "healed"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened to the fortress."""

    at: float
    mark: Mark
    what: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a watched part (``subject``, such as ``core1: database``) was seen to be from ``at`` on."""

    at: float
    subject: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFigures:
    """What was felt at one door. Gaps are the longest times between two good answers, in milliseconds.

    ``hurt`` says that the fault hit the door itself, so that failures there are no surprise.
    """

    door: str
    hurt: bool
    requests: int
    failed: int
    unknown: int
    write_gap_ms: float | None
    read_gap_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one history checker found. ``problems`` are sentences, the worst first, shortened to what can be read."""

    checker: str
    verdict: Verdict
    looked_at: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that the drill asks of the fortress, what was measured, and whether that is met."""

    asks: str
    measured: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """A drill that was run. ``seen`` is what proved that the fault took hold and was gone: command, then output.

    ``load_late_ms`` is how late the load itself was at worst in sending what was due at front doors: its machine was
    short of time, and no gap is known any better.
    """

    name: str
    about: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    write_gap_ms: float | None = None
    read_gap_ms: float | None = None
    load_late_ms: float | None = None
    requests: int = 0
    failed_requests: int = 0
    unknown_requests: int = 0
    acknowledged_writes: int = 0
    lost_writes: int = 0
    fault_observed: bool = False
    healed: bool = False
    recovered_s: float | None = None
    doors: tuple[DoorFigures, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    checked: tuple[Checked, ...] = ()
    moments: tuple[Moment, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    outcomes: tuple[Outcome, ...] = field(default=(), repr=False)
    sights: tuple[Sight, ...] = field(default=(), repr=False)

    def document(self) -> dict[str, Any]:
        """As ``drill run --json`` prints it: the stable keys first, single requests left out."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "write_gap_ms": self.write_gap_ms,
            "read_gap_ms": self.read_gap_ms,
            "requests": self.requests,
            "failed_requests": self.failed_requests,
            "acknowledged_writes": self.acknowledged_writes,
            "lost_writes": self.lost_writes,
            "fault_observed": self.fault_observed,
            "healed": self.healed,
            "recovered_s": self.recovered_s,
            "about": self.about,
            "reasons": list(self.reasons),
            "load_late_ms": self.load_late_ms,
            "unknown_requests": self.unknown_requests,
            "doors": [_plain(one) for one in self.doors],
            "requirements": [_plain(one) for one in self.requirements],
            "checked": [_plain(one) for one in self.checked],
            "moments": [_plain(one) for one in self.moments],
            "seen": [{"command": command, "output": output} for command, output in self.seen],
        }


def _plain(one: DoorFigures | Requirement | Checked | Moment) -> dict[str, Any]:
    return dict(_fields(one))


def _fields(one: DoorFigures | Requirement | Checked | Moment) -> Iterator[tuple[str, Any]]:
    for name in one.__slots__:
        value = getattr(one, name)
        if isinstance(value, StrEnum):
            value = value.value
        yield name, list(value) if isinstance(value, tuple) else value
