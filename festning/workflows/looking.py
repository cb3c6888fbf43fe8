"""``plan``, begun so that hosts are at the login, and start their agents, while this process loads the rest of itself.

What compiles catalogs takes as long to load as all hosts take to answer; side by side they cost only the longer.
Leaves what a plan is to ``planning``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.workflows.opening import Opened, Surroundings, open_fortress

if TYPE_CHECKING:
    from festning.model.plan import Plan

    Planning = Callable[[Opened, Connections, datetime, Callable[[], object]], Awaitable[Plan]]


async def plan(
    file: Path, surroundings: Surroundings, *, lab: bool, now: datetime, meanwhile: Callable[[], object]
) -> Plan:
    """The plan of a file's fortress, which is up. Changes nothing, not even the vault.

    ``meanwhile`` is what the caller has to do that can be done while hosts answer, in a thread of its own.
    """
    opened = open_fortress(file, surroundings, lab=lab)
    async with Connections(opened.endpoints()) as connections:
        connections.begin(Verb.OBSERVE)
        planning = await asyncio.to_thread(_load_planning)
        return await planning(opened, connections, now, meanwhile)


def _load_planning() -> Planning:
    from festning.workflows import planning  # noqa: PLC0415

    return planning.plan
