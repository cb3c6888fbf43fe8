"""Probes put to hosts: their outcomes for checks, or one answer each for what must be known before a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.conversation import ask
from festning.errors import FestningError
from festning.model.check import Probe


async def ask_all(probes: Iterable[Probe], connections: Connections) -> dict[str, str | None]:
    """What each probe printed, by its host; ``None`` for a host that could not be asked, or did not answer in time."""
    probes = tuple(probes)
    answers = await asyncio.gather(*(_ask(probe, connections) for probe in probes))
    return {probe.host: answer for probe, answer in zip(probes, answers, strict=True)}


async def put(
    host: str, probes: Sequence[Probe], connections: Connections, *, at_once: int = 1
) -> list[dict[str, Any]]:
    """What each probe of one host came to, as its agent tells it. Raises what :mod:`conversation` raises."""
    request = {
        "probes": [[probe.script, probe.interpreter, probe.timeout_s] for probe in probes],
        "at_once": at_once,
    }
    answer = await ask(host, await connections.to(host), Verb.PROBE, request)
    outputs: list[dict[str, Any]] = answer["outputs"]
    return outputs


async def _ask(probe: Probe, connections: Connections) -> str | None:
    try:
        (told,) = await put(probe.host, [probe], connections)
    except FestningError:
        return None  # Not being able to ask is the answer here; the caller decides what follows.
    return str(told["stdout"]) if isinstance(told["status"], int) else None
