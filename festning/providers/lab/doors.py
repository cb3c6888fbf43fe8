"""Doors from the user's own network into the lab: a port on 127.0.0.1 for each front door, for a browser to open.

systemd's own socket activation and socket proxy do the work: the one listens outside, and starts the other inside the
lab's network namespace with the listening socket in its hand. Both are programs, not services: they need no systemd as
PID 1.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from festning.errors import ProviderError
from festning.providers.lab.launcher import Launcher
from festning.providers.lab.network import Network
from festning.providers.lab.process import Process
from festning.providers.lab.state import DoorRecord, State

FIRST_PORT = 8443
_LAST_PORT = 9442
HTTPS = 443

PROXY = "/lib/systemd/systemd-socket-proxyd"
ACTIVATE = "systemd-socket-activate"
_PATIENCE = 5.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Door:
    """An open door: what connects to 127.0.0.1:``port`` arrives at port 443 of the host, from the router's address."""

    host: str
    port: int


def door_command(namespace: Path, port: int, address: str) -> list[str]:
    """The command that holds a door open until it is killed."""
    inside = ["nsenter", f"--net={namespace}", "--", PROXY, f"{address}:{HTTPS}"]
    return [ACTIVATE, f"--listen={LOOPBACK}:{port}", *inside]


def free_ports(taken: Iterable[int]) -> Iterator[int]:
    """Ports of 127.0.0.1 that nobody listens on, upwards from 8443; raises :class:`ProviderError` when all are used."""
    known = set(taken)
    for port in range(FIRST_PORT, _LAST_PORT + 1):
        if port not in known and _is_free(port):
            yield port
    raise ProviderError(f"every port of {LOOPBACK} from {FIRST_PORT} to {_LAST_PORT} is in use")


class Doors:
    """The doors of one lab."""

    def __init__(self, network: Network, state: State, launcher: Launcher) -> None:
        """Take where doors lead, where they are remembered, and what starts them."""
        self._network = network
        self._state = state
        self._launcher = launcher

    def opened(self) -> tuple[Door, ...]:
        """The doors that are open now."""
        records = ((host, self._state.door(host)) for host in self._state.doors())
        return tuple(Door(host, record.port) for host, record in records if record and record.process.alive)

    def open(self, addresses: Mapping[str, str]) -> None:
        """Open a door to each host that has none at its address; each keeps its port while it is open."""
        ports = free_ports(door.port for door in self.opened())
        for host, address in addresses.items():
            record = self._state.door(host)
            if record is None or not record.process.alive or record.address != address:
                self._open(host, address, ports)

    def close(self, host: str) -> None:
        """Close a host's door, if it has one."""
        if self._state.door(host):
            self._launcher.end(f"door-{host}")
            self._state.forget_door(host)

    def _open(self, host: str, address: str, ports: Iterator[int]) -> None:
        for port in ports:
            command = door_command(self._network.path, port, address)
            log = self._state.folder / "doors.log"
            process = Process.of(self._launcher.start(f"door-{host}", command, log))
            if process and _listens(process, port):
                self._state.remember_door(host, DoorRecord(process, port, address))
                return


def _listens(process: Process, port: int) -> bool:
    # Somebody else may have taken the port between the look and the listening: then the process ends.
    deadline = time.monotonic() + _PATIENCE
    while _is_free(port) and process.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    return process.alive


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the listener itself does: connections of the last minute do not make a port unusable.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
