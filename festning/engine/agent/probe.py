"""The verb ``probe``: run scripts that look at the running system, and hand back what they printed."""

from __future__ import annotations

import time

from festning.engine.agent.processes import run_all, script
from festning.engine.agent.wire import Inbox, emit


def main() -> None:
    """Answer one request: ``probes`` is a list of script, interpreter and timeout in seconds."""
    request = Inbox().next()
    if request is None:
        return
    began = time.monotonic()
    commands = [script(text, timeout, interpreter) for text, interpreter, timeout in request["probes"]]
    emit(
        {
            "outputs": [
                {
                    "status": ended.status,
                    "stdout": ended.stdout,
                    "stderr": ended.stderr,
                    "seconds": ended.seconds,
                    "started": ended.started - began,
                }
                for ended in run_all(commands, request["at_once"])
            ]
        }
    )
