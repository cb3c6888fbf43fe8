"""Prints as JSON what the HAProxy on this host counts, and how long what it logged of late took.

Asks over the admin socket SOCKET. The log is read from SINCE on (seconds since 1970, by this host's clock), the last
MOST lines of it at most: how long is in them already, and they never leave the host, only how many took how long does.
Prints ``{"at": seconds of a clock that only goes forward, "since": now, for the next look, "told": what show info and
show stat say, "took": {milliseconds: how many}}``.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time

SOCKET = ""
UNIT = ""
SINCE = 0.0
MOST = 5000
_PATIENCE_S = 5.0
_CLIENT_LEFT = "Cc"
# The ends of the lines of both log formats. Nothing that a visitor sends stands behind these words.
_ENDS = re.compile(
    r" \S+/(\S+) (?:in=\d+ out=\d+ )?wait=(-?\d+) connect=(-?\d+) (?:answer=(-?\d+) )?total=(-?\d+)"
    r" retries=\+?\d+ (\S+)(?: \S+)?$"
)


def took(line: str) -> int | None:
    """How long a logged request had to wait for its answer to begin, in milliseconds, or a connection to be relayed.

    Of a relayed one, without ``wait``: there it is mostly how long the client took to say its hello. ``None`` where
    nobody can say: HAProxy answered by itself, or the client left before.
    """
    found = _ENDS.search(line)
    if found is None:
        return None
    server, wait, connect, answer, total, ended = found.groups()
    parts = [int(connect)] if answer is None else [int(wait), int(connect), int(answer)]
    if server == "<NOSRV>" or (min(parts) < 0 and ended[0] in _CLIENT_LEFT):
        return None
    # Without an answer: that is how long it was waited for in vain.
    return sum(parts) if min(parts) >= 0 else max(0, int(total))


def counted(lines: list[str]) -> dict[int, int]:
    """How many took how many milliseconds."""
    found: dict[int, int] = {}
    for line in lines:
        milliseconds = took(line)
        if milliseconds is not None:
            found[milliseconds] = found.get(milliseconds, 0) + 1
    return found


def logged() -> list[str]:
    since = (f"--since=@{SINCE:.6f}", f"--lines={MOST}", f"_SYSTEMD_UNIT={UNIT}")
    command = ("journalctl", "--quiet", "--no-pager", "--output=cat", *since)
    done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=True)
    return done.stdout.decode("utf-8", "replace").splitlines()


def asked() -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(_PATIENCE_S)
        stream.connect(SOCKET)
        stream.sendall(b"show info;show stat -1 3 -1\n")
        told = b""
        while piece := stream.recv(1 << 16):
            told += piece
    return told.decode()


def main() -> None:
    now = time.time()
    at = time.monotonic()
    told = asked()
    print(json.dumps({"at": at, "since": now, "told": told, "took": counted(logged()) if SINCE else {}}))


if __name__ == "__main__":
    main()
