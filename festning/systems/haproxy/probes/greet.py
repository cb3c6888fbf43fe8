"""Greets front doors as the public does, and prints as JSON which of them greet back: ``{host: true}``.

DOORS are addresses by host, NAMES what may be asked for there. Any TLS answer will do: the question is whether there is
somebody at all, and who it is, is another check's.
"""

from __future__ import annotations

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

DOORS: dict[str, str] = {}
NAMES: list[str] = []
_PATIENCE_S = 3.0


def greets(address: str, name: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address, 443), timeout=_PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return True
    except ssl.SSLError:
        return True  # Whoever answers with an alert is there.
    except OSError:
        return False


def anybody(address: str) -> bool:
    return any(greets(address, name) for name in NAMES)


def main() -> None:
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(anybody, DOORS.values()))
    print(json.dumps(dict(zip(DOORS, found, strict=True))))


if __name__ == "__main__":
    main()
