"""Asking for the end of a stuck server: a file in the daemon's own runtime directory, which systemd watches.

The daemon has no right to end the server. Whoever has takes nothing from the request but its name.
"""

from __future__ import annotations

import os

from .stuck import Reason


def request(folder: str, reason: Reason) -> None:
    """Leave a request. Raises :class:`OSError`."""
    os.close(os.open(f"{folder}/{reason.value}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
