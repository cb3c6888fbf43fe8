"""One question to several hosts, for decisions that need an answer before anything is planned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

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


async def _ask(probe: Probe, connections: Connections) -> str | None:
    request = {"probes": [[probe.script, probe.interpreter, probe.timeout_s]], "at_once": 1}
    try:
        connection = await connections.to(probe.host)
        answer = await ask(probe.host, connection, Verb.PROBE, request)
    except FestningError:
        return None  # Not being able to ask is the answer here; the caller decides what follows.
    told = answer["outputs"][0]
    return str(told["stdout"]) if isinstance(told["status"], int) else None
