"""Sockets inside a network namespace, opened by a process that stays outside of it.

A socket belongs for good to the namespace that its thread was in when it was made. So a thread that lives only for this
enters the namespace: no other thread, and no event loop, is ever inside.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

CLONE_NEWNET = 0x40000000

Result = TypeVar("Result")


def socket_in(namespace: str | None, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """An unconnected socket inside the network namespace at that path (``None``: the caller's own).

    Raises ``OSError`` when the namespace does not exist or may not be entered (it takes CAP_SYS_ADMIN).
    """
    if namespace is None:
        return socket.socket(family, kind)
    return run_in(namespace, lambda: socket.socket(family, kind))


def open_socket(namespace: str | None, address: str, port: int, timeout: float = 10.0) -> socket.socket:
    """A TCP connection to an address as seen from inside the namespace, in blocking mode without a time limit.

    ``timeout`` is in seconds and for connecting only. Raises ``OSError`` (``TimeoutError`` when nothing answers).
    """
    connection = socket_in(namespace)
    try:
        connection.settimeout(timeout)
        connection.connect((address, port))
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def run_in(namespace: str, action: Callable[[], Result]) -> Result:
    """Call a function in a new thread inside the network namespace, and return or raise what it did."""
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def enter_and_act() -> None:
        try:
            _enter(namespace)
            outcome.append(action())
        except BaseException as error:  # noqa: BLE001  (raised again, in the caller's thread)
            failure.append(error)

    thread = threading.Thread(target=enter_and_act, name=f"in {namespace}")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _enter(namespace: str) -> None:
    # os.setns came with Python 3.12; Debian 12 has 3.11.
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), namespace)
    finally:
        os.close(descriptor)
