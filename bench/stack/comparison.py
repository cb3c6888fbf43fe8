"""Figures of two stacks beside each other: medians, spreads, ratios, and what was to be reached. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Bar

Taken = Mapping[str, Sequence[float]]
"""What was measured on a stack, by figure, run by run."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its name, and its unit."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The ratio of a figure of ``mine`` to one of ``beside`` (the same figure of the other stack where it is empty)."""

    what: str
    figure: str
    limit: float
    at_least: bool = True
    beside: str = ""

    def bar(self, mine: Taken, other: Taken) -> Bar | None:
        """``None`` where one of the two was not measured."""
        above, below = mine.get(self.figure), other.get(self.beside or self.figure)
        if not above or not below:
            return None
        return Bar(self.what, statistics.median(above) / statistics.median(below), self.limit, "×", self.at_least)


RAW = Figure("raw path, goodput", "Mb/s")
GOODPUT = Figure("bridge, goodput at its safe MTU", "Mb/s")
LARGE_GOODPUT = Figure("bridge, goodput at MTU 8900", "Mb/s")
ROUND_TRIP = Figure("bridge, round trip", "ms")
READS = Figure("reads, closed loop", "/s")
READS_BUSY_P99 = Figure("reads, closed loop, p99", "ms")
READS_P99 = Figure("reads, fixed rate, p99", "ms")
WRITES = Figure("writes, closed loop", "/s")
WRITES_BUSY_P99 = Figure("writes, closed loop, p99", "ms")
WRITES_P99 = Figure("writes, fixed rate, p99", "ms")
ROWS = Figure("rows into the database", "/s")
LONE_ROWS = Figure("rows into a lone MariaDB", "/s")

FIGURES = (
    RAW,
    GOODPUT,
    LARGE_GOODPUT,
    ROUND_TRIP,
    READS,
    READS_BUSY_P99,
    READS_P99,
    WRITES,
    WRITES_BUSY_P99,
    WRITES_P99,
    ROWS,
    LONE_ROWS,
)

GOALS = (
    Goal(what="goodput of the bridge at a safe MTU", figure=GOODPUT.name, limit=1.2),
    Goal(what="goodput at the best MTU of the path", figure=LARGE_GOODPUT.name, limit=2.5, beside=GOODPUT.name),
    Goal(what="reads a second", figure=READS.name, limit=3),
    Goal(what="p99 of reads at a fixed rate", figure=READS_P99.name, limit=0.5, at_least=False),
    Goal(what="writes a second", figure=WRITES.name, limit=1.5),
)


def table(mine: str, other: str, taken: Mapping[str, Taken]) -> str:
    """Every figure that either stack has, each with its ratio, and the goals."""
    lines = [f"\n  {'median (spread)':34} {other:>28} {mine:>28} {'ratio':>9}"]
    ours, theirs = taken.get(mine, {}), taken.get(other, {})
    for figure in FIGURES:
        if ours.get(figure.name) or theirs.get(figure.name):
            cells = [_cell(one.get(figure.name, ()), figure.unit) for one in (theirs, ours)]
            lines.append(f"  {figure.name:34} {cells[0]:>28} {cells[1]:>28} {_ratio(ours, theirs, figure.name):>9}")
    lines += [
        f"  {_beside_lone(name, taken[name])}" for name in (other, mine) if _beside_lone(name, taken.get(name, {}))
    ]
    return "\n".join([*lines, "", *(bar.line() for bar in bars(ours, theirs))])


def bars(mine: Taken, other: Taken) -> list[Bar]:
    """The goals that can be judged."""
    return [bar for goal in GOALS if (bar := goal.bar(mine, other)) is not None]


def _cell(values: Sequence[float], unit: str) -> str:
    if not values:
        return "–"
    return f"{_plain(statistics.median(values))} {unit} ({_plain(min(values))}–{_plain(max(values))})"


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratio(mine: Taken, other: Taken, name: str) -> str:
    bar = Goal(what="", figure=name, limit=0).bar(mine, other)
    return f"{bar.value:.2f}×" if bar else ""


def _beside_lone(stack: str, taken: Taken) -> str:
    """What of a lone MariaDB's rate a stack's database reaches, at equal durability."""
    rows, lone = taken.get(ROWS.name), taken.get(LONE_ROWS.name)
    if not rows or not lone:
        return ""
    share = statistics.median(rows) / statistics.median(lone)
    return f"{stack}: {share:.2f} × the rows of a lone MariaDB with the same durability"
