"""The node's own MariaDB server over its unix socket: the view of the cluster, and the token's row.

Knows SQL and PyMySQL; every wait is bounded. Leaves what to make of it to ``decision``.
"""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from .decision import Pulse, Token, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOCKET = "/run/mysqld/mysqld.sock"
READ_TIMEOUT = 1.5
"""Seconds after which a statement is given up, with its connection."""

# A node without quorum answers SHOW, and refuses SELECT.
NODE = "SHOW GLOBAL VARIABLES LIKE 'wsrep_node_name'"
STATUS = """\
SHOW GLOBAL STATUS WHERE Variable_name IN
('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready', 'wsrep_gcomm_uuid', 'wsrep_open_transactions',
'wsrep_connected', 'wsrep_provider_name', 'wsrep_last_committed', 'wsrep_local_recv_queue',
'wsrep_flow_control_active', 'wsrep_flow_control_requested', 'Handler_write', 'Handler_update', 'Handler_delete')"""
# An arbitrator is a member too, without an address for clients.
MEMBERS = "SELECT node_uuid, node_name FROM mysql.wsrep_cluster_members WHERE node_incoming_address <> ''"
ADDRESSES = "SELECT node_name, node_incoming_address FROM mysql.wsrep_cluster_members WHERE node_incoming_address <> ''"
TOKEN = "SELECT holder, incarnation FROM festning.writer WHERE id = 1"  # noqa: S105 -- not a password.
TAKE = """\
UPDATE festning.writer SET holder = %s, incarnation = %s, since = CURRENT_TIMESTAMP(6)
WHERE id = 1 AND holder = %s AND incarnation = %s"""
TOUCH = """\
UPDATE festning.writer SET since = CURRENT_TIMESTAMP(6) WHERE id = 1 AND holder = %s AND incarnation = %s"""
PATIENT = "SET SESSION innodb_lock_wait_timeout = 50"
"""For the write that is to find out whether the server is stuck: it must outlast that judgement's patience (``stuck``),
which the server's own setting for everybody's sessions does not."""
NO_SUCH = (1049, 1146, 1142)
"""Server errors that mean "not set up yet": unknown database, no such table, not granted."""
NOT_PREPARED = 1047
"""Server error of a node without quorum: "WSREP has not yet prepared node for application use"."""


class HangsError(Exception):
    """A statement got no answer in time over a connection that stands."""


class Session(Protocol):
    """What is needed of the database: a stand-in in tests, :class:`Database` on a host."""

    def view(self) -> View: ...

    def token(self) -> Token | None: ...

    def take(self, old: Token, new: Token) -> bool: ...

    def touch(self, token: Token) -> None: ...

    def close(self) -> None: ...


class Database:
    """One connection to the local server, as the database user with the process's own account name."""

    def __init__(self, read_timeout: float = READ_TIMEOUT) -> None:
        # Imported here: the decision and its tests need no database driver.
        import pymysql  # type: ignore[import-untyped]  # noqa: PLC0415

        self._errors = pymysql.err
        self._connection: Any = pymysql.connect(
            unix_socket=SOCKET,
            user=pwd.getpwuid(os.getuid()).pw_name,
            connect_timeout=1,
            read_timeout=read_timeout,
            write_timeout=read_timeout,
            autocommit=True,
        )
        self._node = str(self._rows(NODE)[0][1])

    def view(self) -> View:
        """This node's view of the cluster."""
        status = dict(self._rows(STATUS))
        primary = status.get("wsrep_cluster_status") == "Primary" and status.get("wsrep_ready") == "ON"
        return View(
            node=self._node,
            incarnation=str(status.get("wsrep_gcomm_uuid", "")),
            status=str(status.get("wsrep_cluster_status", "")),
            state=str(status.get("wsrep_local_state_comment", "")),
            ready=status.get("wsrep_ready") == "ON",
            members={str(uuid): str(name) for uuid, name in self._rows(MEMBERS)} if primary else {},
            writing=int(status.get("wsrep_open_transactions", 0)),
            pulse=_pulse(status),
        )

    def token(self) -> Token | None:
        """The token's row, ``None`` where it does not exist."""
        try:
            rows = self._rows(TOKEN)
        except self._errors.MySQLError as error:
            if error.args and error.args[0] in NO_SUCH:
                return None
            raise
        return Token(holder=str(rows[0][0]), incarnation=str(rows[0][1])) if rows else None

    def take(self, old: Token, new: Token) -> bool:
        """Change the row from ``old`` to ``new``; false when another node was first (or there is no quorum)."""
        try:
            return self._changed(TAKE, (new.holder, new.incarnation, old.holder, old.incarnation)) == 1
        except (self._errors.OperationalError, self._errors.InternalError) as error:
            # A deadlock is how Galera says that another node's change was certified first.
            if error.args and error.args[0] in (1213, 1205, NOT_PREPARED):
                return False
            raise

    def touch(self, token: Token) -> None:
        """Write the row as it is, so that the write is replicated; nothing when it is no longer ``token``.

        Waits for the row as long as :data:`PATIENT` says.
        """
        self._changed(PATIENT, ())
        self._changed(TOUCH, (token.holder, token.incarnation))

    def close(self) -> None:
        """Give the connection up without waiting for the server."""
        self._connection._force_close()

    def addresses(self, port: int) -> dict[str, tuple[str, int]]:
        """Where each data node in view answers for its health, by node name: its database's address, on ``port``."""
        return {str(name): (str(address).rsplit(":", 1)[0], port) for name, address in self._rows(ADDRESSES)}

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._bounded(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            rows: Iterable[tuple[Any, ...]] = cursor.fetchall()
        return list(rows)

    def _changed(self, statement: str, values: tuple[str, ...]) -> int:
        with self._bounded(), self._connection.cursor() as cursor:
            return int(cursor.execute(statement, values))

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        try:
            yield
        except self._errors.OperationalError as error:
            # The driver has one error for a server that went and for one that does not answer in time.
            if isinstance(error.__context__, TimeoutError):
                raise HangsError(str(error)) from error
            raise


def _pulse(status: Mapping[str, Any]) -> Pulse:
    def count(name: str) -> int:
        return int(status.get(name, 0))

    return Pulse(
        # Without a provider the server was started apart from the cluster, on purpose.
        connected=status.get("wsrep_connected") != "OFF" or not status.get("wsrep_provider_name"),
        committed=count("wsrep_last_committed"),
        queued=count("wsrep_local_recv_queue"),
        rows=count("Handler_write") + count("Handler_update") + count("Handler_delete"),
        held_back=status.get("wsrep_flow_control_active") == "true"
        and status.get("wsrep_flow_control_requested") != "true",
    )
