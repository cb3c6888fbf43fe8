"""What a group of edges may come to, and how much each of them should have to do. Declared by people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between how many edges a group has, and when it has too few.

    ``requests_per_edge`` are requests per second that an edge serves within ``p99_ms`` (milliseconds in which 99 of 100
    requests are answered). Times are in seconds: after a change nothing is done for ``cool_down``; a load must have
    been too much for all of ``up``, or little enough for all of ``down``; a dead edge stays so for ``dead`` before it
    is replaced. Raises ``ValueError`` for bounds that contradict each other.
    """

    least: int
    most: int
    requests_per_edge: float
    p99_ms: float
    cool_down: float = 300.0
    up: float = 60.0
    down: float = 900.0
    dead: float = 60.0

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(f"from {self.least} to {self.most} edges: must be at least 1, and no fewer at most")
        if min(self.requests_per_edge, self.p99_ms, self.up, self.dead) <= 0:
            raise ValueError("requests, milliseconds and times must be above 0")
        if not self.up <= self.cool_down <= self.down:
            raise ValueError(
                f"up ({self.up:g} s), cool_down ({self.cool_down:g} s) and down ({self.down:g} s) must be in order: "
                "a change is to be seen in what is measured before the next, and less is slower than more"
            )
