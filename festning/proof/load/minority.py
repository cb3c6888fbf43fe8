"""Writes straight to one data node, through its own socket, whether or not it is in the majority.

A program for a data node, as root, started by a way that works while the host is cut off. Its orders: ``host``,
``schema``, ``table`` (of the load's numbers), ``prefix``, ``per_second``, ``seconds`` and ``patience_s`` (for one
statement). It needs nothing on standard input, and ends by itself.
"""

from __future__ import annotations

import itertools
import os
import time
from functools import partial

from festning.proof.load.statements import Session, attempt, opened
from festning.proof.load.telling import Teller, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SOCKET = "/run/mysqld/mysqld.sock"


def insist(orders: dict[str, Any], teller: Teller, connect: Callable[[], Session]) -> int:
    """Try one insert after the other, each in a session of its own; how many there were."""
    began = now()
    columns = "(number, node, placed) VALUES (%s, @@wsrep_node_name, NOW(6))"
    statement = f"INSERT INTO {orders['table']} {columns}"
    for count in itertools.count(1):
        after = (count - 1) / orders["per_second"]
        if after >= orders["seconds"]:
            return count - 1
        due = began + after
        time.sleep(max(0.0, due - now()))
        number = f"{orders['prefix']}-{count}"
        begin = {"begin": count, "request": count, "door": orders["host"], "kind": "write", "book": "numbers"}
        teller.tell({**begin, "function": "write", "value": number, "due": due, "at": now()})
        ended = attempt(connect, partial(_insert, statement, number), Session.close)
        told = {"fate": ended.fate, "why": ended.why, "node": orders["host"], "value": None, "more": False}
        teller.tell({"end": count, "at": now(), **told})
    raise AssertionError


def _insert(statement: str, number: str, session: Session) -> None:
    session.commit(statement, number)


def main(orders: dict[str, Any]) -> None:
    """Do what the orders say."""

    def connect() -> Session:
        return opened(unix_socket=SOCKET, user="root", database=orders["schema"], patience_s=orders["patience_s"])

    teller = Teller()
    teller.tell({"began": now()})
    teller.tell({"sent": insist(orders, teller, connect)})
    teller.close(5.0)
    os._exit(0)
