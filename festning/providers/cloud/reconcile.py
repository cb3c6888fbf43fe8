"""Compares what is declared with what the tags find: which machines are adopted, made, destroyed, or nobody's any more.

Pure. Leaves the doing to whoever asks: nothing here says that an orphan may be destroyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from festning.providers.cloud.rented import Place, Rented

_NO_DATE = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is to be done. Each machine that was found is in exactly one of ``adopt``, ``twins`` and ``orphans``.

    ``adopt`` is by host. ``create`` names hosts without a machine. ``twins`` are second machines of a host that has
    one: a run asked for one, was not answered, and asked again. They never were part of the fortress, since the oldest
    is always the one that is adopted. ``orphans`` are for hosts that are not declared, or not at that place.
    """

    adopt: Mapping[str, Rented]
    create: tuple[str, ...]
    twins: tuple[Rented, ...]
    orphans: tuple[Rented, ...]


def reconcile(declared: Mapping[str, Place], found: Iterable[Rented]) -> Reconciled:
    """Compare the declared places of rented hosts with the machines found under the fortress's claim, in any order.

    A machine found twice, because two sites are in one account, counts once.
    """
    machines = sorted({(one.place.provider, one.id): one for one in found}.values(), key=_age)
    adopt: dict[str, Rented] = {}
    twins, orphans = [], []
    for machine in machines:
        if declared.get(machine.host) != machine.place:
            orphans.append(machine)
        elif machine.host in adopt:
            twins.append(machine)
        else:
            adopt[machine.host] = machine
    create = tuple(host for host in declared if host not in adopt)
    return Reconciled(adopt, create, tuple(twins), tuple(orphans))


def _age(machine: Rented) -> tuple[datetime, int, str, Place]:
    """The oldest first, the same way every time; of ids that are numbers, lower ones are older."""
    return machine.created or _NO_DATE, len(machine.id), machine.id, machine.place
