"""What an SQL statement's error says about its effect. For a data node: PyMySQL and the standard library.

An attempt has *failed for certain* when the statement that makes its effect durable (an autocommitted one, or COMMIT)
was never sent, or was refused with one of :data:`CERTAIN`. Everything else is unknown. Where that comes from:

* 1047 "WSREP has not yet prepared node for application use": said before the statement is executed.
* 1020 (a row changed since the snapshot, ``innodb_snapshot_isolation``), 1062 (duplicate key) and 1205 (lock wait
  timeout): said by InnoDB while the statement is executed, which is before replication.
* 1213 (deadlock): InnoDB's own is said while the statement is executed; Galera's is the verdict of certification, which
  is the same on every node, or an abort by another node's write before replication (wsrep-lib, ``certify_commit`` in
  ``transaction.cpp``: only ``error_certification_failed`` and an abort give it).
* Not 1180 "error during COMMIT": it is what remains when the node lost the group while its write set was under way
  (``error_connection_failed``): the majority may have it, and then commits it.
* Not 1317, 1927, 1053 (interrupted, killed, shutting down): they may come when the write set is already ordered.
* Not 2006 and 2013 (connection lost): nobody knows how far the statement came.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import Any, NamedTuple

from festning.proof.load.telling import FAILED, OK, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OF_A_ROW = frozenset({1020, 1062, 1205, 1213})
"""Only a row was in the way: nothing is wrong with the session."""
CERTAIN = OF_A_ROW | {1047}
NO_SUCH_TABLE = 1146
CONNECTING_S = 1.0


class Session:
    """A session with the database. ``committing`` is set before what makes an effect durable is sent."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 (PyMySQL has no types)
        self._connection = connection
        self.committing = False
        # A node without quorum answers SHOW, and refuses SELECT.
        self.node = str(self.rows("SHOW VARIABLES LIKE 'wsrep_node_name'")[0][1])

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute a statement; what it returns."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def commit(self, statement: str, *values: object) -> None:
        """Execute a statement that makes an effect durable."""
        self.committing = True
        self.rows(statement, *values)

    def alive(self) -> bool:
        """Whether nothing came while it was idle: the end of a session, or an error, would have."""
        connection = self._connection._sock  # PyMySQL has no other way to it.
        return connection is not None and not select.select([connection], [], [], 0)[0]

    def close(self) -> None:
        """Leave without a word: the server may not be there to hear it, and rolls back by itself."""
        with suppress(OSError):
            self._connection._force_close()


def opened(**how: Any) -> Session:  # noqa: ANN401 (handed on to PyMySQL)
    """A new session, each of whose waits for the server is bounded by ``patience_s``. Raises what PyMySQL raises."""
    import pymysql  # type: ignore[import-untyped]  # noqa: PLC0415 (only where there is a driver)

    patience_s = how.pop("patience_s")
    connection = pymysql.connect(
        autocommit=True, connect_timeout=CONNECTING_S, read_timeout=patience_s, write_timeout=patience_s, **how
    )
    try:
        return Session(connection)
    except BaseException:
        connection._force_close()
        raise


def failed_for_certain(error: BaseException, session: Session | None) -> bool:
    """Whether an attempt that ended with ``error`` has had no effect, whatever happens next."""
    return session is None or not session.committing or code_of(error) in CERTAIN


def code_of(error: BaseException) -> int | None:
    """The number of a server's or a client's error, where it has one."""
    code = error.args[0] if error.args else None
    return code if isinstance(code, int) else None


class Ended(NamedTuple):
    """What became of an attempt: ``node`` is where it went, ``found`` what was read, ``code`` the error's number."""

    fate: str
    why: str = ""
    node: str = ""
    found: Any = None
    code: int | None = None


def attempt(take: Callable[[], Session], work: Callable[[Session], Any], give_back: Callable[[Session], None]) -> Ended:
    """Do some work in a session.

    A session that is still good is rolled back and given back: a new one costs both sides more than a statement does.
    Any other with which something went wrong is closed: the server then rolls back what was not committed.
    """
    session: Session | None = None
    try:
        session = take()
        session.committing = False
        found = work(session)
    except Exception as error:  # noqa: BLE001 (whatever the driver raises is the outcome, and is told)
        fate = FAILED if failed_for_certain(error, session) else UNKNOWN
        why = f"{type(error).__name__}: {' '.join(str(part) for part in error.args)}"
        if session is not None and _rolled_back(session, code_of(error)):
            give_back(session)
        elif session is not None:
            session.close()
        return Ended(fate, why, session.node if session else "", code=code_of(error))
    give_back(session)
    return Ended(OK, node=session.node, found=found)


def _rolled_back(session: Session, code: int | None) -> bool:
    """Whether the session is still a good one after an error, and has nothing under way now."""
    if code not in OF_A_ROW:
        return False
    try:
        session.rows("ROLLBACK")
    except Exception:  # noqa: BLE001 (whatever the driver raises: it was not a good one after all)
        return False
    return True
