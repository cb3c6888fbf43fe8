"""Where the bridge's parts are on a host: names of devices, files and units. Pure.

A hub is one OpenVPN process or several. The first has the plain names, which it keeps when others are added beside it;
the second is ``b``, and so on. Letters, since the numbers in names are those of hubs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from string import ascii_lowercase

from festning.model.fortress import Fortress, Host

ACCOUNT = "festning-vpn"
MATERIAL = "/etc/openvpn/festning"
CA = f"{MATERIAL}/ca.crt"
CERTIFICATE = f"{MATERIAL}/host.crt"
KEY = f"{MATERIAL}/host.key"
HUB_TLS_CRYPT = f"{MATERIAL}/hub.tls-crypt-v2.key"
"""One for all processes of a hub: whoever may talk to one of them is told by their folders of clients."""


def _name(stem: str, process: int) -> str:
    return stem if process == 0 else f"{stem}-{ascii_lowercase[process]}"


@dataclass(frozen=True, slots=True)
class Server:
    """One OpenVPN process of a hub, ``process`` counted from 0."""

    fortress: Fortress
    hub: Host
    process: int

    @property
    def name(self) -> str:
        return _name("hub", self.process)

    @property
    def port(self) -> int:
        """UDP, at the hub's public address."""
        return self.fortress.bridge.port + self.process

    @property
    def links(self) -> IPv4Network:
        """The block of its links."""
        return self.fortress.bridge.links(self.hub.number, self.process)

    @property
    def address(self) -> IPv4Address:
        """Its own end of all its links."""
        return self.end_of(self.hub)

    def end_of(self, host: Host) -> IPv4Address:
        """A host's end of its link to this process."""
        return self.fortress.bridge.link(self.hub.number, host.number, self.process)

    @property
    def clients(self) -> tuple[Host, ...]:
        """The hosts that dial it, and nobody else may."""
        peers = self.fortress.peers_of(self.hub)
        return tuple(peer for peer in peers if self.process in self.fortress.dialled_by(peer))

    @property
    def answered(self) -> tuple[Host, ...]:
        """The clients that the hub sends to by this process: all but those whose other link it uses."""
        return tuple(client for client in self.clients if self.fortress.dialled_by(client)[0] == self.process)

    @property
    def device(self) -> str:
        return f"fst-{self.name}"

    @property
    def config(self) -> str:
        return f"/etc/openvpn/server/{self.name}.conf"

    @property
    def clients_folder(self) -> str:
        return f"/etc/openvpn/server/{self.name}-clients"

    @property
    def unit(self) -> str:
        return f"openvpn-server@{self.name}.service"

    @property
    def status(self) -> str:
        """Written as the unit of Debian's package has it (``--status``, version 2)."""
        return f"/run/openvpn-server/status-{self.name}.log"

    @property
    def network(self) -> str:
        """networkd's part."""
        return f"/etc/systemd/network/20-festning-{self.name}.network"


@dataclass(frozen=True, slots=True)
class Link:
    """A host's link to one hub, at the end that dials."""

    host: Host
    server: Server

    @property
    def hub(self) -> Host:
        return self.server.hub

    @property
    def name(self) -> str:
        return _name(f"hub{self.hub.number}", self.server.process)

    @property
    def is_answered(self) -> bool:
        """Whether the hub sends to the host by it, and not by the host's other link while it moves."""
        return self.server.fortress.dialled_by(self.host)[0] == self.server.process

    @property
    def address(self) -> IPv4Address:
        """The dialling host's own end."""
        return self.server.end_of(self.host)

    @property
    def device(self) -> str:
        return f"fst-{self.name}"

    @property
    def config(self) -> str:
        return f"/etc/openvpn/client/{self.name}.conf"

    @property
    def unit(self) -> str:
        return f"openvpn-client@{self.name}.service"

    @property
    def network(self) -> str:
        """networkd's part."""
        return f"/etc/systemd/network/20-festning-{self.name}.network"


def servers(fortress: Fortress, host: Host) -> tuple[Server, ...]:
    """The processes of a host's hub; none when it is no hub."""
    if host not in fortress.hubs:
        return ()
    return tuple(Server(fortress, host, process) for process in range(fortress.processes_of(host)))


def all_servers(fortress: Fortress) -> Iterator[Server]:
    """The processes of every hub."""
    for hub in fortress.hubs:
        yield from servers(fortress, hub)


def links(fortress: Fortress, host: Host) -> tuple[Link, ...]:
    """The links that a host dials: one to each of its hubs, and two while it moves from one process to another."""
    processes = fortress.dialled_by(host)
    return tuple(Link(host, Server(fortress, hub, process)) for hub in fortress.hubs_of(host) for process in processes)


def client_tls_crypt(hub: Host) -> str:
    """A host's client key for a hub, whichever of its processes it dials."""
    return f"{MATERIAL}/hub{hub.number}.tls-crypt-v2.key"


def drop_in(unit: str) -> str:
    """The drop-in of one instance: other tunnels that may be on the machine are left alone."""
    return f"/etc/systemd/system/{unit}.d/festning.conf"
