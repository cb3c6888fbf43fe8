"""asyncssh, imported without its search for libraries that nothing here uses.

asyncssh looks for liboqs (key exchange after quantum computers) and nettle (UMAC) with ``ctypes.util.find_library``,
which runs ldconfig and a compiler for each name: a third of the time that the import takes. Neither algorithm is among
those that ``ssh`` offers. X.509 host keys it can use only where pyOpenSSL is installed, which festning does not ask
for; it finds that out after it has loaded another tenth of a second's worth of modules.
"""

from __future__ import annotations

import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_X509 = "asyncssh.crypto.x509"


def _nothing(name: str) -> str | None:  # noqa: ARG001 (called as the function that it stands in for)
    return None


@contextmanager
def _without_a_search() -> Iterator[None]:
    search = ctypes.util.find_library
    ctypes.util.find_library = _nothing
    sys.modules[_X509] = None  # type: ignore[assignment]  # What Python documents for "do not import this".
    try:
        yield
    finally:
        ctypes.util.find_library = search
        del sys.modules[_X509]


with _without_a_search():
    import asyncssh

__all__ = ["asyncssh"]
