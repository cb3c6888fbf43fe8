"""``restart``: gives everything that festning runs new processes, wave by wave, as an apply that changes no file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from festning.engine.apply import ApplyResult
from festning.engine.connections import Connections
from festning.engine.questions import ask_all
from festning.engine.renewal import left_alone, plan_renewal
from festning.errors import FestningError, UsageError
from festning.model.plan import Plan
from festning.systems.galera.writer import parse_writer, writer_probe
from festning.workflows.applying import carry_out_planned
from festning.workflows.compiling import read_sources
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.planning import Planned, make_plan
from festning.workflows.progress import Progress


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be restarted: these hosts and systems only; all where none is named."""

    hosts: frozenset[str]
    systems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Restart:
    """A rolling restart: its plan, and how it was carried out (``None`` when it was only planned).

    ``left`` are the units that it leaves alone, each with the reason.
    """

    plan: Plan
    result: ApplyResult | None
    left: tuple[tuple[str, str], ...]


async def restart_file(
    file: Path, surroundings: Surroundings, scope: Scope, *, lab: bool, only_plan: bool, progress: Progress
) -> Restart:
    """Restart a file's fortress, which is up, or plan to.

    Raises :class:`FestningError` when changes are pending: a restart would make a part of them effective, untested.
    """
    opened = open_fortress(file, surroundings, lab=lab)
    _check(opened, scope)
    async with Connections(opened.endpoints()) as connections:
        progress.stage(f"Look at {len(opened.fortress.hosts)} hosts")
        pending = await make_plan(opened, read_sources(opened.fortress), connections)
        if pending.plan.changes:
            raise FestningError(
                f"{pending.plan.changes} changes are pending, and a restart would make some of them effective",
                hint="festning plan shows them; apply first, then restart",
            )
        planned, left = await _plan(opened, pending, scope, connections)
        result = None
        if not only_plan:
            result = await carry_out_planned(planned, connections, surroundings.operator, progress)
    return Restart(planned.plan, result, left)


def _check(opened: Opened, scope: Scope) -> None:
    known = {host.name for host in opened.fortress.hosts}
    if unknown := sorted(scope.hosts - known):
        raise UsageError(f"there is no host {unknown[0]}", hint=f"the hosts are {', '.join(sorted(known))}")


async def _plan(
    opened: Opened, pending: Planned, scope: Scope, connections: Connections
) -> tuple[Planned, tuple[tuple[str, str], ...]]:
    chosen = [host.name for host in opened.fortress.hosts if not scope.hosts or host.name in scope.hosts]
    catalogs = {name: pending.catalogs[name] for name in chosen}
    systems = {one.system for sealed in pending.catalogs.values() for one in sealed.catalog.systems}
    if unknown := sorted(scope.systems - systems):
        raise UsageError(f"there is no system {unknown[0]}", hint=f"the systems are {', '.join(sorted(systems))}")
    plans = tuple(plan_renewal(catalogs[name], pending.facts[name], scope.systems) for name in chosen)
    left = dict(one for sealed in catalogs.values() for one in left_alone(sealed.catalog, scope.systems))
    order = await _writer_last(opened, chosen, connections)
    plan = Plan(fortress=opened.fortress.name, hosts=plans)
    return Planned(plan, catalogs, order, pending.facts), tuple(left.items())


async def _writer_last(opened: Opened, chosen: Iterable[str], connections: Connections) -> tuple[str, ...]:
    """The data nodes, the one that takes the writes last: so the writer moves once."""
    names = [core.name for core in opened.fortress.cores if core.name in chosen]
    answers = await ask_all([writer_probe(name) for name in names], connections)
    writers = {parse_writer(answer) for answer in answers.values() if answer is not None}
    return tuple(sorted(names, key=lambda name: name in writers))
