"""What HAProxy says of its servers: the CSV of ``show stat`` (HAProxy management guide, 9.1 and 9.3)."""

from __future__ import annotations

import csv
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server of one backend. ``status`` is HAProxy's word: ``UP``, ``DOWN``, ``MAINT``, ``no check``, …"""

    backend: str
    server: str
    status: str
    last_check: str

    @property
    def up(self) -> bool:
        return self.status.startswith("UP") or self.status == "no check"


def parse_servers(text: str) -> tuple[ServerState, ...]:
    """The servers in a ``show stat``; frontends and backends themselves are left out."""
    lines = [line for line in text.removeprefix("# ").splitlines() if line]
    return tuple(
        ServerState(row["pxname"], row["svname"], row["status"], row.get("check_desc") or row.get("last_chk") or "")
        for row in csv.DictReader(lines)
        if row["svname"] not in ("FRONTEND", "BACKEND")
    )
