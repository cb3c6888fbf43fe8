"""What watchers told, as sights, and what a fortress looks like when all is well. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from festning.model.drill import Sight
from festning.model.fortress import Fortress

UNSEEN = "not seen"
"""The state of what nobody can look at: its host has no power, or is out of reach."""
WELL = frozenset({"up", "writer", "synced"})


def sight(line: str) -> Sight:
    """One line of a watcher. Raises :class:`ValueError` for what no watcher says."""
    told = json.loads(line)
    try:
        return Sight(at=float(told["at"]), subject=str(told["subject"]), state=str(told["state"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a watcher's line: {line[:100]!r}") from error


def subjects(fortress: Fortress) -> dict[str, tuple[str, ...]]:
    """What is watched on each host."""
    cores = {core.name for core in fortress.cores}
    return {
        host.name: (
            *(f"{host.name}: tunnel to {hub.name}" for hub in fortress.hubs_of(host)),
            *((f"{host.name}: database",) if host.name in cores else ()),
        )
        for host in fortress.hosts
    }


def not_well(fortress: Fortress, states: Mapping[str, str]) -> tuple[str, ...]:
    """What is not as it is to be, each as ``subject: state``; nothing when tunnels are up and one is writer."""
    wrong = [
        f"{subject}: {states.get(subject, UNSEEN)}"
        for mine in subjects(fortress).values()
        for subject in mine
        if states.get(subject, UNSEEN) not in WELL
    ]
    writers = [subject for subject, state in states.items() if state == "writer"]
    if not wrong and len(writers) != 1:
        wrong.append(f"{len(writers)} data nodes take writes")
    return tuple(wrong)
