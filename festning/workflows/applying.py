"""``apply``: makes the hosts what the fortress declares, wave by wave, and tells how it went on each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from festning.engine.apply import ApplyResult, LockedError
from festning.engine.apply import Progress as Event
from festning.engine.apply import apply as carry_out
from festning.engine.connections import Connections
from festning.model.plan import Plan
from festning.workflows.compiling import Sources, read_sources
from festning.workflows.completing import complete_vault
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.planning import Planned, make_plan
from festning.workflows.progress import Progress

PATIENCE = 40
PAUSE_S = 2.0
"""How often, and how long each time, an interrupted apply of the same operator is waited for."""


async def apply_file(
    file: Path, surroundings: Surroundings, *, lab: bool, now: Callable[[], datetime], progress: Progress
) -> tuple[Plan, ApplyResult]:
    """``apply`` on a file's fortress, which is up."""
    opened = open_fortress(file, surroundings, lab=lab, create_vault=True)
    async with Connections(opened.endpoints()) as connections:
        sources = read_sources(opened.fortress)
        operator = surroundings.operator
        return await apply(opened, sources, connections, operator=operator, now=now(), progress=progress)


async def apply(
    opened: Opened, sources: Sources, connections: Connections, *, operator: str, now: datetime, progress: Progress
) -> tuple[Plan, ApplyResult]:
    """Complete the vault, look, plan, and carry the plan out."""
    complete_vault(opened, sources, now)
    progress.stage(f"Look at {len(opened.fortress.hosts)} hosts")

    async def planning() -> Planned:
        return await make_plan(opened, sources, connections)

    planned, result = await carry_out_patiently(await planning(), planning, connections, operator, progress)
    return planned.plan, result


async def carry_out_patiently(
    planned: Planned,
    plan_again: Callable[[], Awaitable[Planned]],
    connections: Connections,
    operator: str,
    progress: Progress,
    *,
    rolled_back_to: int | None = None,
    exactly: bool = False,
) -> tuple[Planned, ApplyResult]:
    """Carry a plan out; where an interrupted apply of the same operator has the lock, wait for its end and plan again.

    Raises :class:`LockedError` when somebody else is at work, or one's own work takes too long; with ``exactly``,
    :class:`OutdatedPlanError` when a host moved.
    """
    for left in reversed(range(PATIENCE)):
        try:
            return planned, await carry_out_planned(
                planned, connections, operator, progress, rolled_back_to=rolled_back_to, exactly=exactly
            )
        except LockedError as error:
            if error.operator != operator or not left:
                raise
            # Its agents still end the part at hand, or a change that nobody confirmed is still to be taken back.
            progress.stage(f"Wait for your own apply on {error.host}, at work since {error.since}, to end")
            await asyncio.sleep(PAUSE_S)
            planned = await plan_again()
    raise AssertionError("the last try returns or raises")


async def carry_out_planned(
    planned: Planned,
    connections: Connections,
    operator: str,
    progress: Progress,
    *,
    rolled_back_to: int | None = None,
    exactly: bool = False,
) -> ApplyResult:
    """Carry a plan out, and tell the listener what goes on."""
    progress.stage(f"Apply {planned.plan.changes} changes")

    def hear(event: Event) -> None:
        progress.detail(f"{event.wave.name.lower()}: {event.host}: {event.kind} {event.target}")

    return await carry_out(
        planned.plan,
        planned.catalogs,
        connections,
        operator=operator,
        serial_order=planned.serial_order,
        rolled_back_to=rolled_back_to,
        exactly=exactly,
        progress=hear,
    )
