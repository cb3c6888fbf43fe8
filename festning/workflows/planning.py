"""``plan``: what is desired, what is, and the difference, on all hosts in one look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.drift import name_drift
from festning.engine.inquiry import inquire
from festning.engine.observe import observe
from festning.engine.planner import plan_host
from festning.engine.questions import ask_all
from festning.engine.sealed import SealedCatalog
from festning.errors import EXIT_UNREACHABLE, FestningError, VaultError
from festning.model.facts import HostFacts, Unreachable
from festning.model.fortress import Fortress
from festning.model.plan import Plan
from festning.systems.galera.facts import observation_probe, parse_observation
from festning.systems.galera.formation import Formation, FormationRefusedError, decide
from festning.systems.galera.start import IN_PRIMARY
from festning.workflows.compiling import Sources, compile_catalogs, read_sources
from festning.workflows.completing import complete_vault
from festning.workflows.opening import Opened

Facts = Mapping[str, HostFacts | Unreachable]


class UnseenError(FestningError):
    """How the database should start cannot be told, because data nodes could not be reached; it says why not."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, refused: FormationRefusedError, unseen: Sequence[Unreachable], *, seen: bool) -> None:
        what, then = refused.message, [refused.hint or ""]
        if not seen:
            what, then = "no data node could be looked at", []
        hints = dict.fromkeys([*(one.hint for one in unseen if one.hint), *then])
        super().__init__("\n".join([what, *(one.reason for one in unseen)]), hint="\n".join(hints))


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with what it takes to carry it out: the sealed catalogs, and the order of the data nodes.

    ``facts`` are what it was made from.
    """

    plan: Plan
    catalogs: Mapping[str, SealedCatalog]
    serial_order: tuple[str, ...]
    facts: Facts = field(default_factory=dict)


async def plan(opened: Opened, connections: Connections, now: datetime, meanwhile: Callable[[], object]) -> Plan:
    """The plan of a fortress that is up. Changes nothing, not even the vault.

    ``meanwhile`` is done in a thread while the hosts look.
    """
    sources = read_sources(opened.fortress)
    try:
        planned = await make_plan(opened, sources, connections, meanwhile)
    except VaultError:
        # What is newly declared may need a key that an apply will make: look with one that nobody keeps.
        complete_vault(opened, sources, now, keep=False)
        planned = await make_plan(opened, sources, connections)
    return await explained(planned, connections)


async def explained(planned: Planned, connections: Connections) -> Plan:
    """The plan with its drift named, and with what the hosts that have some can tell about it."""
    hosts = planned.plan.hosts
    seen = {name: facts for name, facts in planned.facts.items() if isinstance(facts, HostFacts)}
    named = {
        host.host: name_drift(host, seen[host.host], planned.catalogs[host.host].catalog)
        for host in hosts
        if host.host in seen
    }
    told = await inquire(named.values(), connections)
    for name, inquired in told.items():
        catalog = planned.catalogs[name]
        named[name] = name_drift(planned.plan.of(name), seen[name], catalog.catalog, inquired)
    return replace(planned.plan, hosts=tuple(named.get(host.host, host) for host in hosts))


async def make_plan(
    opened: Opened, sources: Sources, connections: Connections, meanwhile: Callable[[], object] | None = None
) -> Planned:
    """Look at every host and plan the difference; ``meanwhile`` is done in a thread while the hosts look.

    Raises ``FormationRefusedError`` when the database is down and starting it could lose data.
    """
    fortress = opened.fortress
    connections.begin(Verb.OBSERVE)
    # In a thread of its own, so that hosts are at their part of the login meanwhile.
    catalogs = await asyncio.to_thread(seal, opened, sources, Formation.running())
    looks = asyncio.create_task(observe(catalogs, connections))
    if meanwhile is not None:
        await asyncio.to_thread(meanwhile)
    facts = await looks
    formation = await _formation(fortress, facts, connections)
    if formation != Formation.running():
        # How the database starts changes what its steps do, not what was looked at.
        catalogs = seal(opened, sources, formation)
    plans = tuple(plan_host(catalogs[host.name], facts[host.name]) for host in fortress.hosts)
    names = tuple(core.name for core in fortress.cores)
    order = formation.order(names)
    return Planned(Plan(fortress=fortress.name, hosts=plans, order=order), catalogs, order, facts)


def seal(opened: Opened, sources: Sources, formation: Formation) -> dict[str, SealedCatalog]:
    """What every host should be, with all references filled."""
    catalogs = compile_catalogs(opened.fortress, sources, formation)
    return {name: SealedCatalog(catalog, opened.vault.lookup) for name, catalog in catalogs.items()}


async def _formation(fortress: Fortress, facts: Facts, connections: Connections) -> Formation:
    """How the database starts; asked of the data nodes only when none of them is in a primary component."""
    cores = [core.name for core in fortress.cores]
    seen = [found for name in cores if isinstance(found := facts[name], HostFacts)]
    if any(found.steps.get(IN_PRIMARY) for found in seen):
        return Formation.running()
    answers = await ask_all([observation_probe(name) for name in cores], connections)
    observed = {name: None if answer is None else parse_observation(answer) for name, answer in answers.items()}
    try:
        return decide(observed)
    except FormationRefusedError as error:
        unseen = [found for name in cores if isinstance(found := facts[name], Unreachable)]
        raise UnseenError(error, unseen, seen=bool(seen)) if unseen else error from None
