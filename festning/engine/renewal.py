"""A rolling restart as a plan: new processes for every unit that runs, in waves, with drains and gates. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from festning.engine.drainplan import gates, with_drains
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import HostCatalog, Renewal, SystemCatalog, Unit, Wave
from festning.model.facts import NO_UNIT, HostFacts, Unreachable
from festning.model.plan import HostPlan, Kind, Operation

_KINDS = {Renewal.RESTART: Kind.RESTART, Renewal.RELOAD: Kind.RELOAD}
WHY = "rolling restart"


def plan_renewal(sealed: SealedCatalog, facts: HostFacts | Unreachable, systems: frozenset[str]) -> HostPlan:
    """The rolling restart of one host, of these systems only; of all when there are none."""
    if isinstance(facts, Unreachable):
        return HostPlan.of_unreachable(facts)
    chosen = [one for one in sealed.catalog.systems if not systems or one.system in systems]
    found = (operation for wave in Wave for one in chosen if one.wave is wave for operation in _system(one, facts))
    return HostPlan(host=facts.host, operations=tuple(found))


def left_alone(catalog: HostCatalog, systems: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The units that a rolling restart does not touch, each with the reason."""
    for system, item in catalog.items():
        if isinstance(item, Unit) and item.renewal is Renewal.NONE and (not systems or system in systems):
            yield item.name, item.left


def _system(system: SystemCatalog, facts: HostFacts) -> list[Operation]:
    renewed = [
        Operation(wave=system.wave, system=system.system, kind=_KINDS[item.renewal], target=item.name, why=WHY)
        for item in system.items
        if isinstance(item, Unit) and item.renewal in _KINDS and _runs(item, facts)
    ]
    found = list(with_drains(system, renewed))
    return [*found, *gates(system, WHY)] if found else []


def _runs(unit: Unit, facts: HostFacts) -> bool:
    """A unit that its conditions keep away, or that did its work and left, has no process to renew."""
    return unit.running and facts.units.get(unit.name, NO_UNIT).active in ("active", "reloading", "refreshing")
