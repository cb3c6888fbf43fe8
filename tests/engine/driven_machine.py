"""A host that tests drive: observe, plan and apply in one call, with what was heard on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from festning.engine.apply import ApplyResult, Progress, apply
from festning.engine.connections import Connections
from festning.engine.conversation import RUN_DIRECTORY, STATE_DIRECTORY
from festning.engine.endpoint import Endpoint
from festning.engine.observe import observe
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import HostCatalog, Item, SystemCatalog, Wave
from festning.model.facts import HostFacts
from festning.model.plan import Plan

PASSWORD = "correct-horse-battery"


def system(*items: Item, name: str = "demo", wave: Wave = Wave.GROUND) -> SystemCatalog:
    return SystemCatalog(system=name, wave=wave, items=items)


def sealed(host: str, systems: tuple[SystemCatalog, ...]) -> SealedCatalog:
    return SealedCatalog(HostCatalog(host, systems), {"pw": PASSWORD}.__getitem__)


@dataclass
class Machine:
    """A host behind ``endpoint``."""

    endpoint: Endpoint
    state_directory: str = STATE_DIRECTORY
    run_directory: str = RUN_DIRECTORY
    events: list[Progress] = field(default_factory=list)
    step_begun: asyncio.Event = field(default_factory=asyncio.Event)
    before_apply: Callable[[], object] = lambda: None

    def hear(self, event: Progress) -> None:
        self.events.append(event)
        if event.kind == "step":
            self.step_begun.set()

    def converge(self, *systems: SystemCatalog, operator: str = "kari@desk") -> tuple[Plan, ApplyResult]:
        return asyncio.run(self.converging(*systems, operator=operator))

    def plan(self, *systems: SystemCatalog) -> Plan:
        async def planning() -> Plan:
            async with Connections([self.endpoint]) as connections:
                return await self._plan(sealed(self.endpoint.host, systems), connections)

        return asyncio.run(planning())

    async def converging(self, *systems: SystemCatalog, operator: str = "kari@desk") -> tuple[Plan, ApplyResult]:
        closed = sealed(self.endpoint.host, systems)
        async with Connections([self.endpoint]) as connections:
            plan = await self._plan(closed, connections)
            self.before_apply()
            result = await apply(
                plan,
                {self.endpoint.host: closed},
                connections,
                operator=operator,
                progress=self.hear,
                state_directory=self.state_directory,
                run_directory=self.run_directory,
            )
        return plan, result

    async def _plan(self, closed: SealedCatalog, connections: Connections) -> Plan:
        host = self.endpoint.host
        facts = (await observe({host: closed}, connections, state_directory=self.state_directory))[host]
        assert isinstance(facts, HostFacts), facts
        return Plan(fortress="nordlys", hosts=(plan_host(closed, facts),))
