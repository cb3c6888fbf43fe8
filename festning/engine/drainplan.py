"""What surrounds the change of a system so that no traffic is lost: drains around units, and gates at the end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from festning.model.catalog import Drain, Gate, SystemCatalog
from festning.model.plan import Kind, Operation


def with_drains(system: SystemCatalog, reactions: Iterable[Operation]) -> Iterator[Operation]:
    """The reactions of a system: those that no drain is declared for, then each drain around its own.

    Drains go one after another, in the catalog's order, so that two links of a host are never down together.
    """
    reactions = list(reactions)
    drains = [item for item in system.items if isinstance(item, Drain)]
    drained = {unit for drain in drains for unit in drain.units}
    yield from (reaction for reaction in reactions if reaction.target not in drained)
    for drain in drains:
        mine = [reaction for reaction in reactions if reaction.target in drain.units]
        if mine:
            yield _operation(system, drain, Kind.DRAIN, f"before {_what(mine)}")
            yield from mine
            yield _operation(system, drain, Kind.RESUME, f"after {_what(mine)}")


def gates(system: SystemCatalog, why: str) -> Iterator[Operation]:
    """What must be well again after anything of a system was changed."""
    for item in system.items:
        if isinstance(item, Gate):
            yield _operation(system, item, Kind.GATE, why)


def _what(reactions: list[Operation]) -> str:
    return " and ".join(f"{reaction.target} is {reaction.kind.value}ed" for reaction in reactions)


def _operation(system: SystemCatalog, item: Drain | Gate, kind: Kind, why: str) -> Operation:
    return Operation(wave=system.wave, system=system.system, kind=kind, target=item.name, why=why)
