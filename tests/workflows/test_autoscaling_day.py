"""A simulated day through the watch's own loop: tides, noise, a flash crowd, a dying edge, acts that take minutes.

Whatever the day, the group neither flaps nor starves: what the loop promises is asked of many days.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from festning.errors import FestningError
from festning.scaling.bounds import Bounds
from festning.scaling.presence import Sight
from festning.workflows.autoscaling import Acts, Said, Surface, Watch, Word
from festning.workflows.measuring import Group

BOUNDS = Bounds(least=2, most=12, requests_per_edge=200, p99_ms=250)
EVERY, DAY, HOUR = 30.0, 86_400.0, 3600.0
STEP = 10.0
"""How finely the day is looked at for whether anybody waits."""
ROUNDING = 1e-6
"""Seconds that a sum of times may be off: what waits for just as long as it must is not early."""
CAPACITY = 260.0
"""What an edge can really do: somewhat more than it should have to."""


@dataclass(frozen=True)
class Weather:
    """What a day brings."""

    seed: int
    tide: float = 700.0
    crowd_at: float = 12 * HOUR
    crowd: float = 1.8
    dies_at: float = 15 * HOUR
    boot_s: float = 90.0
    fails: int = 0


@dataclass
class Change:
    """An act: when it was begun and had ended, from how many edges to how many, and the one that was replaced."""

    began: float
    ended: float
    before: int
    after: int
    replaced: str = ""


class Day:
    """A group whose edges share the load, and answer slowly when they have too much of it."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.noise = random.Random(weather.seed)
        self.now = 0.0
        self.edges = [f"edge{number + 1}" for number in range(4)]
        self.dead: set[str] = set()
        self.died: str | None = None
        self.fails = weather.fails
        self.changes: list[Change] = []
        self.starved: list[bool] = []
        self.idle = 0.0
        self.words: list[Word] = []
        self.load = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass, and people wait where there are too few edges for them."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + STEP)
            if self.died is None and self.now >= self.weather.dies_at:
                self.died = self.edges[0]
                self.dead.add(self.died)
            self.load = self._load()
            alive = len(self.edges) - len(self.dead)
            self.starved.append(self.load > alive * CAPACITY)
            self.idle += max(0.0, alive - max(BOUNDS.least, self.load / BOUNDS.requests_per_edge)) * STEP

    def _load(self) -> float:
        """Least at four in the morning, most at four in the afternoon; the crowd comes in a minute and stays for 40."""
        weather = self.weather
        tide = weather.tide * (1 - 0.8 * math.cos((self.now - 4 * HOUR) / DAY * 2 * math.pi))
        since = self.now - weather.crowd_at
        crowd = 1 + (weather.crowd - 1) * min(1.0, since / 60) if 0 <= since < 2400 else 1.0
        return max(0.0, tide * crowd * self.noise.gauss(1, 0.06))

    @property
    def groups(self) -> Mapping[str, Group]:
        return {"edge": Group(BOUNDS, tuple(self.edges))}

    async def look(self) -> tuple[Sight, ...]:
        alive = [edge for edge in self.edges if edge not in self.dead]
        share = self.load / max(1, len(alive))
        slow = 20 / (1 - min(share / CAPACITY, 0.98))
        return tuple(
            Sight(edge=edge, reached=True, requests=min(share, CAPACITY), p99_ms=slow)
            if edge in alive
            else Sight(edge=edge, reached=False, door=False, heard={"core1": False, "core2": False})
            for edge in self.edges
        )

    def outdated(self) -> bool:
        return False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Day]:
        yield self

    async def sleep(self, seconds: float) -> None:
        if self.now >= DAY:
            raise KeyboardInterrupt
        self.advance(seconds)

    def resize(self, group: str, count: int) -> str:
        change = Change(self.now, self.now, len(self.edges), count)
        self.changes.append(change)
        if count < len(self.edges):
            self._gone(self.edges[count:])
        self._take(change)
        self.edges = [*self.edges, *(f"edge{number + 1}" for number in range(len(self.edges), count))]
        return ""

    def replace(self, host: str) -> str:
        change = Change(self.now, self.now, len(self.edges), len(self.edges), host)
        self.changes.append(change)
        self._take(change)
        self.dead.discard(host)
        return ""

    def _gone(self, leaving: list[str]) -> None:
        self.edges = self.edges[: len(self.edges) - len(leaving)]
        self.dead -= set(leaving)

    def _take(self, change: Change) -> None:
        self.advance(self.weather.boot_s * self.noise.uniform(0.7, 1.5))
        change.ended = self.now
        if self.fails:
            self.fails -= 1
            self.changes.pop()
            raise FestningError("the cloud has no machine of that size now")


def lived(weather: Weather) -> Day:
    day = Day(weather)
    surface = Surface(day.open, Acts(day.resize, day.replace), lambda: day.now, day.sleep, asyncio.run)
    try:
        Watch(surface, day.words.append, every_s=EVERY, dry_run=False).watch()
    except KeyboardInterrupt:
        return day
    raise AssertionError("a watch does not end by itself")


def longest(flags: list[bool]) -> float:
    most = run = 0.0
    for flag in flags:
        run = run + STEP if flag else 0.0
        most = max(most, run)
    return most


def check_promises(day: Day) -> None:
    """What holds on every day."""
    for first, then in pairwise(day.changes):
        between = then.began - first.ended + ROUNDING
        assert between >= BOUNDS.cool_down, "nothing within the cool-down"
        if first.after > first.before and then.after < then.before:
            assert between >= BOUNDS.down, "what was made for a rush stays for as long as less needs"
    assert all(BOUNDS.least <= change.after <= BOUNDS.most for change in day.changes)
    assert all(change.before - change.after <= 1 for change in day.changes), "one less at a time"
    turns = sum(
        (first.after > first.before) != (then.after > then.before)
        for first, then in pairwise([change for change in day.changes if not change.replaced])
    )
    assert turns <= 8, "it turns for the tide and for the crowd, and not for noise"
    assert [change.replaced for change in day.changes if change.replaced] in ([], [day.died])
    assert day.died not in day.dead, "the dead edge was replaced, or was the one that left"


def test_a_day_neither_flaps_nor_starves() -> None:
    day = lived(Weather(seed=1))
    check_promises(day)
    sizes = [change for change in day.changes if not change.replaced]
    assert 8 <= len(sizes) <= 22
    assert [change.replaced for change in day.changes if change.replaced] == [day.died]
    replaced = next(change for change in day.changes if change.replaced)
    assert replaced.began - day.weather.dies_at <= BOUNDS.dead + BOUNDS.cool_down + 3 * EVERY
    assert sum(day.starved) * STEP <= 0.01 * DAY
    assert longest(day.starved) <= 10 * 60, "beyond what edges can do nobody measures how much more is asked: two steps"
    assert day.idle / DAY <= 1.5, "edges that nobody needed, on average over the day"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    weather=st.builds(
        Weather,
        seed=st.integers(0, 10**6),
        tide=st.floats(200, 900),
        crowd_at=st.floats(HOUR, 22 * HOUR),
        crowd=st.floats(1.0, 2.0),
        dies_at=st.floats(HOUR, 20 * HOUR),
        boot_s=st.floats(20, 180),
        fails=st.integers(0, 2),
    )
)
def test_no_weather_makes_it_flap_or_starve(weather: Weather) -> None:
    day = lived(weather)
    check_promises(day)
    assert len(day.changes) <= 40
    assert sum(day.starved) * STEP <= 0.03 * DAY
    # Until it is seen, until the change before it has settled, until machines that fail are had, and have booted.
    patience = BOUNDS.up + BOUNDS.cool_down * (1 + 3 * weather.fails) + 4 * weather.boot_s * (1 + weather.fails)
    if abs(weather.dies_at - weather.crowd_at) <= patience:
        patience += BOUNDS.cool_down  # The dead edge's replacement, between two steps for the crowd.
    assert longest(day.starved) <= patience + 5 * EVERY
    assert len([word for word in day.words if word.said is Said.FAILED]) <= weather.fails
