"""Puts a change back that nobody confirmed in time (``watch``), or that a power cut left unconfirmed (``boot``).

Runs on its own: it lives on when the agent and sshd are killed, and when killed itself is started again.
"""

from __future__ import annotations

import os
import sys
import time

from festning.engine.agent.guard import WINDOW_S, put_back
from festning.engine.agent.pending import NOBODY_CAME, WENT_DOWN, Pending

LONGEST_WORK_S = 300.0
"""How long an agent may be at work; one that takes longer is stuck."""
INTERVAL_S = 0.25


def watch(pending: Pending) -> None:
    """Wait until it is decided, or time is up: the window is counted from the end of the agent's work, or of itself."""
    last = time.monotonic() + LONGEST_WORK_S
    deadline = time.monotonic() + WINDOW_S
    while pending.armed and not pending.being_put_back and time.monotonic() < deadline:
        time.sleep(INTERVAL_S)
        if time.monotonic() < last and pending.at_work():
            deadline = time.monotonic() + WINDOW_S
    if pending.armed:
        put_back(pending, NOBODY_CAME)


def main() -> None:
    """``watch`` or ``boot``; the program lies in the directory that it is about."""
    os.umask(0o022)
    pending = Pending(os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[0]))))
    if sys.argv[1] == "watch":
        watch(pending)
    elif pending.armed:
        put_back(pending, WENT_DOWN, booting=True)
