"""asyncssh, imported without its search for libraries that nothing here uses.

asyncssh looks for liboqs (key exchange after quantum computers) and nettle (UMAC) with ``ctypes.util.find_library``,
which runs ldconfig and a compiler for each name: a third of the time that the import takes. Neither algorithm is among
those that ``ssh`` offers.
"""

from __future__ import annotations

import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager


def _nothing(name: str) -> str | None:  # noqa: ARG001 (called as the function that it stands in for)
    return None


@contextmanager
def _without_a_search() -> Iterator[None]:
    search = ctypes.util.find_library
    ctypes.util.find_library = _nothing
    try:
        yield
    finally:
        ctypes.util.find_library = search


with _without_a_search():
    import asyncssh

__all__ = ["asyncssh"]
