"""Waiting for something to become true on the host."""

from __future__ import annotations

import time

from festning.engine.agent.processes import Ended, run, script

INTERVAL_S = 0.2


def wait_until(check: str, timeout_s: float) -> Ended:
    """Try a shell script every 0.2 s until it succeeds or time is up; the last try."""
    deadline = time.monotonic() + timeout_s
    while True:
        last = run(script(check, max(1.0, deadline - time.monotonic())))
        if last.ok or time.monotonic() + INTERVAL_S > deadline:
            return last
        time.sleep(INTERVAL_S)
