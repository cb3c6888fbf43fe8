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
    return await _ask_each({host: {"state": state_directory} for host in hosts}, connections)


async def recall_generations(
    numbers: Mapping[str, int], connections: Connections, *, state_directory: str = STATE_DIRECTORY
) -> dict[str, Memory]:
    """By host, its generation of that number: ``generation`` whole, ``missing`` paths and ``texts`` by digest."""
    requests = {host: {"state": state_directory, "number": number} for host, number in numbers.items()}
    return await _ask_each(requests, connections)


async def _ask_each(requests: Mapping[str, dict[str, Any]], connections: Connections) -> dict[str, Memory]:
    answers = await asyncio.gather(*(_ask(host, connections, request) for host, request in requests.items()))
    return dict(zip(requests, answers, strict=True))


async def _ask(host: str, connections: Connections, request: dict[str, Any]) -> Memory:
    try:
        return await ask_started(await connections.agent(host, Verb.RECALL), request)
    except FestningError as error:
        return Unreachable.because(host, error)
