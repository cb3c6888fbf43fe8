"""What was measured of a group of edges: moments, each with what was seen of every edge. Leaves measuring to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One edge at one moment. ``requests`` are per second; ``None`` is what is not known.

    An edge that answers has been ``alive_since`` a time, one that does not ``dead_since``; with neither it is not
    known, as of one that is still being made. Times are in seconds of one clock.
    """

    edge: str
    requests: float | None = None
    p99_ms: float | None = None
    alive_since: float | None = None
    dead_since: float | None = None

    @property
    def known(self) -> bool:
        """Whether it answers, and all is known of how it does. Without requests there is no latency to know."""
        return self.alive_since is not None and (self.requests == 0 or None not in (self.requests, self.p99_ms))


@dataclass(frozen=True, slots=True)
class Moment:
    """All edges of a group at a time, each of them once."""

    at: float
    edges: tuple[Seen, ...]

    @property
    def load(self) -> float:
        """Requests per second of all edges together; where something is not known, of those that are."""
        return sum(one.requests or 0.0 for one in self.edges)

    @property
    def worst_ms(self) -> float:
        """The highest latency that is known."""
        return max((one.p99_ms or 0.0 for one in self.edges), default=0.0)

    @property
    def known(self) -> bool:
        return all(one.known for one in self.edges)


@dataclass(frozen=True, slots=True)
class Window:
    """Moments in order of time, the last of which is now, and when the group was changed last, if it ever was."""

    moments: tuple[Moment, ...]
    changed_at: float | None = None

    @property
    def now(self) -> Moment:
        return self.moments[-1]

    def last(self, seconds: float, gap: float) -> tuple[Moment, ...]:
        """The moments of the last seconds; none when they do not cover them, without a gap that is longer."""
        start = self.now.at - seconds
        before = [moment for moment in self.moments if moment.at <= start]
        covering = (*before[-1:], *(moment for moment in self.moments if moment.at > start))
        return covering if before and all(apart <= gap for apart in _apart(covering)) else ()


def _apart(moments: tuple[Moment, ...]) -> Iterator[float]:
    for earlier, later in pairwise(moments):
        yield later.at - earlier.at
