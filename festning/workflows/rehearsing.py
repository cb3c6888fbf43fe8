"""``drill``: which drills are run, on which fortress, and what is asked of the person before.

Leaves one drill to ``drilling``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from festning.engine.connections import Connections
from festning.errors import UsageError
from festning.model.check import Verdict
from festning.model.drill import DrillResult
from festning.model.fortress import Fortress
from festning.proof.drills.catalog import DRILLS, by_name
from festning.proof.drills.combination import by_chance
from festning.proof.drills.drill import Drill
from festning.proof.faults.fault import Operation, Relocate, Rescale, RollingRestart, TellNames
from festning.workflows import scaling_edges
from festning.workflows.drilled import FestningStack
from festning.workflows.drilling import Setting, run_drill
from festning.workflows.hands import ActError, Hands, LabHands, RemoteHands
from festning.workflows.laboratory import Make
from festning.workflows.loading import Volume
from festning.workflows.names_in_the_lab import tell_client
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.progress import Progress
from festning.workflows.restarting import Scope, restart_file


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What drills need besides the fortress.

    ``agreed`` asks the person to type the fortress's name before drills are run on hosts that serve people; ``heard``
    gets each result as soon as it is there.
    """

    surroundings: Surroundings
    clock: Callable[[], float]
    prefix: Callable[[], str]
    progress: Progress
    agreed: Callable[[Fortress, Sequence[Drill]], bool]
    heard: Callable[[DrillResult], None] = lambda _result: None
    volume: Volume = field(default_factory=Volume)


def chosen(names: Iterable[str]) -> tuple[Drill, ...]:
    """The drills of these names, in the order given; every one where none is named. Raises :class:`UsageError`."""
    names = tuple(names)
    return tuple(_named(name) for name in names) if names else DRILLS


def by_chance_of(count: int, seed: int) -> tuple[Drill, ...]:
    """Drills made by chance; the same for the same seed."""
    return tuple(by_chance(count, seed))


async def rehearse(
    file: Path, drills: Sequence[Drill], world: World, *, lab: bool
) -> tuple[Fortress, tuple[DrillResult, ...]]:
    """Run drills one after another on a file's fortress, which is up.

    Raises :class:`UsageError` when a drill may not be run there, or the person does not agree.
    """
    opened = open_fortress(file, world.surroundings, lab=lab)
    _permitted(opened.fortress, drills, world, lab=lab)
    results = []
    async with _setting(file, opened, world) as setting:
        for drill in drills:
            result = await run_drill(setting, drill)
            world.heard(result)
            results.append(result)
    return opened.fortress, tuple(results)


def _named(name: str) -> Drill:
    drill = by_name(name)
    if drill is None:
        known = [one.name for one in DRILLS]
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"there is no drill {name!r}", hint=hint)
    return drill


def _permitted(fortress: Fortress, drills: Sequence[Drill], world: World, *, lab: bool) -> None:
    if lab:
        return
    unsafe = [drill.name for drill in drills if not drill.safe]
    if unsafe:
        safe = ", ".join(drill.name for drill in DRILLS if drill.safe)
        raise UsageError(
            f"{', '.join(unsafe)}: for the lab only, and these hosts serve people",
            hint=f"festning --lab drill run, or one of those that are safe: {safe}",
        )
    if not world.agreed(fortress, drills):
        raise UsageError("nothing was done: the name typed is not the fortress's", hint=f"it is {fortress.name}")


@asynccontextmanager
async def _setting(file: Path, opened: Opened, world: World) -> AsyncIterator[Setting]:
    async with Connections([*opened.endpoints(), opened.client()]) as connections:

        async def operate(operation: Operation) -> str:
            return await _operate(file, opened, connections, world, operation)

        hands = _hands(opened, connections)
        stack = FestningStack(opened=opened, connections=connections, hands=hands, clock=world.clock, operating=operate)
        yield Setting(
            stack=stack,
            connections=connections,
            hands=hands,
            clock=world.clock,
            prefix=world.prefix,
            progress=world.progress,
            volume=world.volume,
        )


def _hands(opened: Opened, connections: Connections) -> Hands:
    from festning.providers.lab.lab import Lab  # noqa: PLC0415 (only the lab needs it)

    return LabHands(opened.provider) if isinstance(opened.provider, Lab) else RemoteHands(connections)


async def _operate(file: Path, opened: Opened, connections: Connections, world: World, operation: Operation) -> str:
    """An operator's work, and what it did. Raises :class:`FestningError` where it did not come through."""
    lab = opened.fortress.lab
    if isinstance(operation, RollingRestart):
        return await _restart(file, world, lab=lab)
    if not lab:
        raise UsageError(f"nobody does that in a drill to hosts outside the lab: {operation}")
    if isinstance(operation, TellNames):
        await tell_client(opened.fortress, connections)
        return "the client knows who answers for the names"
    return await asyncio.to_thread(_change_edges, file, world, operation)


def _change_edges(file: Path, world: World, operation: Rescale | Relocate) -> str:
    """In a thread of its own, as ``festning scale`` and ``move`` do it. The file is changed with it."""
    operator = _Operator(world)
    means = scaling_edges.means_of(
        file, world.surroundings, make=Make(), now=operator.now, token=operator.token, progress=operator.progress
    )
    if isinstance(operation, Rescale):
        done = scaling_edges.scale(file, operation.group, operation.count, means)
    else:
        done = scaling_edges.move(file, operation.group, operation.site, means)
    checks = done.verification.checks if done.verification else ()
    bad = [f"{one.id} on {one.host}" for one in checks if one.verdict not in (Verdict.PASS, Verdict.WAIVED)]
    if not done.whole or bad:
        raise ActError(f"{operation} did not come through: {', '.join(bad) or 'not all steps were done'}")
    cut = "".join(f"; {host} had {left} connections left" for host, left in done.cut.items())
    return f"made: {', '.join(done.made) or 'none'}; gone: {', '.join(done.gone) or 'none'}{cut}"


@dataclass(frozen=True, slots=True)
class _Operator:
    """A clock, numbers and a listener for an operator's work, from those that drills have."""

    world: World

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.clock(), UTC)

    def token(self) -> str:
        return f"{self.world.prefix()}0"

    @property
    def progress(self) -> Progress:
        return _Quiet(self.world.progress)


async def _restart(file: Path, world: World, *, lab: bool) -> str:
    """A rolling restart of everything, and what it did. Raises :class:`FestningError` where it did not come through."""
    everything = Scope(frozenset(), frozenset())
    done = await restart_file(
        file, world.surroundings, everything, lab=lab, only_plan=False, progress=_Quiet(world.progress)
    )
    if done.result is None or not done.result.complete:
        reasons = [f"{one.host}: {one.reason}" for one in (done.result.hosts if done.result else ()) if one.reason]
        raise ActError(f"the rolling restart did not come through: {'; '.join(reasons) or 'it had nothing to do'}")
    return "\n".join(f"{host.host}: {host.changes} units have new processes" for host in done.plan.hosts)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """The stages of a part of a drill, told as details of the drill."""

    progress: Progress

    def stage(self, title: str) -> None:
        self.progress.detail(title)

    def detail(self, text: str) -> None:
        self.progress.detail(text)
