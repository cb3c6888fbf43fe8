"""What is made of measurements: medians, spreads, ratios, and whether a bar was reached. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process: seconds of wall time, seconds of CPU with all its children's, MiB at its peak (RSS)."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Series:
    """Runs of one thing."""

    name: str
    runs: tuple[Run, ...]

    @property
    def median_s(self) -> float:
        return statistics.median(run.wall_s for run in self.runs)

    @property
    def spread_s(self) -> tuple[float, float]:
        """The fastest and the slowest."""
        return min(run.wall_s for run in self.runs), max(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        return statistics.median(run.cpu_s for run in self.runs)

    @property
    def peak_mib(self) -> float:
        return max(run.peak_mib for run in self.runs)

    def document(self) -> dict[str, Any]:
        """For programs: what was measured, run by run."""
        walls = [round(run.wall_s, 4) for run in self.runs]
        return {
            "name": self.name,
            "median_s": self.median_s,
            "wall_s": walls,
            "cpu_s": self.cpu_s,
            "mib": self.peak_mib,
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """Something to reach: at most, or at least, ``limit``."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """For people."""
        sign, word = "≥" if self.at_least else "≤", "reached" if self.reached else "NOT REACHED"
        return f"  {self.name:58} {self.value:8.2f} {self.unit:4} {sign} {self.limit:g}  {word}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        kind = "at_least" if self.at_least else "at_most"
        return {"name": self.name, "value": self.value, kind: self.limit, "unit": self.unit, "reached": self.reached}


def times_faster(fast: Series, slow: Series) -> float:
    """How many times the one's median goes into the other's."""
    return slow.median_s / fast.median_s


def table(title: str, rows: Sequence[Series], beside: Series | None = None) -> str:
    """Series as a table, each with its ratio to ``beside``."""
    lines = [f"{title}", f"  {'':22} {'median':>9} {'spread':>17} {'CPU':>9} {'peak':>9} {'ratio':>8}"]
    for row in rows:
        low, high = row.spread_s
        ratio = f"{row.median_s / beside.median_s:7.2f}×" if beside else ""
        lines.append(
            f"  {row.name:22} {row.median_s:7.2f} s {low:7.2f}–{high:.2f} s {row.cpu_s:7.2f} s {row.peak_mib:5.0f} MiB"
            f" {ratio:>8}"
        )
    return "\n".join(lines)
