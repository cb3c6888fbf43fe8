"""The health answers over a real socket."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from festning.systems.galera.health import http
from festning.systems.galera.health.decision import Decision
from festning.systems.galera.health.told import STALE_S, Told

TOLD = [b""]
DONOR = Decision(writer=True, synced=False, reason="holds the token, Donor/Desynced")


@pytest.fixture
def port() -> Iterator[int]:
    server = http.listen("127.0.0.1", 0)
    stop = threading.Event()
    thread = threading.Thread(
        target=http.serve, args=(server, lambda: DONOR, lambda: TOLD[0], lambda: not stop.is_set())
    )
    thread.start()
    yield server.getsockname()[1]
    stop.set()
    thread.join()
    server.close()


def ask(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while received := connection.recv(4096):
            answer += received
    return answer


def test_both_questions(port: int) -> None:
    assert ask(port, b"GET /writer HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")
    synced = ask(port, b"GET /synced HTTP/1.0\r\n\r\n")
    assert synced.startswith(b"HTTP/1.1 503 ")
    assert synced.endswith(b"\r\n\r\nholds the token, Donor/Desynced\n")


def test_what_the_data_node_says_of_itself_is_told_while_it_says_something(port: int) -> None:
    assert b" 404 " in ask(port, b"GET /observation HTTP/1.1\r\n\r\n")
    TOLD[0] = b"installed yes\ncomplete\n"
    try:
        assert ask(port, b"GET /observation HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\ninstalled yes\ncomplete\n")
    finally:
        TOLD[0] = b""


def test_it_is_told_no_longer_than_it_is_fresh(tmp_path: Path) -> None:
    told = Told(tmp_path / "observation", clock=lambda: now)
    now = 1000.0
    assert told.read() == b""
    told.path.write_bytes(b"complete\n")
    os.utime(told.path, (1000, 1000))
    assert told.read() == b"complete\n"
    now += STALE_S + 1
    assert told.read() == b""


def test_a_request_in_pieces(port: int) -> None:
    assert b" 200 " in ask(port, b"GET /wri", b"ter HTTP/1.1\r\n", b"\r\n")


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET /writers X\r\n\r\n"]
)
def test_anything_else_is_refused(port: int, request_: bytes) -> None:
    assert b" 404 " in ask(port, request_)


def test_an_endless_request_is_dropped(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"x" * 3 * http.REQUEST_LIMIT)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert b" 200 " in ask(port, b"GET /writer HTTP/1.1\r\n\r\n")


def test_silent_connections_do_not_keep_the_checks_out(port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(http.MAX_CLIENTS + 20)]
    try:
        assert b" 200 " in ask(port, b"GET /writer HTTP/1.1\r\n\r\n")
    finally:
        for connection in silent:
            connection.close()
