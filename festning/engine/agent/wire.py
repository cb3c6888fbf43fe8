"""JSON lines to and from the operator, over standard input and output.

An operator who goes away must not stop a change halfway: writing to nobody is not an error here, and whether anybody is
still there is something to ask (:meth:`Inbox.gone`).
"""

from __future__ import annotations

import os
import select
import sys
import time

from festning.engine.agent.brief_json import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Inbox:
    """Requests, one JSON document a line. Reads the descriptor itself, so that nothing hides in a buffer."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._pending = b""
        self._ended = False
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN | select.POLLHUP)

    def next(self, patience_s: float | None = None) -> dict[str, Any] | None:
        """The next request, or ``None`` at the end of input, or when nothing came for ``patience_s`` seconds."""
        deadline = None if patience_s is None else time.monotonic() + patience_s
        while b"\n" not in self._pending:
            if self._ended or not self._receive(None if deadline is None else deadline - time.monotonic()):
                return None
        line, self._pending = self._pending.split(b"\n", 1)
        request: dict[str, Any] = loads(line)
        return request

    def gone(self) -> bool:
        """Whether the operator has closed the connection."""
        while not self._ended and self._receive(0):
            pass
        return self._ended

    def _receive(self, patience_s: float | None) -> bool:
        if patience_s is not None and patience_s < 0:
            return False
        if not self._poll.poll(None if patience_s is None else patience_s * 1000):
            return False
        data = os.read(self._descriptor, 1 << 20)
        self._pending += data
        self._ended = not data
        return True


def fault(error: Exception) -> dict[str, Any]:
    """The answer when it cannot be done: an error that has a hint is in words already."""
    hint = getattr(error, "hint", None)
    if hint is not None:
        return {"error": str(error), "hint": hint}
    return {"error": f"{type(error).__name__}: {error}"}


def emit(document: dict[str, Any]) -> None:
    """One line to the operator, if there still is one."""
    try:
        sys.stdout.write(dumps(document) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The change goes on without an audience; the descriptor is replaced so that exiting does not fail on it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
