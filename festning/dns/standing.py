"""Who stands in the answer, from looks at the front doors: quickly out, slowly in, and out for no unknown reason.

There is no file that remembers: whether a door stood is told by the zone itself. Pure; the looks come from a workflow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """What one look at a front door came to. ``UNKNOWN`` is a look that says nothing of the door: none was possible."""

    WELL = "well"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Patience:
    """Looks in a row: so many bad ones take a door out of the answer, so many good ones bring one in."""

    leave: int = 2
    back: int = 3


def stands(stood: bool, looks: Iterable[Look], patience: Patience = Patience()) -> bool:
    """Whether a door stands in the answer after looks in order, when before them it stood there or not."""
    against = 0
    for look in looks:
        turns = look is (Look.DEAD if stood else Look.WELL)
        against = against + 1 if turns else 0
        if against >= (patience.leave if stood else patience.back):
            stood, against = not stood, 0
    return stood
