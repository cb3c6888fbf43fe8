"""What the SQL load does in a session: writes and reads of numbers, sets, lists and a bank. Standard library only.

Each gives something of its own to write, so that attempts are never confused. Knows statements; leaves when they are
sent, and what becomes of them, to ``sessions``.
"""
# ruff: noqa: S608 -- the tables' names are the load's own, and no value is put into a statement's text.

from __future__ import annotations

import random
from typing import Any, NamedTuple

from festning.proof.load.telling import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from festning.proof.load.statements import Session

PERIOD_S = 10.0
"""After which a new set and a new list are begun, so that reading one stays cheap."""
READ_LAST = 20


class Doing(NamedTuple):
    """``function`` on the ``book`` with this ``value``: ``work`` does it in a session, and gives what it read."""

    book: str
    function: str
    value: Any
    work: Callable[[Session], Any]


class Transactions:
    """Everything that may be done with the tables (their names, by book) and accounts of one load."""

    def __init__(self, tables: dict[str, str], accounts: list[str], prefix: str) -> None:
        """``prefix`` begins all that is written."""
        self._tables = tables
        self._accounts = accounts
        self._prefix = prefix
        self._random = random.Random(prefix)  # noqa: S311 (who pays whom is no secret)
        self._makers: dict[str, Callable[[int], Doing]] = {
            "write": self._write,
            "add": self._add,
            "append": self._append,
            "transfer": self._transfer,
            "read numbers": self._read_numbers,
            "read set": self._read_set,
            "read list": self._read_list,
            "read bank": self._read_bank,
        }

    def make(self, what: str, number: int) -> Doing:
        """One of them, as the attempt of this number."""
        return self._makers[what](number)

    def _write(self, number: int) -> Doing:
        item = self._item(number)
        statement = (
            f"INSERT INTO {self._tables['numbers']} (number, node, placed) VALUES (%s, @@wsrep_node_name, NOW(6))"
        )
        return Doing("numbers", "write", item, lambda session: session.commit(statement, item))

    def _add(self, number: int) -> Doing:
        key, item = _key(), self._item(number)
        statement = f"INSERT INTO {self._tables['set']} (set_key, item) VALUES (%s, %s)"
        return Doing("set", "add", [key, item], lambda session: session.commit(statement, key, item))

    def _append(self, number: int) -> Doing:
        key, item = _key(), self._item(number)
        statement = (
            f"INSERT INTO {self._tables['list']} (list_key, items) VALUES (%s, %s) "
            "ON DUPLICATE KEY UPDATE items = CONCAT(items, ',', %s)"
        )
        return Doing("list", "append", [key, item], lambda session: session.commit(statement, key, item, item))

    def _transfer(self, _number: int) -> Doing:
        """Read, think, write what was thought: as programs do that know nothing of locks."""
        source, target = self._random.sample(self._accounts, 2)
        amount = self._random.randint(1, 5)
        read = f"SELECT account, balance FROM {self._tables['bank']} WHERE account IN (%s, %s)"
        write = f"UPDATE {self._tables['bank']} SET balance = %s WHERE account = %s"

        def work(session: Session) -> None:
            session.rows("BEGIN")
            has = {str(account): int(balance) for account, balance in session.rows(read, source, target)}
            paid = min(amount, has[source])
            session.rows(write, has[source] - paid, source)
            session.rows(write, has[target] + paid, target)
            session.commit("COMMIT")

        return Doing("bank", "transfer", [source, target, amount], work)

    def _read_numbers(self, _number: int) -> Doing:
        statement = f"SELECT number FROM {self._tables['numbers']} ORDER BY id DESC LIMIT {READ_LAST}"
        return Doing("numbers", "read", None, lambda session: [str(found) for (found,) in session.rows(statement)])

    def _read_set(self, number: int) -> Doing:
        key = _key(number % 2)
        statement = f"SELECT item FROM {self._tables['set']} WHERE set_key = %s"
        return Doing("set", "read", key, lambda session: [key, [str(item) for (item,) in session.rows(statement, key)]])

    def _read_list(self, number: int) -> Doing:
        key = _key(number % 2)
        statement = f"SELECT items FROM {self._tables['list']} WHERE list_key = %s"

        def work(session: Session) -> list[Any]:
            rows = session.rows(statement, key)
            return [key, str(rows[0][0]).split(",") if rows else []]

        return Doing("list", "read", key, work)

    def _read_bank(self, _number: int) -> Doing:
        """In two statements of one transaction, which must see one state."""
        halves = (self._accounts[::2], self._accounts[1::2])

        def work(session: Session) -> dict[str, int]:
            session.rows("BEGIN")
            found: dict[str, int] = {}
            for half in halves:
                places = ", ".join(["%s"] * len(half))
                read = f"SELECT account, balance FROM {self._tables['bank']} WHERE account IN ({places})"
                found.update((str(account), int(balance)) for account, balance in session.rows(read, *half))
            session.rows("COMMIT")
            return found

        return Doing("bank", "read", None, work)

    def _item(self, number: int) -> str:
        return f"{self._prefix}-{number}"


def _key(before: int = 0) -> str:
    """The set or list of this period, or of one before."""
    return str(int(now() // PERIOD_S) - before)
