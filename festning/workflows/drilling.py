"""One drill: a steady fortress under load, a fault, what it cost, and the way back; then what came of it.

Reads like a table of contents. What faults, loads, figures and verdicts are is ``proof``'s; reaching into hosts is
``hands``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from festning.engine.connections import Connections
from festning.errors import FestningError
from festning.model.check import Verdict
from festning.model.drill import DrillResult, Mark, Moment
from festning.proof.drills.drill import Drill, Timed
from festning.proof.drills.judging import Witnessed, judged
from festning.proof.faults.fault import Act, Fault, Power, Script, Sign, SiteLink
from festning.proof.faults.parts import Parts
from festning.proof.figures.doors import felt
from festning.proof.histories.minority import Cut
from festning.workflows.drilled import Stack, Watching
from festning.workflows.hands import Hands, Seen, do_script, look_for, start_program
from festning.workflows.loading import Load, Loaded, Volume
from festning.workflows.progress import Progress

STEADY_S = 2.0
"""How long all must be well before anything is done, and again after it."""
STEADY_PATIENCE_S = 60.0
RECOVERY_PATIENCE_S = 150.0
FAULT_LIMIT_S = 120.0
"""The safety limit: a fault that lasts longer is healed, whatever is going on."""
LOOK_S = 0.1
GOOD_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What drills need of the world.

    ``clock`` gives seconds since the epoch. ``prefix`` begins the numbers of a load, and is new each time. What is not
    well ``recovery_patience_s`` after its heal is not waited for any longer.
    """

    stack: Stack
    connections: Connections
    hands: Hands
    clock: Callable[[], float]
    prefix: Callable[[], str]
    progress: Progress
    volume: Volume = field(default_factory=Volume)
    recovery_patience_s: float = RECOVERY_PATIENCE_S


async def run_drill(setting: Setting, drill: Drill) -> DrillResult:
    """Run a drill to its end; whatever ends it, its faults are healed first."""
    setting.progress.stage(f"{drill.name}: {drill.about}")
    parts = await setting.stack.parts()
    timed = drill.faults(parts)
    if isinstance(timed, str):
        return _not_run(drill, f"this fortress has no place for it: {timed}")
    run = _Run(setting, drill, parts, timed)
    return await run.result()


def _not_run(drill: Drill, why: str) -> DrillResult:
    return DrillResult(name=drill.name, about=drill.about, verdict=Verdict.UNKNOWN, reasons=(why,))


class _Run:
    def __init__(self, setting: Setting, drill: Drill, parts: Parts, timed: tuple[Timed, ...]) -> None:
        self._setting = setting
        self._drill = drill
        self._parts = parts
        self._timed = timed
        places = setting.stack.places_by_name if drill.by_name else setting.stack.places
        self._places = places(setting.volume.per_second)
        self._moments: list[Moment] = []
        self._seen: list[Seen] = []
        self._trouble: list[str] = []
        self._observed = True
        self._healed = True
        self._direct: list[str] = []

    async def result(self) -> DrillResult:
        """Everything in its order."""
        setting = self._setting
        async with setting.stack.watch() as watch:
            # Before anything is touched: a stage that is set on what is broken would break it further.
            if await self._until_well(watch, None, STEADY_PATIENCE_S) is None:
                return self._unsteady(watch, None)
            try:
                await self._all_acts(act for one in self._timed for act in one.fault.prepare)
                load = Load(self._places, setting.connections, setting.prefix(), setting.volume, setting.clock)
                await load.begin()
                if await self._until_well(watch, load, STEADY_PATIENCE_S) is None:
                    await load.end()
                    return self._unsteady(watch, load)
                await self._suffer(load)
                recovered = await self._recover(watch, load)
                await self._forget_the_silenced()
                loaded = await load.end({self._parts.writer: self._direct} if self._direct else None, self._cuts())
            finally:
                await to_its_end(self._restore())
        return await self._come_to(loaded, watch, recovered)

    def _unsteady(self, watch: Watching, load: Load | None) -> DrillResult:
        return _not_run(self._drill, f"it was not well before: {'; '.join(self._not_well(watch, load))}")

    async def _suffer(self, load: Load) -> None:
        works = [asyncio.create_task(self._undergo(one, load)) for one in self._timed]
        try:
            await asyncio.gather(*works)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _undergo(self, timed: Timed, load: Load) -> None:
        fault = timed.fault
        await asyncio.sleep(timed.at_s)
        self._mark(Mark.FAULT, fault.what)
        self._setting.progress.detail(fault.what)
        try:
            async with asyncio.timeout(None if fault.planned else FAULT_LIMIT_S):
                await self._all_acts(fault.inject)
                self._observed &= await self._expect(fault.observed, Mark.OBSERVED)
                if self._drill.isolates_writer:
                    await self._write_directly(load, timed.hold_s)
                else:
                    await asyncio.sleep(timed.hold_s)
        except TimeoutError:
            self._trouble.append(f"its safety limit of {FAULT_LIMIT_S:g} s was passed, and it was healed")
        except FestningError as error:
            self._observed = False
            self._trouble.append(error.message)
        finally:
            await to_its_end(self._heal(fault))

    async def _write_directly(self, load: Load, seconds: float) -> None:
        """Ask the cut-off writer itself to take writes, for as long as the fault is held."""
        host = self._parts.writer
        channel = await start_program(self._setting.hands, host, load.direct(host, seconds))
        try:
            while line := await channel.readline():
                self._direct.append(line.decode())
        finally:
            await channel.close()

    def _cuts(self) -> tuple[Cut, ...]:
        """When the writer was cut off for certain."""
        at = {moment.mark: moment.at for moment in self._moments}
        if not self._drill.isolates_writer or not {Mark.OBSERVED, Mark.HEAL} <= at.keys():
            return ()
        return (Cut(self._parts.writer, at[Mark.OBSERVED], at[Mark.HEAL]),)

    async def _heal(self, fault: Fault) -> None:
        if fault.heals_itself and await self._expect(fault.gone, Mark.HEALED):
            return
        if fault.heals_itself:
            self._trouble.append(f"it did not heal by itself: {fault.what}")
        self._mark(Mark.HEAL, fault.what)
        self._setting.progress.detail(f"heal: {fault.what}")
        for act in asyncio.as_completed([self._act(one) for one in fault.heal]):
            try:
                await act
            except FestningError as error:
                self._trouble.append(error.message)
        self._healed &= await self._expect(fault.gone, Mark.HEALED)

    async def _expect(self, signs: Iterable[Sign], mark: Mark) -> bool:
        """Look for all signs at once; whether all were seen."""
        setting = self._setting
        found = await asyncio.gather(*(look_for(setting.hands, sign, setting.clock) for sign in signs))
        self._seen += found
        missing = [seen.sign.what for seen in found if not seen.found]
        if not missing:
            self._mark(mark, max(found, key=lambda seen: seen.at).sign.what if found else "")
        return not missing

    async def _recover(self, watch: Watching, load: Load) -> float | None:
        """Wait until all is well; when it began to be."""
        self._setting.progress.detail("wait until all is well")
        well = await self._until_well(watch, load, self._setting.recovery_patience_s)
        if well is None:
            self._trouble += self._not_well(watch, load)
        else:
            self._moments.append(Moment(well, Mark.RECOVERED, "every door answers, and all parts are up"))
        return well

    async def _until_well(self, watch: Watching, load: Load | None, patience_s: float) -> float | None:
        """When it began to be well, once it has been for a while."""
        clock = self._setting.clock
        until, since = clock() + patience_s, None
        while clock() < until or since is not None:
            if self._not_well(watch, load):
                since = None
            else:
                since = clock() if since is None else since
                if clock() - since >= STEADY_S:
                    return since
            await asyncio.sleep(LOOK_S)
        return None

    def _not_well(self, watch: Watching, load: Load | None) -> tuple[str, ...]:
        if load is None:
            return watch.trouble()
        now = self._setting.clock()
        doors = (
            f"{door}: no good {kind.value} for a second"
            for (door, kind), latest in load.latest().items()
            if not latest.ended and (latest.failed_since or latest.good is None or now - latest.good > GOOD_WITHIN_S)
        )
        return (*watch.trouble(), *doors)

    async def _all_acts(self, acts: Iterable[Act]) -> None:
        await asyncio.gather(*(self._act(act) for act in acts))

    async def _act(self, act: Act) -> None:
        setting = self._setting
        if isinstance(act, Script):
            await do_script(setting.hands, act)
        elif isinstance(act, Power | SiteLink):
            await setting.hands.switch(act)
        else:
            said = await setting.stack.operate(act)
            self._seen.append(Seen(Sign(what=said), True, setting.clock(), f"an operator's work: {act}", said))

    async def _restore(self) -> None:
        for one in self._timed:
            await self._all_acts(one.fault.restore)

    async def _forget_the_silenced(self) -> None:
        """Connections to machines that lost their power are dead, though nobody told."""
        for name in sorted({name for one in self._timed for name in one.fault.silences}):
            await self._setting.connections.forget(name)

    def _mark(self, mark: Mark, what: str) -> None:
        self._moments.append(Moment(self._setting.clock(), mark, what))

    async def _come_to(self, loaded: Loaded, watch: Watching, recovered: float | None) -> DrillResult:
        hits = {name for one in self._timed for name in one.fault.hits}
        hurt = {outcome.door for outcome in loaded.outcomes if outcome.door.split(":")[0] in hits}
        front_doors = frozenset(stream.door for stream in self._places.streams)
        figures = felt(loaded.outcomes, self._moments, hurt, front_doors)
        witnessed = Witnessed(
            writer_before=self._parts.writer,
            writer_after=await self._setting.stack.writer(),
            front_doors=front_doors,
            trouble=tuple(self._trouble),
        )
        result = DrillResult(
            name=self._drill.name,
            about=self._drill.about,
            verdict=Verdict.UNKNOWN,
            write_gap_ms=_rounded(figures.write_gap_ms),
            read_gap_ms=_rounded(figures.read_gap_ms),
            load_late_ms=_rounded(figures.load_late_ms),
            requests=figures.requests,
            failed_requests=figures.failed,
            unknown_requests=figures.unknown,
            acknowledged_writes=figures.acknowledged_writes,
            lost_writes=len(loaded.lost),
            fault_observed=self._observed,
            healed=self._healed,
            recovered_s=None if recovered is None else round(max(0.0, recovered - self._counted_from()), 1),
            doors=figures.doors,
            checked=loaded.checked,
            moments=tuple(sorted(self._moments, key=lambda moment: moment.at)),
            seen=tuple((seen.command, seen.output) for seen in sorted(self._seen, key=lambda seen: seen.at)),
            outcomes=loaded.outcomes,
            sights=tuple(watch.sights),
        )
        return judged(result, self._drill.asks, witnessed, hurt)

    def _counted_from(self) -> float:
        """Recovery counts from the last heal; where nobody healed, from the last fault."""
        heals = [moment.at for moment in self._moments if moment.mark is Mark.HEAL]
        return max(heals or [moment.at for moment in self._moments if moment.mark is Mark.FAULT])


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it, and only then be cancelled: a fault must not outlive whoever made it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
