"""Where a time and a value lie in a drawing, and which of them are labelled."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from festning.proof.figures.steps import round_up
from festning.proof.figures.timeline import Grid
from festning.proof.report.words import duration

MOST_TICKS = 7
"""Labels that stand side by side on a telephone."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The times of a grid, from left to right in percent, told in seconds from ``origin`` on."""

    grid: Grid
    origin: float

    def percent(self, at: float) -> float:
        """Times outside are at the edge."""
        share = (at - self.grid.begin) / (self.grid.end - self.grid.begin)
        return 100 * min(1.0, max(0.0, share))

    def shows(self, at: float) -> bool:
        return self.grid.begin <= at <= self.grid.end

    def ticks(self) -> list[tuple[float, str]]:
        """Percent and label of round times."""
        begin, end = self.grid.begin - self.origin, self.grid.end - self.origin
        step = round_up((end - begin) / MOST_TICKS)
        rounds = range(ceil(begin / step - 1e-9), floor(end / step + 1e-9) + 1)
        return [(self.percent(self.origin + n * step), _tick(n * step, step)) for n in rounds]


@dataclass(frozen=True, slots=True)
class Linear:
    """From 0 to ``top``, as shares of the height from the bottom."""

    top: float

    @classmethod
    def over(cls, most: float) -> Linear:
        step = round_up(most / 2) if most > 0 else 1.0
        return cls(max(1.0, step * ceil(most / step)))

    def share(self, value: float) -> float:
        return min(1.0, max(0.0, value / self.top))

    def ticks(self) -> list[tuple[float, str]]:
        return [(1.0, f"{self.top:,.10g}")]


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """Milliseconds from one power of ten to another."""

    low: int
    high: int

    @classmethod
    def over(cls, least: float, most: float) -> Logarithmic:
        low = floor(log10(max(least, 0.1)))
        return cls(low, max(low + 2, ceil(log10(max(most, 0.1)))))

    def share(self, value: float) -> float:
        height = (log10(max(value, 1e-6)) - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, height))

    def ticks(self) -> list[tuple[float, str]]:
        powers = range(self.low + 1, self.high + 1)
        return [(self.share(10.0**power), _power(power)) for power in powers]


def _power(power: int) -> str:
    if power < 0:
        return f"{10.0**power:g} ms"
    return duration(10.0**power) if power < 2 else f"{10 ** (power - 3):g} s"


def _tick(value: float, step: float) -> str:
    decimals = max(0, -floor(log10(step) + 1e-9))
    text = f"{abs(value):.{decimals}f}"
    return text if value >= 0 or float(text) == 0 else f"−{text}"
