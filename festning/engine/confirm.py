"""Proving over a new connection that one can still get into a host whose ground has just changed.

New in every sense: TCP, the login, the agent. What the old connection still carries says nothing about the next one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.conversation import ask
from festning.errors import FestningError

PATIENCE_S = 10.0
"""How long to try; the host's own window (``agent.guard.WINDOW_S``) is longer."""
RETURN_S = 45.0
"""How long a host may take to put a change back by itself and to let one in again."""
PAUSE_S = 0.3
NOBODY_CAME = "nobody could connect anew"
PUT_BACK = "put back as it was"


async def confirm(host: str, connections: Connections, state_directory: str) -> bool:
    """Whether the change on ``host`` is confirmed: it stays."""
    return await _asked(host, connections, {"state": state_directory, "keep": True}, PATIENCE_S) == "confirmed"


async def decided(host: str, connections: Connections, state_directory: str) -> str:
    """What became of a change that was not confirmed: ``reverted``, or ``""`` where nobody gets in to ask."""
    return await _asked(host, connections, {"state": state_directory, "keep": False}, RETURN_S)


async def _asked(host: str, connections: Connections, request: dict[str, Any], patience_s: float) -> str:
    try:
        async with asyncio.timeout(patience_s):
            while True:
                outcome = await _once(host, connections, request)
                if outcome not in (None, "armed"):
                    return outcome
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        return ""


async def _once(host: str, connections: Connections, request: dict[str, Any]) -> str | None:
    try:
        connection = await connections.anew(host)
        try:
            answer = await ask(host, connection, Verb.CONFIRM, request)
        finally:
            await connection.close()
    except FestningError:
        return None  # Not getting in is what this is about; whoever asked tries again, or says so.
    return str(answer["outcome"])
