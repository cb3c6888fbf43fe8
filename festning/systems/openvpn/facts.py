"""What a hub says of its tunnels: OpenVPN's status file, version 2 (openvpn(8), ``--status-version``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A host that is connected to a hub. ``address`` is where it comes from; ``since`` is in seconds since 1970."""

    host: str
    address: str
    cipher: str
    since: int
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class HubStatus:
    """A hub's tunnels at ``at`` (seconds since 1970), and whether the kernel carries their data (DCO)."""

    at: int
    tunnels: tuple[Tunnel, ...]
    offloaded: bool


def parse_status(text: str) -> HubStatus:
    """The status file as data. Columns are found by the file's own header, since versions differ in them.

    Raises ``ValueError`` when it is not a whole status file.
    """
    rows = list(csv.reader(text.splitlines()))
    kinds = {row[0] for row in rows if row}
    if not {"TIME", "END"} <= kinds:
        raise ValueError("not a whole status file of version 2")
    at = next(int(row[2]) for row in rows if row and row[0] == "TIME")
    columns = next((row[2:] for row in rows if row[:2] == ["HEADER", "CLIENT_LIST"]), [])
    clients = [dict(zip(columns, row[1:], strict=False)) for row in rows if row and row[0] == "CLIENT_LIST"]
    offloaded = any(row[:2] == ["GLOBAL_STATS", "dco_enabled"] and row[2] == "1" for row in rows)
    try:
        return HubStatus(at, tuple(_tunnel(client) for client in clients), offloaded)
    except KeyError as missing:
        raise ValueError(f"the status file has no column {missing}") from None


def _tunnel(client: dict[str, str]) -> Tunnel:
    return Tunnel(
        host=client["Common Name"],
        address=client["Real Address"],
        cipher=client["Data Channel Cipher"],
        since=int(client["Connected Since (time_t)"]),
        received=int(client["Bytes Received"]),
        sent=int(client["Bytes Sent"]),
    )
