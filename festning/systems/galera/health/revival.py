"""Asking for what the daemon has no right to do: a file in a runtime directory of its own, which systemd watches.

It asks for the end of a stuck server, and for an attempt to form the group. Who does it takes nothing from the request
but its name.
"""

from __future__ import annotations

import os


def request(folder: str, name: str) -> None:
    """Leave a request. Raises :class:`OSError`."""
    os.close(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
