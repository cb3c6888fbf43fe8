"""Sessions with the database at 127.0.0.1:3306, as a service there has them: reads and writes at fixed times.

A program for a core host, by PyMySQL. Its orders: ``environment`` (the file with the service's DATABASE_* variables,
read here so that no password travels), ``door`` and ``prefix`` (begins all that it writes), ``tables``, ``accounts``,
``per_second`` (turns), ``seconds``, ``most`` (requests) and ``patience_s``.

Open loop: every turn begins at its time, whatever became of those before. A request that fails is tried again in a new
session, as a program that means it would, until its patience is over. Each attempt is told as an operation of its own
and writes something of its own, so that an attempt whose outcome is unknown is never confused with the next one.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time

from festning.proof.load.statements import NO_SUCH_TABLE, Session, attempt, opened
from festning.proof.load.telling import OK, Teller, now, told_to_stop
from festning.proof.load.transactions import Transactions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
"""Before a new attempt: at first, and at last, after doubling each time. With a fixed one, an outage was thousands of
attempts a second, and at its end they came down on the new writer all at once."""
STATEMENT_S = 3.0
"""For which an answer of the server is waited."""
AT_ONCE = 64
"""Requests under way; more of them wait, and are late: as a service has so many workers, and no more."""
TURNS = (
    ("write",),
    ("add", "read set"),
    ("write", "read numbers"),
    ("transfer", "transfer", "read bank"),
    ("write",),
    ("append", "append", "read list"),
)
"""What is begun at once, turn by turn. Transfers and appends come in pairs, so that they meet."""


class Sessions:
    """All requests of the orders, and the sessions that are open and idle."""

    def __init__(self, orders: dict[str, Any], teller: Teller, connect: Callable[[], Session]) -> None:
        self._orders = orders
        self._teller = teller
        self._connect = connect
        self._transactions = Transactions(orders["tables"], orders["accounts"], orders["prefix"])
        self._idle: list[Session] = []
        self._counting = itertools.count(1)
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._succeeded = False
        self._over = threading.Event()
        self._chance = random.Random(orders["prefix"])  # noqa: S311 (who waits how long is no secret)

    def run(self, stop: threading.Event) -> int:
        """Begin all turns, wait for every outcome; how many requests there were."""
        began, sent = now(), 0
        under_way: list[threading.Thread] = []
        for turn in itertools.count():
            after = turn / self._orders["per_second"]
            if after >= self._orders["seconds"] or sent >= self._orders["most"]:
                break
            due = began + after
            if stop.wait(max(0.0, due - now())) or self._over.is_set():
                break
            under_way = [thread for thread in under_way if thread.is_alive()]
            for what in TURNS[turn % len(TURNS)][: self._orders["most"] - sent]:
                sent += 1
                thread = threading.Thread(target=self._request, args=(what, sent, due), daemon=True)
                thread.start()
                under_way.append(thread)
        self._wait_for(under_way)
        return sent

    def _wait_for(self, under_way: list[threading.Thread]) -> None:
        until = now() + self._orders["patience_s"] + 2 * STATEMENT_S
        for thread in under_way:
            thread.join(max(0.0, until - now()))

    def _request(self, what: str, request: int, due: float) -> None:
        until = due + self._orders["patience_s"]
        with self._places:
            for pause_s in pauses(self._chance):
                if not self._try(what, request, due, until):
                    break
                time.sleep(pause_s)

    def _try(self, what: str, request: int, due: float, until: float) -> bool:
        """One attempt; whether another one follows."""
        number = next(self._counting)
        doing = self._transactions.make(what, number)
        begin = {
            "begin": number,
            "request": request,
            "door": self._orders["door"],
            "kind": "read" if doing.function == "read" else "write",
            "book": doing.book,
            "function": doing.function,
            "value": doing.value,
            "due": due,
            "at": now(),
        }
        self._teller.tell(begin)
        ended = attempt(self._session, doing.work, self._idle.append)
        # A table that was there and is not any more was dropped: the load is over, and nobody could tell us.
        if ended.code == NO_SUCH_TABLE and self._succeeded:
            self._over.set()
        self._succeeded = self._succeeded or ended.fate == OK
        more = ended.fate != OK and now() < until and not self._over.is_set()
        told = {"fate": ended.fate, "why": ended.why, "node": ended.node, "value": ended.found, "more": more}
        self._teller.tell({"end": number, "at": now(), **told})
        return more

    def _session(self) -> Session:
        """The session that was used last, if it still is one; or a new one."""
        while self._idle:
            try:
                session = self._idle.pop()
            except IndexError:  # Another thread was faster.
                break
            if session.alive():
                return session
            session.close()
        return self._connect()


def pauses(chance: random.Random) -> Iterator[float]:
    """Seconds before each new attempt, for ever: twice as long each time, and never the same for two (full jitter)."""
    most = SHORTEST_PAUSE_S
    while True:
        yield chance.uniform(SHORTEST_PAUSE_S / 2, most)
        most = min(LONGEST_PAUSE_S, 2 * most)


def settings(path: str) -> dict[str, str]:
    """The variables of an environment file."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 (pathlib is one import more on the host)
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#"))
        return {name: value.strip('"') for name, value in pairs}


def main(orders: dict[str, Any]) -> None:
    """Do what the orders say, or until standard input ends."""
    told = settings(orders["environment"])

    def connect() -> Session:
        return opened(
            host=told["DATABASE_HOST"],
            port=int(told["DATABASE_PORT"]),
            user=told["DATABASE_USER"],
            password=told["DATABASE_PASSWORD"],
            database=told["DATABASE_NAME"],
            patience_s=STATEMENT_S,
        )

    teller = Teller()
    teller.tell({"began": now()})
    sent = Sessions(orders, teller, connect).run(told_to_stop())
    teller.tell({"sent": sent})
    teller.close(STATEMENT_S)
    os._exit(0)  # Whatever still hangs is not worth waiting for.
