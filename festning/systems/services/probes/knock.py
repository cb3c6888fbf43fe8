"""Requests a service through one front door as the public does, and prints what came back as JSON.

What to request is given in KNOCK. The certificate is verified against the fortress's own authority, for the service's
name. Prints ``{"requests": [{"method", "path", "status", "ms"}], "tls": …, "redirect": …}`` or ``{"error": …}``.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from typing import Any

KNOCK: dict[str, Any] = {}
_PATIENCE_S = 8.0
_MOST = 1 << 16


def request(stream: socket.socket, method: str, path: str, host: str, header: str = "") -> tuple[int, dict[str, str]]:
    """Send one request, with one header more if there is one, and give back the answer's status and headers."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: festning-verify\r\nConnection: close\r\n"
    head += f"{header}\r\n" if header else ""
    stream.sendall(f"{head}Content-Length: 0\r\n\r\n".encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < _MOST:
        piece = stream.recv(_MOST)
        if not piece:
            break
        answer += piece
    lines = answer.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"this is no HTTP answer: {lines[0][:80]!r}")
    headers = (line.split(":", 1) for line in lines[1:] if ":" in line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, value in headers}


def knock() -> dict[str, Any]:
    """All requests, each over a TLS connection of its own; and one without TLS, which must be sent to TLS."""
    host, address = KNOCK["host"], KNOCK["address"]
    context = ssl.create_default_context(cadata=KNOCK["authority"])
    told: dict[str, Any] = {"requests": []}
    for method, path, header in KNOCK["requests"]:
        began = time.monotonic()
        with (
            socket.create_connection((address, 443), timeout=_PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            status, _ = request(stream, method, path, host, header)
            told["tls"] = stream.version()
        milliseconds = round((time.monotonic() - began) * 1000, 1)
        told["requests"].append({"method": method, "path": path, "status": status, "ms": milliseconds})
    with socket.create_connection((address, 80), timeout=_PATIENCE_S) as stream:
        status, headers = request(stream, "GET", "/", host)
    told["redirect"] = headers.get("location", "") if 300 <= status < 400 else f"status {status}"
    return told


def main() -> None:
    try:
        told = knock()
    except (OSError, ValueError) as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
