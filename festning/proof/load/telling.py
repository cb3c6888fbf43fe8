"""What every program of a load does: tell what it does as JSON lines, know the time, and hear that it is to stop.

Runs on machines of the fortress: the standard library only. A line is told when something begins, and when it ends, so
that what was under way when a machine dies is known too:

* ``{"began": TIME}`` first, and ``{"sent": COUNT}`` last: the program came to its end, and everything has been told
* ``{"begin": ATTEMPT, "request", "door", "kind", "book", "function", "value", "due", "at"}``
* ``{"end": ATTEMPT, "at", "fate", "why", "node", "value", "more"}``: ``more`` says that the request is tried again

Times are seconds since the epoch by the machine's clock when the program began, counted on by its monotonic clock: a
clock that is set meanwhile changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EPOCH = time.time() - time.monotonic()

OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
"""What became of an attempt. ``failed``: it has had no effect, for certain."""


PRIORITY = -10
"""A niceness: before the services of a fortress, and after its tunnels."""


def now() -> float:
    """The time, in seconds since the epoch."""
    return _EPOCH + time.monotonic()


def served_first() -> None:
    """Run before what shares the machine's processors, where that is allowed.

    In a lab the fortress does. The public has processors of its own, and is not slowed down by what a fortress has to
    do: without this, that would be measured as slow answers. Both settings, since the kernel may share its time among
    sessions first, and only then among the processes of each (sched(7), "The autogroup feature").
    """
    with contextlib.suppress(OSError):
        if os.getsid(0) != os.getpid():
            os.setsid()  # A session of its own: the priority of whoever began this is not ours to change.
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        Path("/proc/self/autogroup").write_text(str(PRIORITY), encoding="ascii")


class Teller:
    """Tells lines from a thread of its own: a reader who is cut off must not hold up the load."""

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._tell_all, daemon=True)
        self._thread.start()

    def tell(self, document: dict[str, Any]) -> None:
        """One line, whole, soon."""
        self._lines.put(json.dumps(document, separators=(",", ":")) + "\n")

    def close(self, patience_s: float) -> None:
        """Wait until everything is told, or nobody takes it."""
        self._lines.put(None)
        self._thread.join(patience_s)

    def _tell_all(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                sys.stdout.write(line)
                sys.stdout.flush()
        except (OSError, ValueError):
            return  # Nobody listens any more: what is told from now on stays in the queue.


def told_to_stop() -> threading.Event:
    """An event that is set when standard input ends."""
    stop = threading.Event()

    def listen() -> None:
        while os.read(0, 4096):
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    return stop
