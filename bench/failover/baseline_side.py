"""The side of 2014: the same drills on the baseline stack, in a lab of its own.

Nobody watches its parts, as nobody did: it is well when every door answers, and whole between drills.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from bench.baseline import database
from bench.baseline.layout import Layout, Member
from bench.baseline.raising import Baseline, raise_baseline
from bench.failover import baseline_drills
from bench.failover.evidence import keep
from bench.failover.fortress_side import EDGES, Manner, prefix
from bench.failover.measured import Label
from bench.failover.running import Side
from festning.engine.connections import Connections
from festning.errors import FestningError
from festning.model.drill import DrillResult, Sight
from festning.model.fortress import Fortress
from festning.model.material import Authority
from festning.proof.drills.drill import Drill
from festning.proof.faults.fault import Operation, RollingRestart, Script
from festning.proof.faults.parts import Parts
from festning.workflows.drilling import Setting, run_drill
from festning.workflows.hands import Hands, LabHands, do_script
from festning.workflows.loading import Places

NAME = "2014"
LAB = "bench-2014"
RESTART_S = 90.0
"""For which an operator waits for one host's units."""


class Unwatched:
    """Nobody looks at the parts."""

    @property
    def sights(self) -> tuple[Sight, ...]:
        return ()

    def trouble(self) -> tuple[str, ...]:
        return ()

    async def __aenter__(self) -> Unwatched:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class OldStack:
    """The baseline, as a drill has to know a stack."""

    baseline: Baseline
    hands: Hands

    @property
    def fortress(self) -> Fortress:
        return self.baseline.fortress

    def places(self, per_second: float) -> Places:
        """Its doors, and one session with the database where it is another machine's, as for every web node."""
        session = self.baseline.session
        return Places(
            fortress=self.fortress,
            streams=self.baseline.streams(per_second),
            authority=self.baseline.stage.opened().vault.lookup(Authority.WEB.certificate),
            schema=self.baseline.layout.shop.schema,
            sessions={session.host: session.environment},
        )

    def watch(self) -> Unwatched:
        return Unwatched()

    async def parts(self) -> Parts:
        return baseline_drills.parts(self.baseline.layout)

    async def writer(self) -> str | None:
        return self.baseline.layout.first.name

    def places_by_name(self, per_second: float) -> Places:
        del per_second
        raise FestningError("the stack of 2014 leaves its names to whoever keeps them")

    async def operate(self, operation: Operation) -> str:
        """A restart of everything; it knows nothing else."""
        if not isinstance(operation, RollingRestart):
            raise FestningError(f"the stack of 2014 has no way to do that: {operation}")
        return await self._restart()

    async def _restart(self) -> str:
        """Host by host, the web nodes first and the one with the hub last, each when the one before it is back."""
        layout = self.baseline.layout
        for member in (*layout.webs, layout.arbitrator, layout.second, layout.first):
            await do_script(self.hands, Script(host=member.name, text=_restart(layout, member), timeout_s=RESTART_S))
        return "every host's units were restarted, one host after the other"


def side(manner: Manner, patience_s: float) -> Side:
    """Drills by name; what has not come back after ``patience_s`` stays down. All is kept where a write was lost."""
    return Side(
        name=NAME,
        raised=partial(_raised, manner, patience_s),
        drill=lambda name, _number: baseline_drills.drill(name),
        telling=lambda run: bool(run.loud),
    )


@contextmanager
def _raised(manner: Manner, patience_s: float) -> Iterator[Up]:
    manner.progress.stage("raise the stack of 2014")
    with TemporaryDirectory() as folder, raise_baseline(Path(folder), LAB, EDGES) as baseline:
        yield Up(manner, patience_s, baseline)


@dataclass(frozen=True, slots=True)
class Up:
    """The stack of 2014 on its lab."""

    manner: Manner
    patience_s: float
    baseline: Baseline

    def perform(self, drill: Drill) -> DrillResult:
        self.baseline.await_whole()
        return asyncio.run(self._perform(drill))

    def keep(self, result: DrillResult, label: Label) -> None:
        self.manner.progress.stage(f"kept: {keep(self.manner.evidence, label, result, self.baseline.stage)}")

    async def _perform(self, drill: Drill) -> DrillResult:
        opened = self.baseline.stage.opened()
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            hands = LabHands(self.baseline.stage.lab())
            setting = Setting(
                stack=OldStack(self.baseline, hands),
                connections=connections,
                hands=hands,
                clock=time.time,
                prefix=prefix,
                progress=self.manner.progress,
                volume=self.manner.volume,
                recovery_patience_s=self.patience_s,
            )
            return await run_drill(setting, drill)


def _restart(layout: Layout, member: Member) -> str:
    """What an operator types on a host: its services, its database until that is synced, and its tunnel last."""
    web = ("nginx.service", baseline_drills.SERVICE)
    units: tuple[str, ...] = (baseline_drills.TUNNEL,)
    if member in layout.webs:
        units = (*web, baseline_drills.TUNNEL)
    elif member == layout.arbitrator:
        units = ("garb.service", baseline_drills.TUNNEL)
    else:
        ends = baseline_drills.HUB if member == layout.first else baseline_drills.TUNNEL
        units = (baseline_drills.FRONT_DOOR, *web, baseline_drills.DATABASE, ends)
    lines = []
    for unit in units:
        lines.append(f"systemctl restart {unit}")
        if unit == baseline_drills.DATABASE:
            lines.append(f"until {database.SYNCED.strip()}; do sleep 0.2; done")
    return "set -e\n" + "\n".join(lines) + "\n"
