"""Watches one host's database and tunnels, several times a second; one JSON line for each change.

A program for a host, which gets its orders as ``ORDERS``: ``host``, ``health`` (address and port of the data node's own
answer about itself, or nothing), ``tunnels`` (each with ``device``, ``to`` and the ``address`` at its other end),
``seconds`` after which it ends by itself. It ends as well when standard input does.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time
from typing import Any

ORDERS: dict[str, Any] = {}
EVERY_S = 0.25
SILENT_S = 0.8
"""A tunnel that has not answered for so long is down."""
DEVICE_OPTION = 25  # SO_BINDTODEVICE, asm-generic/socket.h; the socket module has no name for it.


def health(address: str, port: int) -> str:
    """What a data node says of itself: ``writer``, ``synced``, or why it is neither."""
    answers = {}
    for path in ("/writer", "/synced"):
        try:
            with socket.create_connection((address, port), timeout=0.3) as connection:
                connection.settimeout(0.3)
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
                told = b""
                while piece := connection.recv(4096):
                    told += piece
        except OSError as error:
            return f"no answer: {error}"
        head, _, body = told.partition(b"\r\n\r\n")
        answers[path] = (head.split(b" ", 2)[1:2] == [b"200"], body.decode("utf-8", "replace").strip())
    if answers["/writer"][0]:
        return "writer"
    return "synced" if answers["/synced"][0] else answers["/synced"][1] or "not synced"


class Tunnel:
    """The link to one hub, asked with ICMP echo requests through its own device."""

    def __init__(self, told: dict[str, str], number: int) -> None:
        self.told = told
        self.identity = (os.getpid() + number) & 0xFFFF
        self.socket: socket.socket | None = None
        self.heard = 0.0
        self.sent = 0

    def ask(self) -> None:
        """Send one request; a device that is not there needs none."""
        try:
            if self.socket is None:
                made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
                made.setblocking(False)
                made.setsockopt(socket.SOL_SOCKET, DEVICE_OPTION, self.told["device"].encode() + b"\0")
                self.socket = made
            self.sent += 1
            self.socket.sendto(echo_request(self.identity, self.sent & 0xFFFF), (self.told["address"], 0))
        except OSError:
            self.close()

    def hear(self) -> None:
        """Read what has come."""
        assert self.socket is not None
        try:
            while packet := self.socket.recv(1500):
                start = (packet[0] & 15) * 4
                kind, _, _, identity = struct.unpack_from("!BBHH", packet, start)
                if kind == 0 and identity == self.identity:
                    self.heard = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def close(self) -> None:
        """The device went away: begin anew."""
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def echo_request(identity: int, sequence: int) -> bytes:
    """An ICMP echo request without data (RFC 792)."""
    words = (0x0800, identity, sequence)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!BBHHH", 8, 0, ~total & 0xFFFF, identity, sequence)


def told(subject: str, state: str, before: dict[str, str]) -> None:
    """One line for a change."""
    if before.get(subject) != state:
        before[subject] = state
        sys.stdout.write(json.dumps({"at": time.time(), "subject": subject, "state": state}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Watch until standard input ends, or for as long as was ordered."""
    host = ORDERS["host"]
    states: dict[str, str] = {}
    tunnels = [Tunnel(one, number) for number, one in enumerate(ORDERS["tunnels"])]
    began = last = time.monotonic()
    while last - began < ORDERS["seconds"]:
        for tunnel in tunnels:
            tunnel.ask()
        until = last + EVERY_S
        while (left := until - time.monotonic()) > 0:
            sockets: dict[Any, Tunnel] = {tunnel.socket: tunnel for tunnel in tunnels if tunnel.socket is not None}
            ready: list[Any] = select.select([0, *sockets], [], [], left)[0]
            if 0 in ready and not os.read(0, 4096):
                return
            for one in sockets.keys() & ready:
                sockets[one].hear()
        last = time.monotonic()
        for tunnel in tunnels:
            state = "up" if last - tunnel.heard < SILENT_S else "down"
            told(f"{host}: tunnel to {tunnel.told['to']}", state, states)
        if ORDERS["health"]:
            told(f"{host}: database", health(*ORDERS["health"]), states)


if __name__ == "__main__":
    main()
