"""Goes to one front door as an uninvited guest would, and prints as JSON how it was turned away.

What to try is given in VISIT. Certificates are not verified here: that is another check's. Prints ``{"old_tls",
"unknown_name", "agent", "method"}``; each is what happened, or is left out where it was not asked for.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
from typing import Any

VISIT: dict[str, Any] = {}
_PATIENCE_S = 8.0
_TLS_1_1 = b"\x03\x02"
_OLD_CIPHERS = (0xC00A, 0xC009, 0xC014, 0xC013, 0x0035, 0x002F)
_HANDSHAKE, _ALERT = 22, 21


def extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, len(content)) + content


def old_hello(name: str) -> bytes:
    """A ClientHello (RFC 4346) that offers TLS 1.1 and nothing newer; Python's own library would not send one."""
    server = struct.pack("!BH", 0, len(name)) + name.encode("ascii")
    groups = struct.pack("!HHH", 0x001D, 0x0017, 0x0018)
    extensions = (
        extension(0, struct.pack("!H", len(server)) + server)
        + extension(10, struct.pack("!H", len(groups)) + groups)
        + extension(11, b"\x01\x00")
    )
    ciphers = b"".join(struct.pack("!H", cipher) for cipher in _OLD_CIPHERS)
    body = _TLS_1_1 + os.urandom(32) + b"\x00" + struct.pack("!H", len(ciphers)) + ciphers + b"\x01\x00"
    body += struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return bytes([_HANDSHAKE]) + b"\x03\x01" + struct.pack("!H", len(message)) + message


def old_tls(address: str, name: str) -> str:
    """``refused``, or what the door answered to a hello of TLS 1.1."""
    with socket.create_connection((address, 443), timeout=_PATIENCE_S) as stream:
        stream.sendall(old_hello(name))
        try:
            answer = stream.recv(1)
        except ConnectionResetError:
            answer = b""
    if answer in (b"", bytes([_ALERT])):
        return "refused"
    return "accepted" if answer == bytes([_HANDSHAKE]) else f"answered with a record of type {answer[0]}"


def context() -> ssl.SSLContext:
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    return anyone


def unknown_name(address: str, name: str) -> str:
    """``refused``, or the kind of TLS that a name which is not served was given."""
    with socket.create_connection((address, 443), timeout=_PATIENCE_S) as plain:
        try:
            with context().wrap_socket(plain, server_hostname=name) as stream:
                return f"accepted with {stream.version()}"
        except (ssl.SSLError, ConnectionResetError):
            return "refused"


def status(address: str, host: str, method: str, agent: str) -> int:
    """The status of the answer to one request over TLS."""
    head = (
        f"{method} / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with (
        socket.create_connection((address, 443), timeout=_PATIENCE_S) as plain,
        context().wrap_socket(plain, server_hostname=host) as stream,
    ):
        stream.sendall(head.encode("ascii"))
        answer = b""
        while b"\r\n" not in answer and (piece := stream.recv(4096)):
            answer += piece
    return int(answer.split()[1])


def visit() -> dict[str, Any]:
    address, host = VISIT["address"], VISIT["host"]
    told: dict[str, Any] = {
        "old_tls": old_tls(address, host),
        "unknown_name": unknown_name(address, VISIT["unknown_name"]),
        "method": status(address, host, VISIT["method"], "festning-verify"),
    }
    if VISIT["agent"]:
        told["agent"] = status(address, host, "GET", f"Mozilla/5.0 {VISIT['agent'].upper()}/1.0")
    return told


def main() -> None:
    try:
        told = visit()
    except (OSError, ValueError, IndexError) as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
