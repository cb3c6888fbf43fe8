"""A drill as a row of buckets of equal width: what was answered, what was not, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor

from festning.model.drill import Fate, Kind, Mark, Moment, Outcome
from festning.proof.figures.doors import quantile
from festning.proof.figures.steps import round_up
from festning.proof.figures.window import Window

BUCKET_S = 0.1
MOST_BUCKETS = 600
"""More than a screen has columns for; and it bounds the size of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What ended in a bucket's time: counts, not rates. Requests whose end was never heard count when they were due.

    The latencies are of good answers to requests that were *due* in it, from then on: so a standstill shows as long as
    it lasted, and not as one spike at its end.
    """

    reads: int
    writes: int
    failed: int
    unknown: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """``count`` buckets of ``width_s`` from ``begin`` on."""

    begin: float
    width_s: float
    count: int

    @property
    def end(self) -> float:
        return self.begin + self.width_s * self.count

    def index(self, at: float) -> int | None:
        """The bucket of a time, ``None`` where it is outside."""
        place = (at - self.begin) / self.width_s
        # What lies on an outer edge may be rounded to just beyond it.
        if -_ROUNDING < place < self.count + _ROUNDING:
            return min(max(floor(place), 0), self.count - 1)
        return None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A grid that is filled."""

    grid: Grid
    buckets: tuple[Bucket, ...]


_ROUNDING = 1e-3


def timeline(
    outcomes: Sequence[Outcome], moments: Sequence[Moment] = (), *, bucket_s: float = BUCKET_S, most: int = MOST_BUCKETS
) -> Timeline | None:
    """All outcomes in buckets of ``bucket_s``, or wider when it were more than ``most``. ``None`` when there is
    neither an outcome nor a moment."""
    span = span_of(outcomes, moments)
    return fill(grid_of(span, moments, bucket_s=bucket_s, most=most), outcomes) if span else None


def span_of(outcomes: Sequence[Outcome], moments: Sequence[Moment]) -> Window | None:
    """From the first time that anything has to the last."""
    ends = [one.ended for one in outcomes if one.ended is not None]
    times = [*ends, *(one.due for one in outcomes), *(moment.at for moment in moments)]
    return Window(min(times), max(times)) if times else None


def grid_of(span: Window, moments: Sequence[Moment], *, bucket_s: float = BUCKET_S, most: int = MOST_BUCKETS) -> Grid:
    """A grid over a span, with the first fault at an edge. Its buckets are ``bucket_s`` wide, or so many seconds as
    are 1, 2 or 5 times a power of ten, for at most ``most`` of them."""
    origin = min((moment.at for moment in moments if moment.mark is Mark.FAULT), default=span.begin)
    length = span.end - span.begin
    # Edges on both sides of begin and end cost up to two buckets.
    width = bucket_s if length <= bucket_s * (most - 2) else round_up(length / (most - 2))
    first = floor((span.begin - origin) / width)
    return Grid(origin + first * width, width, max(1, floor((span.end - origin) / width) + 1 - first))


def fill(grid: Grid, outcomes: Iterable[Outcome]) -> Timeline:
    """Outcomes in their buckets; what is outside the grid is left out."""
    piles = [_Pile() for _ in range(grid.count)]
    for one in outcomes:
        index = grid.index(one.due if one.ended is None else one.ended)
        if index is not None:
            piles[index].count(one)
        if one.fate is Fate.OK and one.ended is not None:
            index = grid.index(one.due)
            if index is not None:
                piles[index].latencies.append((one.ended - one.due) * 1000)
    return Timeline(grid, tuple(pile.bucket() for pile in piles))


@dataclass(slots=True)
class _Pile:
    """A bucket while it is filled."""

    reads: int = 0
    writes: int = 0
    failed: int = 0
    unknown: int = 0
    latencies: list[float] = field(default_factory=list)

    def count(self, one: Outcome) -> None:
        if one.fate is Fate.FAILED:
            self.failed += 1
        elif one.fate is Fate.UNKNOWN:
            self.unknown += 1
        elif one.kind is Kind.READ:
            self.reads += 1
        else:
            self.writes += 1

    def bucket(self) -> Bucket:
        ordered = sorted(self.latencies)
        return Bucket(
            reads=self.reads,
            writes=self.writes,
            failed=self.failed,
            unknown=self.unknown,
            p50_ms=quantile(ordered, 0.5),
            p99_ms=quantile(ordered, 0.99),
            max_ms=ordered[-1] if ordered else None,
        )
