"""Names the drift in a host's plan: what was changed on the host and not by festning, and what is known of it. Pure.

What festning itself last put at a path is in the host's manifest, so that a changed declaration and a changed host can
be told apart. Knows the rules by which they are; leaves making the operations to the planner, and asking the host's own
logs to ``inquiry``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from festning.model.catalog import HostCatalog, Step
from festning.model.facts import HostFacts, PathFact, Placed
from festning.model.inquired import NOTHING, Inquired, Told
from festning.model.plan import ABSENT, HostPlan, Kind, Last, Operation

_CLOCK_GRAIN_S = 1
"""Records are in whole seconds: what changed within the same one as festning's own change is not called later."""


def name_drift(plan: HostPlan, facts: HostFacts, catalog: HostCatalog, inquired: Inquired = NOTHING) -> HostPlan:
    """The same plan, each operation with whether it is drift, and with what is known of the last changes."""
    naming = _Naming(facts, catalog, inquired)
    writes = (naming.named(operation) for operation in plan.operations if operation.kind is Kind.WRITE)
    naming.declared_anew = {operation.system for operation in writes if not operation.drift}
    return replace(plan, operations=tuple(naming.named(operation) for operation in plan.operations))


class _Naming:
    def __init__(self, facts: HostFacts, catalog: HostCatalog, inquired: Inquired) -> None:
        self.declared_anew: set[str] = set()
        self._facts = facts
        self._inquired = inquired
        self._declared = {item.key for _, item in catalog.items()}
        self._telling = {item.name for _, item in catalog.items() if isinstance(item, Step) and item.tells}
        self._placed = {path: placed for one in facts.managed for path, placed in one.placed.items()}
        self._units = {unit for one in facts.managed for unit in one.units}
        self._latest = {one.system: _latest(one.placed.values()) for one in facts.managed}
        self._by_kind: dict[Kind, Callable[[Operation], Operation]] = {
            Kind.WRITE: self._write,
            Kind.CHMOD: self._attributes,
            Kind.MKDIR: self._attributes,
            Kind.REMOVE: self._removal,
            Kind.INSTALL: self._package,
            Kind.STEP: self._step,
            **dict.fromkeys((Kind.UNMASK, Kind.ENABLE, Kind.DISABLE, Kind.START, Kind.STOP), self._unit),
        }

    def named(self, operation: Operation) -> Operation:
        naming = self._by_kind.get(operation.kind)
        return operation if naming is None else naming(operation)

    def _write(self, operation: Operation) -> Operation:
        """Drift when the host no longer has what festning put there; the declaration may have changed as well."""
        placed = self._placed.get(operation.target)
        if placed is None:
            return operation
        if operation.before == placed.sha256:
            return replace(operation, why="the declaration changed", last=_last(placed))
        fact = self._facts.paths.get(operation.target)
        why = "was removed" if operation.before == ABSENT else operation.why
        why = "was edited" if fact is not None and fact.sha256 is not None else why
        also = "" if operation.after == placed.sha256 else ", and the declaration changed as well"
        return self._drift(operation, why + also, placed, _modified(fact))

    def _attributes(self, operation: Operation) -> Operation:
        """Drift when the path went, or its mode or owner was changed after festning was done with it."""
        placed = self._placed.get(operation.target)
        if placed is None:
            return operation
        fact = self._facts.paths.get(operation.target)
        if operation.kind is Kind.MKDIR:
            return self._drift(operation, "was removed" if fact is None else operation.why, placed, _modified(fact))
        if fact is None or not _later(fact.changed, placed):
            return replace(operation, last=_last(placed))
        return self._drift(operation, operation.why, placed, fact.changed)

    def _removal(self, operation: Operation) -> Operation:
        """Drift when it is a stranger in a directory of festning's; whoever owns it is likely who put it there."""
        placed = self._placed.get(operation.target)
        if placed is not None:
            return replace(operation, last=_last(placed))
        strangers = {path for paths in self._facts.foreign.values() for path in paths}
        if operation.target not in strangers or operation.system not in self._latest:
            return operation
        fact = self._facts.paths.get(operation.target)
        owner = "" if fact is None else f"its owner {fact.owner}"
        why = f"does not belong in {operation.target.rpartition('/')[0]}"
        return self._drift(operation, why, self._latest[operation.system], _modified(fact), owner)

    def _unit(self, operation: Operation) -> Operation:
        """Drift when festning had set it going, or when it moved after festning was done with its system."""
        latest = self._latest.get(operation.system)
        if operation.system not in self._latest or f"unit:{operation.target}" not in self._declared:
            return operation
        fact = self._facts.units.get(operation.target)
        if operation.kind is Kind.START and fact is not None and fact.is_running:
            return operation  # Its conditions keep it away; it is only tried again because files change.
        moved = fact is not None and _later(fact.since, latest)
        if operation.target not in self._units and not moved:
            return operation
        since = fact.since if fact is not None and moved and operation.kind in (Kind.START, Kind.STOP) else 0
        return self._drift(operation, operation.why, latest, since)

    def _package(self, operation: Operation) -> Operation:
        """Drift when apt's history knows that it was removed from a host that festning had been on."""
        operation = replace(operation, version=self._inquired.versions.get(operation.target, ""))
        told = self._inquired.removed.get(operation.target)
        if told is None or not self._latest:
            return operation
        last = replace(_last(self._latest.get(operation.system)), since=told.at, by=told.by)
        return replace(operation, drift=True, why="was removed", last=last)

    def _step(self, operation: Operation) -> Operation:
        """Drift when its check can tell, and nothing in the system is declared anew that could be why."""
        known = operation.system in self._latest and operation.target in self._telling
        if not known or operation.system in self.declared_anew:
            return operation
        return self._drift(operation, "is not so any more", self._latest[operation.system], 0)

    def _drift(self, operation: Operation, why: str, placed: Placed | None, since: int, by: str = "") -> Operation:
        told = self._inquired.touched.get(operation.target, Told())
        last = replace(_last(placed), since=_utc(since) or told.at, by=told.by or by)
        return replace(operation, drift=True, why=why, last=last)


def _last(placed: Placed | None) -> Last:
    if placed is None:
        return Last()
    return Last(at=placed.at, operator=placed.operator, generation=placed.generation)


def _latest(placed: Iterable[Placed]) -> Placed | None:
    return max(placed, key=lambda one: one.generation, default=None)


def _modified(fact: PathFact | None) -> int:
    return 0 if fact is None else fact.modified


def _later(seconds: int, placed: Placed | None) -> bool:
    """Whether that was after festning's own change."""
    if placed is None or not placed.at:
        return False
    return seconds > datetime.fromisoformat(placed.at).timestamp() + _CLOCK_GRAIN_S


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
