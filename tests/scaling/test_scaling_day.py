"""A simulated day: tides, noise, three rushes and a dying edge. The group neither flaps nor starves."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from festning.scaling.bounds import Bounds
from festning.scaling.deciding import Decision, Kind, decide
from festning.scaling.measured import Moment, Seen, Window

BOUNDS = Bounds(least=2, most=10, requests_per_edge=200, p99_ms=250)
TICK, DAY, HOUR = 15, 86_400, 3600
CAPACITY = 250.0
BOOT_S = 90
DIES_AT = 14 * HOUR
RUSHES = (9 * HOUR, 12 * HOUR + 1800, 20 * HOUR)


@dataclass
class Edge:
    name: str
    ready_at: float
    dead_since: float | None = None


@dataclass
class Group:
    """Edges that take a while to be made, share the load, and answer slowly when they have too much of it."""

    edges: list[Edge]
    moments: list[Moment] = field(default_factory=list)
    changed_at: float | None = None
    made: int = 0

    def add(self, now: float) -> None:
        self.made += 1
        self.edges.append(Edge(f"edge{self.made}", now + BOOT_S))

    def alive(self, now: float) -> list[Edge]:
        return [edge for edge in self.edges if edge.dead_since is None and edge.ready_at <= now]

    def measure(self, now: float, load: float) -> Window:
        alive = self.alive(now)
        share = load / max(1, len(alive))
        slow = 20 / (1 - min(share / CAPACITY, 0.98))
        seen = tuple(
            Seen(edge=edge.name, requests=min(share, CAPACITY), p99_ms=slow, alive_since=edge.ready_at)
            if edge in alive
            else Seen(edge=edge.name, dead_since=edge.dead_since)
            for edge in self.edges
        )
        self.moments = [*self.moments[-90:], Moment(now, seen)]
        return Window(tuple(self.moments), self.changed_at)

    def act(self, now: float, decision: Decision) -> None:
        if decision.kind is Kind.KEEP:
            return
        self.changed_at = now
        self.edges = [edge for edge in self.edges if edge.name != decision.edge][: decision.count]
        while len(self.edges) < decision.count:
            self.add(now)


def load_at(now: float, noise: random.Random) -> float:
    """Requests per second: least at four in the morning, most at four in the afternoon; rushes last 20 minutes."""
    tide = 700 - 550 * math.cos((now - 4 * HOUR) / DAY * 2 * math.pi)
    rush = 1.6 if any(0 <= now - begin < 1200 for begin in RUSHES) else 1.0
    return max(0.0, tide * rush * noise.gauss(1, 0.05))


def day(seed: int) -> Iterator[tuple[float, float, int, int, Decision]]:
    """Time, load, edges that are alive, all edges, and the decision: each quarter of a minute."""
    noise = random.Random(seed)
    group = Group([])
    for _ in range(4):
        group.add(-BOOT_S)
    for now in range(0, DAY, TICK):
        if now == DIES_AT:
            group.alive(now)[0].dead_since = now
        load = load_at(now, noise)
        decision = decide(BOUNDS, group.measure(now, load))
        yield now, load, len(group.alive(now)), len(group.edges), decision
        group.act(now, decision)


def longest(flags: Iterator[bool]) -> int:
    """Seconds of the longest time in which something was so."""
    most = run = 0
    for flag in flags:
        run = run + TICK if flag else 0
        most = max(most, run)
    return most


@pytest.mark.parametrize("seed", range(5))
def test_a_day_neither_flaps_nor_starves(seed: int) -> None:
    seen = list(day(seed))
    changes = [(now, decision) for now, _, _, _, decision in seen if decision.kind is not Kind.KEEP]
    sizes = [decision for _, decision in changes if decision.kind is not Kind.REPLACE]

    assert 10 <= len(sizes) <= 20, "the tide alone takes it from 2 edges to 7 and back, and rushes up and down"
    turns = [
        now - before
        for (before, first), (now, second) in pairwise(changes)
        if {first.kind, second.kind} == {Kind.GROW, Kind.SHRINK}
    ]
    assert len(turns) <= 6, "it turns for each rush, and once for the tide"
    assert all(now - before >= BOUNDS.cool_down for (before, _), (now, _) in pairwise(changes))

    replaced = [(now, decision.edge) for now, decision in changes if decision.kind is Kind.REPLACE]
    assert [edge for _, edge in replaced] == ["edge1"]
    assert replaced[0][0] - DIES_AT <= BOUNDS.dead + BOUNDS.cool_down + TICK

    assert longest(load > alive * CAPACITY for _, load, alive, _, _ in seen) <= 4 * 60
    assert sum(load > alive * CAPACITY for _, load, alive, _, _ in seen) * TICK <= 10 * 60, "of the whole day"
    assert all(BOUNDS.least <= count <= BOUNDS.most for *_, count, _ in seen)
    night = [count for now, _, _, count, _ in seen if 3 * HOUR <= now <= 5 * HOUR]
    assert max(night) == 2, "it does not pay for what nobody needs"
