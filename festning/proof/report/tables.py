"""What a page tells in tables: doors, why requests failed, changes of state, and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from festning.model.drill import DrillResult, Fate, Kind
from festning.proof.figures.doors import by_door, gap_together
from festning.proof.figures.gaps import longest_silence
from festning.proof.figures.window import window_of
from festning.proof.report.bands import stretches_of
from festning.proof.report.scene import hurt_of
from festning.proof.report.words import count, duration, offset

MOST_OUTPUT = 200_000
"""Characters of evidence that a page carries in all; the rest is counted."""
MOST_CHANGES = 200
MOST_REASONS = 12


@dataclass(frozen=True, slots=True)
class Evidence:
    """A command and what it printed; ``left_out`` characters of it are not on the page."""

    command: str
    output: str
    left_out: int


def doors_rows(result: DrillResult) -> list[tuple[str, ...]]:
    return [
        (
            door.door,
            "hit by the fault" if door.hurt else "",
            count(door.requests),
            count(door.failed),
            count(door.unknown),
            duration(door.write_gap_ms),
            duration(door.read_gap_ms),
            duration(door.p99_ms),
        )
        for door in result.doors
    ]


def together_rows(result: DrillResult) -> list[tuple[str, str, str]]:
    """For each kind the gap at all surviving doors together, and the time between two answers at the worst of them."""
    window = window_of(result.outcomes, result.moments)
    if window is None:
        return []
    hurt = hurt_of(result)
    doors = by_door(one for one in result.outcomes if one.door not in hurt)
    told = []
    for kind in (Kind.WRITE, Kind.READ):
        everywhere = gap_together(result.outcomes, kind, window, hurt)
        silences = [found.ms for outcomes in doors.values() if (found := longest_silence(outcomes, kind, window))]
        if everywhere:
            told.append((f"{kind.value}s", duration(everywhere.ms), duration(max(silences, default=None))))
    return told


def whys_rows(result: DrillResult) -> list[tuple[str, str, str, str]]:
    """Why requests had no good answer: the commonest reasons, with how often and where."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in result.outcomes:
        if one.fate is not Fate.OK:
            found.setdefault((one.fate.value, one.why or "no reason given"), []).append(one.door)
    commonest = sorted(found.items(), key=lambda item: -len(item[1]))[:MOST_REASONS]
    return [(count(len(doors)), fate, why, ", ".join(sorted(set(doors)))) for (fate, why), doors in commonest]


def changes_rows(result: DrillResult, origin: float) -> list[tuple[str, str, str]]:
    """What watched parts were seen to change to, in the order of time."""
    end = max((one.at for one in result.sights), default=0.0) + 1.0
    found = [
        (one.begin, subject, one.state)
        for subject, stretches in stretches_of(result.sights, end).items()
        for one in stretches
    ]
    return [(offset(at - origin), subject, state) for at, subject, state in sorted(found)]


def evidence(seen: Sequence[tuple[str, str]]) -> list[Evidence]:
    """What proved the fault; each output gets an equal part of what a page may carry, and its end is kept."""
    most = MOST_OUTPUT // max(1, len(seen))
    return [Evidence(command[-most:], output[-most:], max(0, len(output) - most)) for command, output in seen]
