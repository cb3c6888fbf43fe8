"""The verb ``confirm``: that it runs at all is the proof that somebody can still get in."""

from __future__ import annotations

from festning.engine.agent.pending import Pending
from festning.engine.agent.wire import Inbox, emit, fault


def main() -> None:
    """Answer one request: with ``keep`` the change is confirmed, unless it was put back; without, only told of."""
    request = Inbox().next()
    if request is None:
        return
    pending = Pending(request["state"])
    try:
        if request["keep"]:
            emit({"outcome": pending.confirm()})
        else:
            emit({"outcome": "armed" if pending.armed else pending.outcome})
    except OSError as error:
        emit(fault(error))
