"""One session with the database that writes numbers, at 127.0.0.1:3306; one JSON line for each write.

A program for a host of the lab that needs the database, which gets its orders as ``ORDERS``: ``environment`` (the file
with the service's DATABASE_* variables, read here so that no password travels), ``prefix``, ``per_second``, ``seconds``
and ``most``. A write that fails is tried again with a new session until it is acknowledged, as a program that means it
would do; each failure is counted. The table is its own, and is dropped by whoever reads it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import Any

ORDERS: dict[str, Any] = {}
TABLE = "festning_load"
PAUSE_S = 0.02
"""Before a new session, so that a refusal is not answered with a flood."""
PATIENCE_S = 3.0


def settings(path: str) -> dict[str, str]:
    """The variables of an environment file."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 (pathlib is one import more on the host)
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#"))
        return {name: value.strip('"') for name, value in pairs}


def connect(told: dict[str, str]) -> Any:  # noqa: ANN401 (PyMySQL has no types)
    """A new session with the database."""
    import pymysql  # type: ignore[import-untyped]  # noqa: PLC0415

    return pymysql.connect(
        host=told["DATABASE_HOST"],
        port=int(told["DATABASE_PORT"]),
        user=told["DATABASE_USER"],
        password=told["DATABASE_PASSWORD"],
        database=told["DATABASE_NAME"],
        autocommit=True,
        connect_timeout=1,
        read_timeout=PATIENCE_S,
        write_timeout=PATIENCE_S,
    )


class Writer:
    """The session, opened anew after each failure."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told
        self.session: Any = None

    def write(self, statement: str) -> str:
        """Execute a statement; what went wrong, or nothing."""
        try:
            if self.session is None:
                self.session = connect(self.told)
            with self.session.cursor() as cursor:
                cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 (whatever the driver raises is a failed write, and is told)
            self.session = None
            return f"{type(error).__name__}: {error}"
        return ""

    def insist(self, statement: str, until: float) -> list[str]:
        """Execute a statement until it is acknowledged; the failures before."""
        failures: list[str] = []
        while (failure := self.write(statement)) and time.monotonic() < until:
            failures.append(failure)
            time.sleep(PAUSE_S)
        return [*failures, failure] if failure else failures


def stopped(seconds: float) -> bool:
    """Wait, unless standard input ends."""
    readable, _, _ = select.select([0], [], [], max(0.0, seconds))
    return bool(readable) and not os.read(0, 4096)


def main() -> None:
    """Write until told to stop by the end of standard input."""
    writer = Writer(settings(ORDERS["environment"]))
    began = time.monotonic()
    tell({"began": time.time()})
    create = f"CREATE TABLE IF NOT EXISTS {TABLE} (number VARCHAR(64) NOT NULL PRIMARY KEY)"
    if failures := writer.insist(create, began + 30):
        tell({"preparing": failures})
    sent = 0
    while sent < ORDERS["most"] and time.monotonic() - began < ORDERS["seconds"]:
        due = sent / ORDERS["per_second"]
        if stopped(began + due - time.monotonic()):
            break
        sent += 1
        number = f"{ORDERS['prefix']}{sent}"
        # Twice the same number is no error: the first attempt may have come through without an answer.
        statement = f"INSERT INTO {TABLE} VALUES ('{number}') ON DUPLICATE KEY UPDATE number = number"  # noqa: S608
        until = time.monotonic() + 60
        failures = writer.insist(statement, until)
        acknowledged = time.monotonic() < until
        tell({"token": number, "due": due, "failures": failures, "acknowledged": acknowledged,
              "ended": round(time.monotonic() - began, 4)})  # fmt: skip
    tell({"sent": sent})


def tell(document: dict[str, Any]) -> None:
    """One line, whole, now."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
