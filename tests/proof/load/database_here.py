"""A database on this machine that understands what the load's sessions say, and may be told to go wrong.

SQLite behind the little of PyMySQL that a session uses. ``wrong`` decides for each statement: nothing, an error that
the server answers with before or after it did what was asked, or a server that does not answer at all.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from festning.proof.histories.operation import Item, Row
from festning.proof.load.statements import Session
from festning.proof.load.tables import OPENING, Has

TABLES = {"numbers": "n", "set": "s", "list": "l", "bank": "b"}
_SPOKEN = (
    ("ON DUPLICATE KEY UPDATE items = CONCAT(items, ',', %s)", "ON CONFLICT DO UPDATE SET items = items || ',' || %s"),
    ("@@wsrep_node_name", "'core1'"),
    ("NOW(6)", "0"),
    ("%s", "?"),
)


class ServerError(Exception):
    """What PyMySQL raises: a number and words."""


@dataclass(frozen=True)
class Wrong:
    """What goes wrong with a statement: the error's number, and whether the statement was done before."""

    code: int
    done: bool = False
    hangs: bool = False


class Database:
    """The store, in a file of its own."""

    def __init__(self, path: Path, wrong: Callable[[str], Wrong | None] = lambda _statement: None) -> None:
        self.path = path / "store"
        self.wrong = wrong
        self.opened = 0
        with sqlite3.connect(self.path) as store:
            store.executescript("""
                PRAGMA journal_mode = WAL;
                CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, number, node, placed);
                CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT, set_key, item);
                CREATE TABLE l (list_key PRIMARY KEY, items);
                CREATE TABLE b (account PRIMARY KEY, balance);
            """)
            store.executemany("INSERT INTO b VALUES (?, ?)", OPENING.items())

    def connect(self) -> Session:
        self.opened += 1
        return Session(_Connection(self))

    def has(self) -> Has:
        with sqlite3.connect(self.path) as store:
            return Has(
                numbers=tuple(Row(number) for (number,) in store.execute("SELECT number FROM n")),
                items=tuple(Item(key, item) for key, item in store.execute("SELECT set_key, item FROM s")),
                lists={key: tuple(items.split(",")) for key, items in store.execute("SELECT * FROM l")},
                balances=dict(store.execute("SELECT * FROM b").fetchall()),
            )


class _Connection:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._sock, self._other_end = socket.socketpair()
        # As the server: autocommit, and nobody waits long for a lock.
        self._store = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False, timeout=1)
        self._store.execute("PRAGMA synchronous = OFF")

    def cursor(self) -> _Cursor:
        return _Cursor(self._database, self._store)

    def _force_close(self) -> None:
        self._store.close()
        self._sock.close()
        self._other_end.close()


class _Cursor:
    def __init__(self, database: Database, store: sqlite3.Connection) -> None:
        self._database = database
        self._store = store
        self._rows: list[Any] = []

    def __enter__(self) -> _Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, values: tuple[Any, ...] | None) -> None:
        if statement.startswith("SHOW"):
            self._rows = [("wsrep_node_name", "core1")]
            return
        if statement == "ROLLBACK" and not self._store.in_transaction:  # To the server that is nothing.
            return
        wrong = self._database.wrong(statement)
        if wrong is not None and not wrong.done:
            self._fail(wrong)
        for theirs, ours in _SPOKEN:
            statement = statement.replace(theirs, ours)
        try:
            self._rows = self._store.execute(statement, values or ()).fetchall()
        except sqlite3.OperationalError as error:  # Somebody else has the lock.
            raise ServerError(1213, str(error)) from error
        if wrong is not None:
            self._fail(wrong)

    def _fail(self, wrong: Wrong) -> None:
        if wrong.hangs:
            threading.Event().wait(60)
        raise ServerError(wrong.code, "as told")

    def fetchall(self) -> list[Any]:
        return self._rows
