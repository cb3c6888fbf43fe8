"""The questions over HTTP: ``GET /writer`` and ``GET /synced``, 200 or 503, with the reason as text.

A node that has just given the writes away answers 404 to the first: nothing new, but what is there may end. ``GET
/observation`` is what it says of itself while the group is formed anew, and 404 at other times.

One thread, no framework: a health check is one short request, and the answer is in memory. Leaves the answer to
``poller``.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable

from .decision import Decision

REQUEST_LIMIT = 4096
BACKLOG = 128
MAX_CLIENTS = 256


def respond(request: bytes, decision: Decision, told: Callable[[], bytes]) -> bytes:
    """The whole answer to a request."""
    path = request.split(b" ", 2)[1] if request.count(b" ") >= 1 else b""
    if path == b"/observation":
        text = told().decode("utf-8", "replace").rstrip("\n")
        return _message("200 OK", text) if text else _message("404 Not Found", "nothing to say")
    answers = {b"/writer": decision.writer, b"/synced": decision.synced}
    answer = answers.get(path.split(b"?", 1)[0])
    if answer is None:
        return _message("404 Not Found", "ask for /writer or /synced")
    if decision.leaving and path.startswith(b"/writer"):
        return _message("404 Not Found", decision.reason)
    return _message("200 OK" if answer else "503 Service Unavailable", decision.reason)


def _message(status: str, text: str) -> bytes:
    body = text.encode("utf-8", "replace") + b"\n"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def listen(address: str, port: int) -> socket.socket:
    """A listening socket. The address may not be there yet at boot: it is bound all the same."""
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ip_freebind = 15  # linux/in.h; the socket module has no name for it before Python 3.12.
    server.setsockopt(socket.IPPROTO_IP, ip_freebind, 1)
    server.bind((address, port))
    server.listen(BACKLOG)
    server.setblocking(False)
    return server


def serve(
    server: socket.socket,
    current: Callable[[], Decision],
    told: Callable[[], bytes],
    running: Callable[[], bool],
) -> None:
    """Answer until ``running`` says no (asked at least twice a second)."""

    def answer(request: bytes) -> bytes:
        return respond(request, current(), told)

    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        received: dict[socket.socket, bytes] = {}
        while running():
            for key, _ in selector.select(timeout=0.5):
                if key.fileobj is server:
                    _accept(server, selector, received)
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    _read(key.fileobj, selector, received, answer)


def _accept(server: socket.socket, selector: selectors.BaseSelector, received: dict[socket.socket, bytes]) -> None:
    client, _ = server.accept()
    if len(received) >= MAX_CLIENTS:
        # The oldest has had its time: whoever opens connections and says nothing must not keep the checks out.
        _drop(next(iter(received)), selector, received)
    client.setblocking(False)
    received[client] = b""
    selector.register(client, selectors.EVENT_READ)


def _read(
    client: socket.socket,
    selector: selectors.BaseSelector,
    received: dict[socket.socket, bytes],
    answer: Callable[[bytes], bytes],
) -> None:
    try:
        data = client.recv(REQUEST_LIMIT)
        received[client] += data
        whole = b"\r\n\r\n" in received[client]
        if whole:
            client.sendall(answer(received[client]))
        if whole or not data or len(received[client]) > REQUEST_LIMIT:
            _drop(client, selector, received)
    except OSError:
        _drop(client, selector, received)


def _drop(client: socket.socket, selector: selectors.BaseSelector, received: dict[socket.socket, bytes]) -> None:
    selector.unregister(client)
    received.pop(client, None)
    client.close()
