"""Looking at many hosts at once, one round trip each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.conversation import STATE_DIRECTORY, ask_started
from festning.engine.orders import observe_request
from festning.engine.sealed import SealedCatalog
from festning.errors import FestningError
from festning.model.catalog import Wave
from festning.model.facts import (
    HostFacts,
    Interrupted,
    ManagedSystem,
    PathFact,
    PathKind,
    Placed,
    UnitFact,
    Unreachable,
)


async def observe(
    catalogs: Mapping[str, SealedCatalog], connections: Connections, *, state_directory: str = STATE_DIRECTORY
) -> dict[str, HostFacts | Unreachable]:
    """Facts by host, in the order of ``catalogs``.

    A host that cannot be reached, or that cannot be looked at, is in the result and never blocks the others.
    """
    looks = [observe_host(sealed, connections, state_directory=state_directory) for sealed in catalogs.values()]
    return dict(zip(catalogs, await asyncio.gather(*looks), strict=True))


async def observe_host(
    sealed: SealedCatalog, connections: Connections, *, state_directory: str = STATE_DIRECTORY
) -> HostFacts | Unreachable:
    """Facts of one host."""
    host = sealed.catalog.host
    try:
        agent = await connections.agent(host, Verb.OBSERVE)
        answer = await ask_started(agent, observe_request(sealed, state_directory))
    except FestningError as error:
        return Unreachable.because(host, error)
    try:
        return facts_from(host, answer["facts"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{host}: {state_directory}/manifest.json has what this festning does not know: {error}"
        return Unreachable(host=host, reason=reason, hint="use the version of festning that wrote it, or a newer one")


def _placed(told: dict[str, Any]) -> Placed:
    return Placed(
        sha256=told.get("sha256"),
        at=told.get("at", ""),
        operator=told.get("operator", ""),
        generation=told.get("generation", 0),
    )


def facts_from(host: str, told: dict[str, Any]) -> HostFacts:
    """The agent's answer as facts."""
    return HostFacts(
        host=host,
        paths={path: PathFact(**{**fact, "kind": PathKind(fact["kind"])}) for path, fact in told["paths"].items()},
        units={unit: UnitFact(**fact) for unit, fact in told["units"].items()},
        packages=told["packages"],
        accounts=frozenset(told["accounts"]),
        foreign={directory: tuple(entries) for directory, entries in told["foreign"].items()},
        steps=told["steps"],
        said=told.get("said", {}),
        managed=tuple(
            ManagedSystem(
                system=name,
                wave=Wave[one["wave"].upper()],
                paths=tuple(one["paths"]),
                units=tuple(one["units"]),
                placed={path: _placed(entry) for path, entry in one.get("placed", {}).items()},
            )
            for name, one in told["managed"].items()
        ),
        interrupted=tuple(
            Interrupted(
                system=name,
                restart=tuple(one["restart"]),
                reload=tuple(one["reload"]),
                temporaries=tuple(one["temporaries"]),
            )
            for name, one in told["interrupted"].items()
        ),
        generation=told.get("generation", 0),
        held=told.get("held", False),
        os_release=told["os_release"],
        boot_id=told["boot_id"],
        time=told["time"],
    )
