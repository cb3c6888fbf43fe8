"""Operations on systemd units: what is to be enabled, started, stopped, and what reacts to changed files. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from festning.model.catalog import File, HostCatalog, Restart, SystemCatalog, Unit
from festning.model.facts import NO_UNIT, HostFacts, UnitFact
from festning.model.plan import Kind, Operation

MANAGER = "systemd"
"""The target of a reload that makes systemd itself read its unit files again."""


@dataclass(frozen=True, slots=True)
class Reactions:
    """Units to restart and to reload, each with the reason."""

    restart: dict[str, str]
    reload: dict[str, str]

    @classmethod
    def of(
        cls,
        files: list[File],
        placed: list[Operation],
        removed: list[Operation],
        owed: Reactions,
        retired: tuple[str, ...] = (),
    ) -> Reactions:
        """What changed files ask for, each unit once; a restart makes a reload needless.

        A removed file cannot ask any more: the files beside it do, or all of the system's when there are none.
        What was there for a ``retired`` unit alone has nobody left to ask for.
        """
        restart, reload = dict(owed.restart), dict(owed.reload)
        asking = {operation.target: operation.target for operation in placed}
        for operation in removed:
            if any(_is_of(operation.target, unit) for unit in retired):
                continue
            beside = [
                file for file in files if PurePosixPath(file.path).parent == PurePosixPath(operation.target).parent
            ]
            for file in beside or files:
                asking.setdefault(file.path, operation.target)
        for file in files:
            if file.path not in asking:
                continue
            for reaction in file.on_change:
                chosen = restart if isinstance(reaction, Restart) else reload
                chosen.setdefault(reaction.unit, f"{asking[file.path]} changes")
        return cls(restart, {unit: why for unit, why in reload.items() if unit not in restart})

    def without(self, units: frozenset[str]) -> Reactions:
        """Reactions of all but ``units``, which no system runs any more."""
        return Reactions(
            {unit: why for unit, why in self.restart.items() if unit not in units},
            {unit: why for unit, why in self.reload.items() if unit not in units},
        )


def _is_of(path: str, unit: str) -> bool:
    """Whether a file is a unit's own by its name: unit file, drop-in, or what is called after a template's instance."""
    parts = PurePosixPath(path).parts
    if any(part in (unit, f"{unit}.d") for part in parts):
        return True
    instance = unit.partition("@")[2].rpartition(".")[0]
    return instance != "" and any(part.startswith((f"{instance}.", f"{instance}-")) for part in parts)


class UnitPlanner:
    """Plans the units of one host."""

    def __init__(self, catalog: HostCatalog, facts: HostFacts, *, installing: bool) -> None:
        self._facts = facts
        self._installing = installing
        self._declared = {item.name: item for _, item in catalog.items() if isinstance(item, Unit)}

    def retired(self, system: SystemCatalog, units: Iterable[str]) -> Iterator[Operation]:
        """Units that an earlier catalog ran and none does now."""
        why = "is no longer declared"
        for unit in units:
            if not self._fact(unit).is_stopped:
                yield self._operation(system, Kind.STOP, unit, why)
        for unit in units:
            if not self._fact(unit).is_disabled:
                yield self._operation(system, Kind.DISABLE, unit, why)

    def enabling(self, system: SystemCatalog) -> Iterator[Operation]:
        units = _units(system)
        for item in units:
            fact = self._fact(item.name)
            if not item.enabled and not fact.is_disabled:
                yield self._operation(system, Kind.DISABLE, item.name, f"is {fact.file_state}")
            elif not item.enabled and not fact.exists and self._installing:
                yield self._operation(system, Kind.DISABLE, item.name, "Debian enables what it installs")
        for item in units:
            if (item.enabled or item.running) and self._fact(item.name).is_masked:
                yield self._operation(system, Kind.UNMASK, item.name, "is masked")
        for item in units:
            fact = self._fact(item.name)
            if item.enabled and not fact.is_enabled:
                yield self._operation(system, Kind.ENABLE, item.name, f"is {fact.file_state or 'not there yet'}")

    def reacting(self, system: SystemCatalog, reactions: Reactions, *, touched: bool) -> Iterator[Operation]:
        """Reactions of units that run and are meant to; whatever is to be started anyway needs no restart."""
        if not touched and any(self._fact(item.name).needs_daemon_reload for item in _units(system)):
            yield self._operation(system, Kind.RELOAD, MANAGER, "has not read a unit file as it is now")
        for unit, why in reactions.restart.items():
            if self._reacts(unit, touched=touched):
                yield self._operation(system, Kind.RESTART, unit, why)
        for unit, why in reactions.reload.items():
            if self._reacts(unit, touched=touched):
                yield self._operation(system, Kind.RELOAD, unit, why)

    def running(self, system: SystemCatalog, item: Unit, *, touched: bool) -> Iterator[Operation]:
        fact = self._fact(item.name)
        if item.running and self._to_start(fact, touched=touched):
            why = (
                "is not there yet" if not fact.exists else f"is {fact.active}" + (f" ({fact.sub})" if fact.sub else "")
            )
            yield self._operation(system, Kind.START, item.name, why)
        elif not item.running and not fact.is_stopped:
            yield self._operation(system, Kind.STOP, item.name, f"is {fact.active}")

    def _reacts(self, unit: str, *, touched: bool) -> bool:
        declared = self._declared.get(unit)
        if declared is None:
            return True
        return declared.running and not self._to_start(self._fact(unit), touched=touched)

    def _to_start(self, fact: UnitFact, *, touched: bool) -> bool:
        """A unit that its conditions kept away is tried again when files change: they may be what it waits for.

        So it is where an interrupted apply holds units by a condition of its own.
        """
        tried_again = touched or self._facts.held
        return not fact.is_running or (tried_again and fact.condition_failed and fact.active == "inactive")

    def _fact(self, unit: str) -> UnitFact:
        return self._facts.units.get(unit, NO_UNIT)

    def _operation(self, system: SystemCatalog, kind: Kind, target: str, why: str) -> Operation:
        seen = None if target == MANAGER else self._fact(target).token
        return Operation(wave=system.wave, system=system.system, kind=kind, target=target, why=why, seen=seen)


def _units(system: SystemCatalog) -> list[Unit]:
    return [item for item in system.items if isinstance(item, Unit)]
