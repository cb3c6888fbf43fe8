"""Who may talk to whom: the declared reachability that firewalls are compiled from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Network(StrEnum):
    """Which of a host's addresses a flow arrives at."""

    PUBLIC = "public"
    BRIDGE = "bridge"


class Protocol(StrEnum):
    TCP = "tcp"
    UDP = "udp"


ANYONE = "anyone"
ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Packets that host ``target`` accepts on ``port``.

    ``sources`` are names of hosts, or networks (such as ``192.0.2.0/24``), or :data:`ANYONE` (the public), or
    :data:`ADMIN` (the declared administrators' networks). ``why`` is one line for the person who reads the firewall.
    """

    target: str
    sources: tuple[str, ...]
    network: Network
    protocol: Protocol
    port: int
    why: str
