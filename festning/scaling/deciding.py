"""From what was measured to what should be done with a group of edges: one thing at a time, with its reason.

In this order: nothing within the cool-down; a dead edge is replaced; the declared bounds are kept; more edges, as many
as are needed, when for a short while all that was measured asked for them; one edge less when for a long while nothing
did.

What is not known never takes an edge away: neither an edge that was not measured, nor a time in which nobody measured.
Between what asks for more and what allows less there is room, so that no load makes the group go up and down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from festning.scaling.bounds import Bounds
from festning.scaling.measured import Moment, Window

ROOM = 0.8
"""Of what the edges that are left may have to do: less is done only when it is no more than this."""
CALM = 0.5
"""Of the declared latency: less is done only below it, as fewer edges make it longer."""
BUSY = 0.5
"""Of what the edges can do: with less to do than this they are not what makes answers slow, and more would not help."""


class Kind(StrEnum):
    KEEP = "keep"
    GROW = "grow"
    SHRINK = "shrink"
    REPLACE = "replace"
    MEND = "mend"
    """Bring the group to what is declared: for whoever sees it half made. Measurements alone never ask for it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, to how many edges it leads, and why. ``edge`` is the one to replace."""

    kind: Kind
    count: int
    reason: str
    edge: str | None = None


def decide(bounds: Bounds, window: Window) -> Decision:
    """What to do with a group now."""
    count = len(window.now.edges)
    cooling = _cooling(bounds, window)
    if cooling > 0:
        return Decision(Kind.KEEP, count, f"the last change was too short ago: {cooling:.0f} s of cool-down are left")
    return (
        _replaced(bounds, window.now)
        or _within(bounds, window.now)
        or _grown(bounds, window)
        or _shrunk(bounds, window)
        or Decision(Kind.KEEP, count, _as_it_is(bounds, window.now))
    )


def _cooling(bounds: Bounds, window: Window) -> float:
    if window.changed_at is None:
        return 0.0
    return window.changed_at + bounds.cool_down - window.now.at


def _replaced(bounds: Bounds, now: Moment) -> Decision | None:
    dead = [(one.dead_since, one.edge) for one in now.edges if one.dead_since is not None]
    if not dead:
        return None
    since, edge = min(dead)
    if now.at - since < bounds.dead:
        return None
    return Decision(Kind.REPLACE, len(now.edges), f"{edge} has been dead for {now.at - since:.0f} s", edge)


def _within(bounds: Bounds, now: Moment) -> Decision | None:
    count = len(now.edges)
    if count < bounds.least:
        return Decision(Kind.GROW, bounds.least, f"{count} edges are fewer than the declared {bounds.least}")
    if count > bounds.most and now.known:
        return Decision(Kind.SHRINK, bounds.most, f"{count} edges are more than the declared {bounds.most}")
    return None


def _grown(bounds: Bounds, window: Window) -> Decision | None:
    count = len(window.now.edges)
    recent = window.last(bounds.up, bounds.up)
    wanted = min(bounds.most, min((_needed(bounds, moment) for moment in recent), default=0))
    if wanted <= count:
        return None
    least = min(recent, key=lambda moment: moment.load)
    slow = min(moment.worst_ms for moment in recent)
    why = f"for {bounds.up:.0f} s there were {least.load:.0f} requests/s or more"
    if ceil(least.load / bounds.requests_per_edge) <= count:
        why += f", with {slow:.0f} ms or more at the slowest edge, where {bounds.p99_ms:.0f} ms are declared"
    return Decision(Kind.GROW, wanted, f"{why}; {count} edges are too few")


def _needed(bounds: Bounds, moment: Moment) -> int:
    """The edges that a moment asks for."""
    count = len(moment.edges)
    by_load = ceil(moment.load / bounds.requests_per_edge)
    busy = moment.load >= BUSY * count * bounds.requests_per_edge
    return max(by_load, count + 1) if busy and moment.worst_ms > bounds.p99_ms else by_load


def _shrunk(bounds: Bounds, window: Window) -> Decision | None:
    fewer = len(window.now.edges) - 1
    past = window.last(bounds.down, bounds.up)
    if not bounds.least <= fewer < bounds.most or not past or not all(moment.known for moment in past):
        return None
    load = max(moment.load for moment in past)
    slow = max(moment.worst_ms for moment in past)
    if load > ROOM * fewer * bounds.requests_per_edge or slow > CALM * bounds.p99_ms:
        return None
    why = f"for {bounds.down:.0f} s there were {load:.0f} requests/s or less, answered within {slow:.0f} ms"
    return Decision(Kind.SHRINK, fewer, f"{why}; {fewer} edges can do that")


def _as_it_is(bounds: Bounds, now: Moment) -> str:
    unknown = [one.edge for one in now.edges if not one.known]
    if unknown:
        return f"not all is known of {', '.join(unknown)}, and what is known does not ask for more edges"
    if len(now.edges) == bounds.most and _needed(bounds, now) > bounds.most:
        return f"{now.load:.0f} requests/s ask for more than the declared {bounds.most} edges"
    return f"{len(now.edges)} edges are right for {now.load:.0f} requests/s"
