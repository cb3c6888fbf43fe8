"""Which host has which number on the bridge.

Numbers must not move when a host is added: they are addresses that running machines know each other by. So each role
counts from its own start, and a group of edges has room to grow before the next group begins. ``number:`` overrides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from festning.model.fortress import Role

FIRST = {Role.CORE: 1, Role.ARBITER: 8, Role.EDGE: 16}
GROUP_ROOM = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """What numbering needs of an entry under ``hosts:``. ``count`` is up to which number the names of a group go."""

    name: str
    role: Role
    count: int | None
    number: int | None


def first_numbers(entries: Iterable[Entry]) -> dict[str, int]:
    """The (first) number of each entry: as declared, otherwise the next free one of its role, in declaration order."""
    entries = tuple(entries)
    taken = {
        number
        for entry in entries
        if entry.number is not None
        for number in range(entry.number, entry.number + (entry.count or 1))
    }
    next_free = dict(FIRST)
    numbers: dict[str, int] = {}
    for entry in entries:
        if entry.number is not None:
            numbers[entry.name] = entry.number
            continue
        number = next_free[entry.role]
        size = entry.count or 1
        step = GROUP_ROOM if entry.count is not None else 1
        number += -number % step
        while (last := _last_taken(taken, number, size)) is not None:
            number = last + 1
            number += -number % step
        numbers[entry.name] = number
        taken.update(range(number, number + size))
        next_free[entry.role] = number + size + (-size % step)
    return numbers


def _last_taken(taken: set[int], number: int, size: int) -> int | None:
    """The last taken number of a range: the next place to try is after it, however many are tried."""
    return next((candidate for candidate in range(number + size - 1, number - 1, -1) if candidate in taken), None)
