"""The watch's loop, with a clock that is only a number: what it says and does, and what cannot end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from festning.engine.apply import LockedError
from festning.errors import FestningError, UsageError
from festning.scaling.bounds import Bounds
from festning.scaling.deciding import Decision, Kind
from festning.scaling.presence import Sight
from festning.workflows.autoscaling import LOCKED_S, Acts, Said, Surface, Watch, Word
from festning.workflows.measuring import Group

BOUNDS = Bounds(least=1, most=4, requests_per_edge=100, p99_ms=250, cool_down=60, up=30, down=300, dead=30)
PATIENCE = 600.0
NOTHING = Decision(Kind.KEEP, 0, "")


class World:
    """Edges with as much to do as a test says, and a clock that moves when somebody sleeps. Ends after ``seconds``."""

    def __init__(self, seconds: float, load: float = 50.0, count: int = 1) -> None:
        self.now = 0.0
        self.until = seconds
        self.load = load
        self.edges = [f"edge{number + 1}" for number in range(count)]
        self.silent: dict[str, bool] = {}
        self.mute: set[str] = set()
        self.unfinished = False
        self.revive = True
        self.patience: float | None = PATIENCE
        self.stamp = 0
        self.opened = 0
        self.done: list[tuple[float, str, object]] = []
        self.words: list[tuple[float, Word]] = []
        self.fail: Callable[[], None] = lambda: None
        self.closed: Callable[[], None] = lambda: None

    @property
    def groups(self) -> Mapping[str, Group]:
        return {"edge": Group(BOUNDS, tuple(self.edges), self.unfinished, self.patience)}

    async def look(self) -> tuple[Sight, ...]:
        share = self.load / len(self.edges)
        return tuple(
            Sight(edge=edge, reached=False, door=False, heard={"core1": False})
            if self.silent.get(edge)
            else Sight(edge=edge, reached=True, trouble="its traffic cannot be measured: no such socket")
            if edge in self.mute
            else Sight(edge=edge, reached=True, requests=share, p99_ms=20)
            for edge in self.edges
        )

    def watch(self, *, every: float = 10, dry_run: bool = False, once: bool = False) -> Watch:
        surface = Surface(
            open=self.open,
            acts=Acts(resize=self.resize, replace=self.replace),
            clock=lambda: self.now,
            sleep=self.sleep,
            run=asyncio.run,
        )
        watch = Watch(surface, lambda word: self.words.append((self.now, word)), every_s=every, dry_run=dry_run)
        if once:
            watch.watch(once=True)
            return watch
        with pytest.raises(KeyboardInterrupt):
            watch.watch()
        return watch

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OpenWorld]:
        self.closed()
        self.opened += 1
        yield OpenWorld(self, self.stamp)

    async def sleep(self, seconds: float) -> None:
        if self.now + seconds > self.until:
            raise KeyboardInterrupt
        self.now += seconds

    def resize(self, group: str, count: int) -> str:
        self.done.append((self.now, group, count))
        self.now += 40
        self.fail()
        self.edges = [f"edge{number + 1}" for number in range(count)]
        return "made"

    def replace(self, host: str) -> str:
        self.done.append((self.now, "replace", host))
        self.now += 40
        self.fail()
        if self.revive:
            self.silent.pop(host)
        return "made anew"

    def said(self, said: Said) -> list[Word]:
        return [word for _, word in self.words if word.said is said]


class OpenWorld:
    def __init__(self, world: World, stamp: int) -> None:
        self.world, self.stamp = world, stamp

    @property
    def groups(self) -> Mapping[str, Group]:
        return self.world.groups

    async def look(self) -> tuple[Sight, ...]:
        return await self.world.look()

    def outdated(self) -> bool:
        return self.world.stamp != self.stamp


def test_more_than_one_edge_can_do_for_half_a_minute_makes_it_two_and_it_stays_so() -> None:
    world = World(400, load=150)
    world.watch()
    assert [(what, count) for _, what, count in world.done] == [("edge", 2)]
    assert 30 <= world.done[0][0] <= 50
    assert [word.said for word in [*world.said(Said.BEGUN), *world.said(Said.DONE)]] == [Said.BEGUN, Said.DONE]


def test_only_another_decision_is_news() -> None:
    world = World(400, load=50)
    world.watch()
    looks = world.said(Said.DECIDED)
    assert len(looks) == 40
    assert [word.fresh for word in looks] == [True, *[False] * 39]


def test_other_numbers_are_no_news_and_another_edge_is() -> None:
    world = World(0, load=50, count=3)
    world.until = 100
    world.silent["edge2"] = True

    def fail() -> None:
        raise FestningError("no")

    world.fail = fail
    loads = iter(range(1000))
    world.closed = lambda: setattr(world, "load", 40 + next(loads))
    world.watch(dry_run=True)
    fresh = [word.decision.kind for word in world.said(Said.DECIDED) if word.fresh and word.decision]
    assert fresh == [Kind.KEEP, Kind.REPLACE]
    assert world.done == [], "dry"


def test_an_edge_that_stays_dead_is_replaced() -> None:
    world = World(300, load=50, count=2)
    world.silent["edge2"] = True
    world.watch()
    assert [(what, which) for _, what, which in world.done] == [("replace", "edge2")]
    assert world.done[0][0] == 40, "it was seen dead at 10 s"
    assert "do not" in world.said(Said.DECIDED)[0].notes["edge2"] or "does not" in world.words[0][1].notes["edge2"]


def test_an_edge_that_came_back_while_its_replacing_failed_is_not_destroyed() -> None:
    world = World(600, load=50, count=2)
    world.silent["edge2"] = True

    def fail() -> None:
        if len(world.done) == 1:
            world.silent.clear()
            raise FestningError("the cloud does not answer")

    world.fail = fail
    world.watch()
    assert [(what, which) for _, what, which in world.done][:2] == [("replace", "edge2"), ("edge", 2)]


def test_an_edge_that_is_still_dead_after_its_replacing_failed_is_replaced_again() -> None:
    world = World(600, load=50, count=2)
    world.silent["edge2"] = True

    def fail() -> None:
        if len(world.done) == 1:
            raise FestningError("the cloud does not answer")

    world.fail = fail
    world.watch()
    assert [(what, which) for _, what, which in world.done][:2] == [("replace", "edge2")] * 2
    assert world.done[1][0] - world.done[0][0] >= 40 + BOUNDS.cool_down


def test_a_new_machine_is_not_as_long_dead_as_the_old_one() -> None:
    world = World(400, load=50, count=2)
    world.silent["edge2"] = True
    world.fail = lambda: world.silent.update(edge2=True)
    world.revive = False
    world.watch()
    times = [at for at, *_ in world.done]
    assert len(times) >= 2
    assert all(then - at >= 40 + BOUNDS.cool_down for at, then in pairwise(times))


def test_a_watch_that_sees_nobody_replaces_nobody() -> None:
    world = World(2000, load=50, count=3)
    world.silent.update(edge1=True, edge2=True, edge3=True)
    world.watch()
    assert world.done == []
    assert "all edges are silent at once" in world.words[0][1].notes["edge1"]


def test_an_act_that_fails_is_told_and_tried_again_ever_later() -> None:
    world = World(900, load=150)

    def fail() -> None:
        if len(world.done) < 4:
            raise FestningError("the cloud has no more", hint="ask it")

    world.fail = fail
    world.watch()
    times = [at for at, *_ in world.done]
    waits = [later - before - 40 for before, later in pairwise(times)]
    assert len(times) == 4
    assert all(wait <= real < wait + 20 for wait, real in zip((60, 120, 240), waits, strict=True))
    failed = world.said(Said.FAILED)
    assert [word.again_s for word in failed] == [60, 120, 240]
    assert failed[0].message == "the cloud has no more"
    assert len(world.said(Said.DONE)) == 1


def test_an_act_that_breaks_does_not_end_the_watch() -> None:
    world = World(300, load=150)

    def fail() -> None:
        raise ZeroDivisionError("ouch")

    world.fail = fail
    world.watch()
    assert world.said(Said.FAILED)[0].message == "ZeroDivisionError: ouch"


def test_somebody_elses_lock_is_waited_for_and_is_no_failure() -> None:
    world = World(400, load=150)

    def fail() -> None:
        if len(world.done) < 4:
            raise LockedError("edge1", "kari@laptop", "2026-11-26T12:00:00Z")

    world.fail = fail
    world.watch()
    locked = world.said(Said.LOCKED)
    assert [word.again_s for word in locked] == [LOCKED_S] * 3
    assert "kari@laptop" in locked[0].message
    assert len(world.said(Said.DONE)) == 1


def test_a_change_that_failed_half_way_is_done_again_though_nothing_asks_for_it_now() -> None:
    world = World(400, load=150)

    def fail() -> None:
        if len(world.done) == 1:
            world.load = 50
            raise FestningError("half of it")

    world.fail = fail
    world.watch()
    assert [count for _, _, count in world.done] == [2, 2]


def test_a_fortress_that_cannot_be_opened_after_a_failure_is_mended_by_the_act_itself() -> None:
    world = World(400, load=150)

    def fail() -> None:
        if len(world.done) == 1:
            raise FestningError("edge2 was not made")

    def closed() -> None:
        if len(world.done) == 1:
            raise UsageError("edge2 is not rented yet")

    world.fail, world.closed = fail, closed
    world.watch()
    assert [count for _, _, count in world.done] == [2, 2]
    assert [word.message for word in world.said(Said.TROUBLE)] == ["edge2 is not rented yet"], "told once"


def test_a_fortress_that_cannot_be_opened_at_the_beginning_is_the_callers_to_hear() -> None:
    world = World(100)

    def closed() -> None:
        raise UsageError("the lab is not up")

    world.closed = closed
    surface = Surface(world.open, Acts(world.resize, world.replace), lambda: 0.0, world.sleep, asyncio.run)
    with pytest.raises(UsageError, match="not up"):
        Watch(surface, lambda word: None, every_s=10, dry_run=False).watch()


def test_a_group_that_somebody_else_is_changing_is_left_alone() -> None:
    world = World(300, load=150)
    world.unfinished = True
    world.watch()
    assert world.done == []
    decision = world.words[0][1].decision
    assert decision is not None
    assert "somebody else" in decision.reason


def test_a_change_that_nobody_goes_on_with_is_gone_on_with() -> None:
    world = World(1500, load=50, count=2)
    world.unfinished = True
    world.fail = lambda: setattr(world, "unfinished", False)
    world.watch()
    assert [(what, count) for _, what, count in world.done] == [("edge", 2), ("edge", 1)]
    assert PATIENCE <= world.done[0][0] <= PATIENCE + 20
    assert world.done[1][0] >= world.done[0][0] + BOUNDS.down, "and then it is a group like any other"


def test_a_move_is_for_people_to_end() -> None:
    world = World(3000, load=150)
    world.unfinished, world.patience = True, None
    world.watch()
    assert world.done == []


def test_an_edge_that_stays_half_made_is_mended() -> None:
    world = World(900, load=50, count=2)
    world.mute.add("edge2")
    world.fail = world.mute.clear
    world.watch()
    assert [(what, count) for _, what, count in world.done] == [("edge", 2)]
    assert PATIENCE <= world.done[0][0] <= PATIENCE + 20
    assert "edge2 cannot be measured" in (world.said(Said.BEGUN)[0].decision or NOTHING).reason


def test_a_changed_file_is_opened_anew() -> None:
    world = World(200)
    world.closed = lambda: None
    sleep = world.sleep

    async def edited(seconds: float) -> None:
        await sleep(seconds)
        if world.now == 50:
            world.stamp += 1

    world.sleep = edited  # type: ignore[method-assign]
    world.watch()
    assert world.opened == 2


def test_looks_too_far_apart_are_refused() -> None:
    world = World(100)
    surface = Surface(world.open, Acts(world.resize, world.replace), lambda: 0.0, world.sleep, asyncio.run)
    with pytest.raises(UsageError, match="every 20 s cannot tell what lasts 30 s") as caught:
        Watch(surface, lambda word: None, every_s=20, dry_run=False).watch()
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("--every 15s or less")


def test_once_is_one_look() -> None:
    world = World(100)
    world.watch(once=True, every=50)
    assert [word.said for _, word in world.words] == [Said.DECIDED]


def test_what_is_under_way_is_known_when_it_is_interrupted() -> None:
    world = World(400, load=150)

    def fail() -> None:
        raise KeyboardInterrupt

    world.fail = fail
    assert world.watch().acting is not None
    calm = World(100)
    assert calm.watch().acting is None
