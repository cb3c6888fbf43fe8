"""Asking hosts what they remember: their generations, what failed on them, and one generation to go back to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.conversation import STATE_DIRECTORY, ask_started
from festning.errors import FestningError
from festning.model.facts import Unreachable

Memory = dict[str, Any] | Unreachable


async def recall_histories(
    hosts: Iterable[str], connections: Connections, *, state_directory: str = STATE_DIRECTORY
) -> dict[str, Memory]:
    """By host: ``generations`` (their systems and packages left out, oldest first) and ``attempts`` that failed."""
    names = tuple(hosts)
    request = {"state": state_directory}
    answers = await asyncio.gather(*(_ask(name, connections, request) for name in names))
    return dict(zip(names, answers, strict=True))


async def recall_generations(
    numbers: Mapping[str, int], connections: Connections, *, state_directory: str = STATE_DIRECTORY
) -> dict[str, Memory]:
    """By host, its generation of that number: ``generation`` whole, ``missing`` paths and ``texts`` by digest."""
    requests = ({"state": state_directory, "number": number} for number in numbers.values())
    answers = await asyncio.gather(
        *(_ask(name, connections, request) for name, request in zip(numbers, requests, strict=True))
    )
    return dict(zip(numbers, answers, strict=True))


async def _ask(host: str, connections: Connections, request: dict[str, Any]) -> Memory:
    try:
        return await ask_started(await connections.agent(host, Verb.RECALL), request)
    except FestningError as error:
        return Unreachable(host=host, reason=error.message, hint=error.hint or "")
