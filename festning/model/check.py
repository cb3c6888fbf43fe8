"""One thing verified on the running fortress: what is run where, and how its output is judged.

A system's room gives :class:`CheckSpec` objects (pure); ``engine`` runs their probes; the judgement is a pure function
of the outputs. A probe that could not be run makes the check ``unknown``, never ``pass``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"


class Turn(IntEnum):
    """When a probe runs: probes of one turn run on all hosts at once, turns one after another."""

    LOOK = 1
    """Reading state; light."""
    ACT = 2
    """Requests that change something, such as an order written from the public side."""
    CONFIRM = 3
    """Reading back what an earlier turn wrote."""
    STRAIN = 4
    """Heavy probes (disk writes), when nothing else is measured."""


CLIENT = "client"
"""The vantage outside every site, as a probe's host: the lab's client machine, or where the operator sits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A script run on a host with ``interpreter`` (``sh`` or ``python3``), given on its standard input.

    Several specs may share one probe (equal values): it is run once.
    """

    host: str
    script: str
    interpreter: str = "sh"
    turn: Turn = Turn.LOOK
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a probe printed, how it ended, and how long it took."""

    status: int
    stdout: str
    stderr: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with the measured value; ``reason`` says why when the verdict is not ``pass``."""

    verdict: Verdict
    measured: str | float | int | bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """A check before it is run. ``judge`` gets the outputs in the order of ``probes``; it is called only when every
    probe was run to an end. ``host`` is where the check is reported."""

    id: str
    host: str
    probes: tuple[Probe, ...]
    expected: str
    judge: Callable[[tuple[Output, ...]], Judgement]
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One command that was run for a check, where, when (ISO 8601, UTC) and what it printed."""

    host: str
    command: str
    at: str
    status: int | None
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check with its verdict and its evidence, as ``verify --json`` prints it."""

    id: str
    host: str
    verdict: Verdict
    measured: str | float | int | bool | None
    unit: str
    expected: str
    evidence: tuple[Evidence, ...]
    reason: str = ""


def worst(checks: Mapping[str, Check] | list[Check] | tuple[Check, ...]) -> Verdict:
    """The verdict of them all: ``fail`` over ``unknown`` over ``pass``; waived checks do not count against it."""
    verdicts = {check.verdict for check in (checks.values() if isinstance(checks, Mapping) else checks)}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if Verdict.UNKNOWN in verdicts or not verdicts:
        return Verdict.UNKNOWN
    return Verdict.PASS
