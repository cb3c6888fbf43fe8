"""Tries to open TCP connections and prints how each attempt ended.

Targets are given in TARGETS. Prints ``ADDRESS PORT open|refused|unreachable|silent`` for each.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

TARGETS: list[tuple[str, int]] = []
_PATIENCE_S = 1.0


def attempt(target: tuple[str, int]) -> str:
    """How an attempt ends. ``refused`` means that a packet came through to the host."""
    address, port = target
    try:
        with socket.create_connection((address, port), timeout=_PATIENCE_S):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"
    except OSError:
        return "unreachable"


def main() -> None:
    with ThreadPoolExecutor(max_workers=16) as pool:
        for (address, port), how in zip(TARGETS, pool.map(attempt, TARGETS), strict=True):
            print(f"{address} {port} {how}")


if __name__ == "__main__":
    main()
