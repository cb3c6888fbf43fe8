"""Verifies right after a change, and looks again at what is not well: tunnels and checks settle within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime

from festning.engine.connections import Connections
from festning.model.check import Verdict
from festning.model.listing import listed
from festning.workflows.opening import Opened
from festning.workflows.progress import Progress
from festning.workflows.verifying import Verification, verify

SETTLING = 4
SETTLING_PAUSE_S = 3.0
"""How often, and after how long each time, what is not well right after a change is looked at again."""
NAMED = 3
"""How many of the checks that are waited for are named."""


async def verify_settled(
    opened: Opened,
    connections: Connections,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
    *,
    changed: bool,
    hosts: Collection[str] | None = None,
) -> Verification:
    """Run every check, or the light ones of ``hosts``; where something was changed, a few times what is not well."""
    verification = await verify(opened, connections, now, token, progress, hosts=hosts)
    for _ in range(SETTLING if changed else 0):
        if verification.verdict is Verdict.PASS:
            break
        progress.stage(f"Wait: {_told(verification)} may still be settling after the change")
        await asyncio.sleep(SETTLING_PAUSE_S)
        verification = await verify(opened, connections, now, token, progress, before=verification, hosts=hosts)
    return verification


def _told(verification: Verification) -> str:
    return listed((f"{name} on {host}" for name, host in sorted(verification.not_well)), NAMED)
