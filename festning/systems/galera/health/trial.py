"""One replicated write of our own, in a thread of its own, for as long as it takes: does it come back?

A statement of ``poller`` is given up soon, for the answer's sake, and says nothing about whether it would have ended.
One at a time: each write that hangs keeps a connection of the server's. Leaves what it means to ``stuck``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from .database import Session
from .decision import Token

TIMEOUT = 60.0
"""Seconds after which a write is given up: longer than it may wait for a row (``database.PATIENT``)."""


def in_background(job: Callable[[], None]) -> None:
    """Run a job in a thread that does not keep the process from ending."""
    threading.Thread(target=job, name="trial", daemon=True).start()


class Trial:
    """``connect`` opens a session that is patient; ``start`` runs a job elsewhere, and is replaceable for tests."""

    def __init__(
        self, connect: Callable[[], Session], start: Callable[[Callable[[], None]], None] = in_background
    ) -> None:
        self._connect = connect
        self._start = start
        self._under_way = False

    @property
    def under_way(self) -> bool:
        """Whether a write has neither succeeded nor failed yet."""
        return self._under_way

    def begin(self, token: Token) -> None:
        """Write the token's row as it is, unless a write is under way already."""
        if not self._under_way:
            self._under_way = True
            self._start(lambda: self._write(token))

    def _write(self, token: Token) -> None:
        try:
            session = self._connect()
            try:
                session.touch(token)
            finally:
                session.close()
        except Exception:  # noqa: BLE001, S110 -- whatever the driver raises: a refusal is an answer as well.
            pass
        finally:
            self._under_way = False
