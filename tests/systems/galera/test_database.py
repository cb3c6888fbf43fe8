"""What is made of the server's words, and of its silence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from festning.systems.galera.health.database import TOUCH, Database, HangsError
from festning.systems.galera.health.decision import Pulse, Token
from festning.systems.galera.health.stuck import PATIENCE, Reason
from festning.systems.galera.health.trial import TIMEOUT

STATUS = {
    "wsrep_cluster_status": "Primary",
    "wsrep_local_state_comment": "Synced",
    "wsrep_ready": "ON",
    "wsrep_gcomm_uuid": "uuid-1",
    "wsrep_open_transactions": "2",
    "wsrep_connected": "ON",
    "wsrep_provider_name": "Galera",
    "wsrep_last_committed": "41",
    "wsrep_local_recv_queue": "7",
    "wsrep_flow_control_active": "false",
    "wsrep_flow_control_requested": "false",
    "Handler_write": "1",
    "Handler_update": "20",
    "Handler_delete": "300",
}


class OperationalError(Exception):
    """As the driver's, which is not needed here."""


ERRORS = SimpleNamespace(MySQLError=OperationalError, OperationalError=OperationalError, InternalError=OperationalError)


class Connection:
    """Answers every statement with the same rows, or not at all."""

    def __init__(self, status: dict[str, str], error: Exception | None = None, cause: Exception | None = None) -> None:
        self.status = status
        self.error = error
        self.cause = cause
        self.statements: list[str] = []

    def cursor(self) -> Connection:
        return self

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, _values: object = None) -> int:
        self.statement = statement
        self.statements.append(statement)
        if self.error is not None:
            try:
                if self.cause is not None:
                    raise self.cause
            except OSError:
                raise self.error  # noqa: B904 -- as the driver does.
            raise self.error
        return 1

    def fetchall(self) -> list[tuple[str, str]]:
        return [("uuid-1", "core1")] if "members" in self.statement else list(self.status.items())


def database(status: dict[str, str], error: Exception | None = None, cause: Exception | None = None) -> Database:
    made = Database.__new__(Database)
    made._errors = ERRORS
    made._connection = Connection(status, error, cause)
    made._node = "core1"
    return made


def pulse(**changed: str) -> Pulse:
    return database(STATUS | changed).view().pulse


def test_the_servers_work_is_read() -> None:
    view = database(STATUS).view()
    assert (view.serving, view.writing) == (True, 2)
    assert view.pulse == Pulse(connected=True, committed=41, queued=7, rows=321, held_back=False)


def test_another_member_may_hold_all_back_and_so_may_this_one() -> None:
    assert pulse(wsrep_flow_control_active="true").held_back
    assert not pulse(wsrep_flow_control_active="true", wsrep_flow_control_requested="true").held_back


def test_a_group_is_lost_only_where_there_was_to_be_one() -> None:
    assert not pulse(wsrep_connected="OFF").connected
    assert pulse(wsrep_connected="OFF", wsrep_provider_name="").connected
    assert database({}).view().pulse == Pulse(), "a server that tells nothing of it"


def test_the_write_that_is_tried_outlasts_the_judgement_of_a_stuck_server() -> None:
    session = database(STATUS)
    session.touch(Token("core1", "uuid-1"))
    patience, write = session._connection.statements
    seconds = int(patience.removeprefix("SET SESSION innodb_lock_wait_timeout = "))
    assert PATIENCE[Reason.WRITES] < seconds < TIMEOUT
    assert write == TOUCH


def ask(session: Database, statement: str) -> Any:
    token = Token("core1", "uuid-1")
    return {"view": session.view, "take": lambda: session.take(token, token), "touch": lambda: session.touch(token)}[
        statement
    ]()


@pytest.mark.parametrize("statement", ["view", "take", "touch"])
def test_silence_is_told_from_a_server_that_went(statement: str) -> None:
    with pytest.raises(HangsError):
        ask(database(STATUS, lost(), TimeoutError("timed out")), statement)
    for cause in (None, ConnectionResetError("reset")):
        with pytest.raises(OperationalError):
            ask(database(STATUS, lost(), cause), statement)


def lost() -> OperationalError:
    return OperationalError(2013, "Lost connection to MySQL server during query")


def test_a_conflict_is_an_answer() -> None:
    error = OperationalError(1213, "Deadlock found")
    assert ask(database(STATUS, error), "take") is False
