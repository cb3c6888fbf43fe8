"""How a list of names is told to a person: the first of them, and how many more."""

from __future__ import annotations

from collections.abc import Iterable


def listed(names: Iterable[str], most: int) -> str:
    """The names with commas between them; beyond ``most``, that many and the number of the others."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
