"""The difference between a host's catalog and its facts, as operations in the order in which they are to be done. Pure.

In each system: what has left goes first from running and last from disk; then accounts, directories and files; then
what is enabled; then reactions; then units, steps and gates in the catalog's own order, since a step may be what makes
a unit startable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from festning.engine.drainplan import gates, with_drains
from festning.engine.pathplan import PathPlanner
from festning.engine.sealed import SealedCatalog
from festning.engine.unitplan import MANAGER, Reactions, UnitPlanner
from festning.model.catalog import NOTE, Account, Directory, File, Package, Step, SystemCatalog, Unit, Wave
from festning.model.facts import HostFacts, ManagedSystem, Unreachable
from festning.model.plan import HostPlan, Kind, Operation


def plan_host(sealed: SealedCatalog, facts: HostFacts | Unreachable) -> HostPlan:
    """What is to be done on a host so that it becomes what its catalog says."""
    if isinstance(facts, Unreachable):
        return HostPlan.of_unreachable(facts)
    planner = _Planner(sealed, facts)
    return HostPlan(
        host=facts.host,
        operations=tuple(planner.operations()),
        generation=facts.generation,
        notes=tuple(planner.notes()),
    )


@dataclass(frozen=True, slots=True)
class _Departed:
    """What an earlier apply placed for a system and the catalog no longer has anywhere."""

    units: tuple[str, ...]
    paths: tuple[str, ...]


class _Planner:
    def __init__(self, sealed: SealedCatalog, facts: HostFacts) -> None:
        self._catalog = sealed.catalog
        self._redact = sealed.redact
        self._facts = facts
        self._declared = {item.key for _, item in self._catalog.items()}
        self._left = frozenset(
            unit for one in facts.managed for unit in one.units if f"unit:{unit}" not in self._declared
        )
        self._named = {item.name for _, item in self._catalog.items() if isinstance(item, Unit)} | {
            reaction.unit for _, item in self._catalog.items() if isinstance(item, File) for reaction in item.on_change
        }
        self._installs = [name for name in self._catalog.packages if name not in facts.packages]
        self._paths = PathPlanner(sealed, facts)
        self._units = UnitPlanner(self._catalog, facts, installing=bool(self._installs))

    def operations(self) -> Iterator[Operation]:
        found = list(self._all())
        yield from found or self._held()

    def _held(self) -> Iterator[Operation]:
        """An apply that was killed at its very end has left nothing to do but that: any apply lets go of them."""
        if self._facts.held and self._catalog.systems:
            first = self._catalog.systems[0]
            why = "units that packages brought still wait for an apply that was interrupted"
            yield Operation(wave=first.wave, system=first.system, kind=Kind.RELOAD, target=MANAGER, why=why)

    def _all(self) -> Iterator[Operation]:
        yield from self._packages()
        remaining = {system.system for system in self._catalog.systems}
        for wave in Wave:
            for system in self._catalog.systems:
                if system.wave is wave:
                    yield from self._system(system)
            for managed in reversed(self._facts.managed):
                if managed.wave is wave and managed.system not in remaining:
                    yield from self._departed_system(managed)

    def notes(self) -> Iterator[str]:
        """What the checks of telling steps saw that is nobody's to change."""
        for said in self._facts.said.values():
            yield from (self._redact(line.removeprefix(NOTE)) for line in said.splitlines() if line.startswith(NOTE))

    def _packages(self) -> Iterator[Operation]:
        """All packages at once, before anything else: one run of apt."""
        owners: dict[str, str] = {}
        for system, item in self._catalog.items():
            if isinstance(item, Package):
                owners.setdefault(item.name, system)
        for name in self._installs:
            yield Operation(
                wave=Wave.GROUND, system=owners[name], kind=Kind.INSTALL, target=name, why="is not installed"
            )

    def _system(self, system: SystemCatalog) -> list[Operation]:
        departed = self._departed(system.system)
        files = [item for item in system.items if isinstance(item, File)]
        found = list(self._units.retired(system, departed.units))
        found += self._accounts(system)
        placed = [
            operation
            for item in system.items
            if isinstance(item, File | Directory)
            for operation in self._paths.place(system, item)
        ]
        removed = list(self._paths.remove(system, departed.paths))
        found += [*placed, *removed, *self._paths.tidy(system)]
        found += self._units.enabling(system)
        owed = self._interrupted(system.system)
        reactions = Reactions.of(files, placed, removed, owed, departed.units).without(self._left)
        found += with_drains(system, self._units.reacting(system, reactions, touched=bool(placed or removed)))
        found += self._in_order(system, touched=bool(placed or removed))
        return [*found, *gates(system, "something changed")] if found else []

    def _accounts(self, system: SystemCatalog) -> Iterator[Operation]:
        for item in system.items:
            if isinstance(item, Account) and item.name not in self._facts.accounts:
                yield Operation(
                    wave=system.wave, system=system.system, kind=Kind.ACCOUNT, target=item.name, why="does not exist"
                )

    def _in_order(self, system: SystemCatalog, *, touched: bool) -> Iterator[Operation]:
        for item in system.items:
            if isinstance(item, Unit):
                yield from self._units.running(system, item, touched=touched)
            elif isinstance(item, Step) and not self._facts.steps.get(item.name, False):
                yield self._step(system, item)

    def _step(self, system: SystemCatalog, item: Step) -> Operation:
        said = self._facts.said.get(item.name, "").splitlines(keepends=True)
        wrong = "".join(line for line in said if not line.startswith(NOTE))
        return Operation(
            wave=system.wave,
            system=system.system,
            kind=Kind.STEP,
            target=item.name,
            why="its check says no",
            diff=self._redact(wrong) or None,
        )

    def _departed(self, system: str) -> _Departed:
        """In reverse order of placement. A path that another system has taken over has not departed."""
        for managed in self._facts.managed:
            if managed.system == system:
                return _Departed(
                    tuple(unit for unit in reversed(managed.units) if f"unit:{unit}" not in self._declared),
                    tuple(path for path in reversed(managed.paths) if f"path:{path}" not in self._declared),
                )
        return _Departed((), ())

    def _departed_system(self, managed: ManagedSystem) -> list[Operation]:
        departed = self._departed(managed.system)
        empty = SystemCatalog(system=managed.system, wave=managed.wave, items=())
        units, paths = self._units.retired(empty, departed.units), self._paths.remove(empty, departed.paths)
        return [*units, *paths, *self._paths.tidy(empty)]

    def _interrupted(self, system: str) -> Reactions:
        """What an earlier apply still owes, of what the catalog still speaks of."""
        for one in self._facts.interrupted:
            if one.system == system:
                why = "an earlier apply was interrupted before it"
                restart = {unit: why for unit in one.restart if unit in self._named}
                return Reactions(restart, {unit: why for unit in one.reload if unit in self._named})
        return Reactions({}, {})
