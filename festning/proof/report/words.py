"""Numbers, times and verdicts as people read them, the same on a page and in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

from festning.model.check import Verdict
from festning.model.drill import DrillResult

NOTHING = "–"
"""Where nothing was measured."""

MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✕", Verdict.UNKNOWN: "?", Verdict.WAIVED: "~"}
"""So that no verdict is told by colour alone."""


def duration(ms: float | None) -> str:
    """As exact as it matters: ``48 ms``, ``0.61 s``, ``40.2 s``, ``312 s``."""
    if ms is None:
        return NOTHING
    if ms < 99.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    decimals = 2 if seconds < 9.995 else 1 if seconds < 99.95 else 0
    return f"{seconds:,.{decimals}f} s"


def seconds(value: float | None) -> str:
    """A duration that is given in seconds."""
    return NOTHING if value is None else duration(value * 1000)


def offset(value: float) -> str:
    """A time from the fault on, with its sign: ``+0.35 s``."""
    return f"{'−' if value < 0 else '+'}{abs(value):,.2f} s"


def count(number: int) -> str:
    return f"{number:,}"


def lost_writes(result: DrillResult) -> str:
    """How many acknowledged writes are missing; nothing, rather than 0, where no checker looked for them."""
    return count(result.lost_writes) if result.checked or result.lost_writes else NOTHING


def utc(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def printable(text: str) -> str:
    """Text that may stand in a page: control characters and halves of characters are shown, not obeyed."""
    return text.translate(_SHOWN).encode("utf-8", "replace").decode("utf-8")


_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
