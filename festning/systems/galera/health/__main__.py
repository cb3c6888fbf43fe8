"""The command line: ``serve ADDRESS PORT REQUESTS FORMING TOLD``, ``show``, ``move HOST``, ``handover``, ``make-way``.

``serve`` is the health daemon; ``REQUESTS`` and ``FORMING`` are the folders in which it asks for the end of a stuck
server and for the group to be formed, and ``TOLD`` is the file with what this data node says to the others then.
``handover`` runs before a planned stop of the database, as the server's own user, and ends well when there is nothing
to do; ``make-way`` is the same before a restart by festning, and waits for somebody to hand over to. Needs no argument
parser: people reach it through ``festning``.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import cast

from .database import Database
from .handover import CannotMoveError, hand_over, make_way
from .http import listen, serve
from .poller import Poller
from .revival import request
from .told import Told
from .trial import TIMEOUT, Trial

USAGE = "writer serve ADDRESS PORT REQUESTS FORMING TOLD | show | move HOST | handover | make-way"
PORT = 9200
PATIENCE = 3.0
"""Seconds that a statement of ``show``, ``move`` and ``handover`` may take."""


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    command, rest = (arguments[0] if arguments else ""), arguments[1:]
    if command == "serve" and len(rest) == 5:
        return _serve(rest[0], int(rest[1]), rest[2], rest[3], Told(Path(rest[4])))
    if command == "show" and not rest:
        return _show()
    if command in ("handover", "move") and len(rest) == (1 if command == "move" else 0):
        return _move(rest[0] if rest else None)
    if command == "make-way" and not rest:
        return _make_way()
    print(USAGE, file=sys.stderr)
    return 64


def _serve(address: str, port: int, requests: str, forming: str, told: Told) -> int:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    trial = Trial(lambda: Database(TIMEOUT))
    poller = Poller(Database, trial, lambda reason: request(requests, reason.value), lambda: request(forming, "group"))
    server = listen(address, port)
    # A daemon thread: a frozen database must not keep the process from ending.
    threading.Thread(target=poller.run, args=(stop,), name="poller", daemon=True).start()
    serve(server, poller.current, told.read, lambda: not stop.is_set())
    return 0


def _show() -> int:
    session = Database(PATIENCE)
    token, view = session.token(), session.view()
    print(f"writer {token.holder if token else 'none'}")
    print(f"node {view.node} {view.status} {view.state}")
    return 0


def _make_way() -> int:
    try:
        print(make_way(lambda: Database(PATIENCE), lambda session: cast("Database", session).addresses(PORT)))
    except CannotMoveError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _move(to: str | None) -> int:
    try:
        session = Database(PATIENCE)
        print(hand_over(session, session.addresses(PORT), to=to))
    except CannotMoveError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
