"""Sockets in another network namespace, from a process that stays in its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from festning.providers.lab.namespace import open_socket, run_in, socket_in


def own_namespace() -> str:
    return str(Path("/proc/thread-self/ns/net").readlink())


def test_without_a_namespace_it_is_an_ordinary_socket():
    with socket_in(None) as plain, pytest.raises(OSError):
        plain.getpeername()


def test_a_namespace_that_is_not_there_is_an_error_in_the_callers_thread():
    with pytest.raises(FileNotFoundError):
        socket_in("/run/netns/there-is-none")
    with pytest.raises(FileNotFoundError):
        open_socket("/run/netns/there-is-none", "127.0.0.1", 1)


@pytest.mark.lab
def test_only_the_socket_is_inside(lab):
    before, threads = own_namespace(), threading.active_count()
    inside = run_in(lab.namespace, own_namespace)
    with open_socket(lab.namespace, lab.endpoint("core1").address, 22) as connection:
        assert connection.recv(4) == b"SSH-"
        assert connection.getsockname()[0] == "198.18.16.1"
        assert connection.gettimeout() is None
    assert inside != before == own_namespace()
    assert threading.active_count() == threads
