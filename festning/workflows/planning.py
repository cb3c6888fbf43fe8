"""``plan``: what is desired, what is, and the difference, on all hosts in one look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.drift import name_drift
from festning.engine.inquiry import inquire
from festning.engine.observe import observe_host
from festning.engine.planner import plan_host
from festning.engine.questions import ask_all
from festning.engine.sealed import SealedCatalog
from festning.errors import EXIT_UNREACHABLE, FestningError, VaultError
from festning.model.facts import HostFacts, Unreachable
from festning.model.fortress import Fortress
from festning.model.plan import Plan
from festning.systems.galera.probing import observation_probe
from festning.systems.galera.recovery.formation import Formation, FormationRefusedError, decide
from festning.systems.galera.recovery.observation import parse_observation
from festning.systems.galera.start import IN_PRIMARY
from festning.workflows.compiling import Sources, compile_in_turn, read_sources
from festning.workflows.completing import complete_vault
from festning.workflows.opening import Opened

Facts = Mapping[str, HostFacts | Unreachable]


class CannotFormError(FestningError):
    """The database is down, and starting it from any data node could lose data."""


class UnseenError(FestningError):
    """How the database should start cannot be told, because data nodes could not be reached; it says why not."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, refused: FormationRefusedError, unseen: Sequence[Unreachable], *, seen: bool) -> None:
        what, then = refused.message, [refused.hint]
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

    Raises :class:`CannotFormError` when the database is down and starting it could lose data.
    """
    fortress = opened.fortress
    connections.begin(Verb.OBSERVE)
    catalogs, facts = await _look(opened, sources, connections, meanwhile)
    formation = await _formation(fortress, facts, connections)
    if formation != Formation.running():
        # How the database starts changes what its steps do, not what was looked at.
        catalogs = seal(opened, sources, formation)
    plans = tuple(plan_host(catalogs[host.name], facts[host.name]) for host in fortress.hosts)
    names = tuple(core.name for core in fortress.cores)
    order = formation.order(names)
    return Planned(Plan(fortress=fortress.name, hosts=plans, order=order), catalogs, order, facts)


async def _look(
    opened: Opened, sources: Sources, connections: Connections, meanwhile: Callable[[], object] | None
) -> tuple[dict[str, SealedCatalog], Facts]:
    """What every host should be, and is. A host looks as soon as its catalog is made, while the next one's is."""
    loop = asyncio.get_running_loop()
    made: dict[str, asyncio.Future[SealedCatalog]] = {host.name: loop.create_future() for host in opened.fortress.hosts}

    def make() -> None:
        for name, sealed in _in_turn(opened, sources, Formation.running()):
            loop.call_soon_threadsafe(made[name].set_result, sealed)

    async def look(host: str) -> HostFacts | Unreachable:
        return await observe_host(await made[host], connections)

    looks = {host: asyncio.create_task(look(host)) for host in made}
    try:
        await asyncio.to_thread(make)
        if meanwhile is not None:
            await asyncio.to_thread(meanwhile)
        facts = {host: await one for host, one in looks.items()}
    finally:
        for one in looks.values():
            one.cancel()
        await asyncio.gather(*looks.values(), return_exceptions=True)
    return {host: sealed.result() for host, sealed in made.items()}, facts


def seal(opened: Opened, sources: Sources, formation: Formation) -> dict[str, SealedCatalog]:
    """What every host should be, with all references filled."""
    return dict(_in_turn(opened, sources, formation))


def _in_turn(opened: Opened, sources: Sources, formation: Formation) -> Iterator[tuple[str, SealedCatalog]]:
    for catalog in compile_in_turn(opened.fortress, sources, formation):
        yield catalog.host, SealedCatalog(catalog, opened.vault.lookup)


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
        if unseen:
            raise UnseenError(error, unseen, seen=bool(seen)) from None
        raise CannotFormError(error.message, hint=error.hint) from None
