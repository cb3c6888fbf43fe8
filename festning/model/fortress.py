"""The declared fortress, resolved: every host by name and number, every service with its place, no defaults left open.

This is what all rooms work from. Knows the words of the stack and the facts that follow from them by arithmetic
(addresses, ports, which hosts a service runs on); leaves the YAML to ``declared`` and ``load``, judgement to
``policy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Literal

from festning.model.autoscale import Autoscale
from festning.model.bridge import Bridge
from festning.model.money import EUROS, Accounting, Price, SitePrices

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network


class Role(StrEnum):
    CORE = "core"
    ARBITER = "arbiter"
    EDGE = "edge"


class Runtime(StrEnum):
    PHP = "php"
    STATIC = "static"
    COMMAND = "command"


class Data(StrEnum):
    PUBLIC = "public"
    PERSONAL = "personal"


class Durability(StrEnum):
    STRICT = "strict"
    RELAXED = "relaxed"


class Isolation(StrEnum):
    STRICT = "strict"
    RELAXED = "relaxed"


class Addresses(StrEnum):
    """How much of a visitor's address a log keeps."""

    NONE = "none"
    TRUNCATED = "truncated"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a site, and the country whose law reaches them."""

    name: str
    jurisdiction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place. ``country`` is an ISO 3166-1 alpha-2 code, ``region`` the provider's own name for it."""

    name: str
    provider: str
    country: str
    operator: Operator
    region: str | None = None
    prices: SitePrices | None = None

    @property
    def rented(self) -> bool:
        """Whether machines can be rented there; otherwise they exist already."""
        return self.provider != "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPort:
    """A port that a host accepts on its public address besides those of the stack.

    ``networks`` are who may; none means everyone.
    """

    port: int
    protocol: Literal["tcp", "udp"]
    networks: tuple[Net, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine with one role. ``address`` is where others reach it over the public network; ``None`` until it exists.

    ``other_address`` is a second one, of the other family. ``ssh_port`` is where its sshd listens, ``old_ssh_ports``
    where it still does while that is changed. ``host_key`` is the public key line that it must present to SSH; ``None``
    leaves that to the provider, or to the operator's known_hosts. ``entry`` is the name it has under ``hosts:`` (a
    group such as ``edge`` with a count stands for several hosts). ``size`` and ``image`` are the provider's words.
    ``disk`` is the size of its disk in bytes, where that is declared; ``traffic`` the bytes that leave it in a month.
    One that is ``leaving`` still serves, and nobody is sent to it. ``autoscale`` is within what its group follows its
    traffic.
    """

    name: str
    entry: str
    number: int
    role: Role
    site: Site
    bridge: IPv4Address
    address: Address | None = None
    other_address: Address | None = None
    ssh_port: int = 22
    old_ssh_ports: tuple[int, ...] = ()
    host_key: str | None = None
    size: str | None = None
    image: str | None = None
    disk: int | None = None
    open: tuple[OpenPort, ...] = ()
    price: Price | None = None
    traffic: int | None = None
    autoscale: Autoscale | None = None
    leaving: bool = False

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Its public addresses, the one that it is logged in to first; none until it exists."""
        return tuple(address for address in (self.address, self.other_address) if address is not None)

    @property
    def ssh_ports(self) -> tuple[int, ...]:
        """Where its sshd listens, in the order in which they are tried."""
        return (self.ssh_port, *self.old_ssh_ports)

    @property
    def rented(self) -> bool:
        """Whether festning rents it: it is declared without an address, at a site whose provider gives one."""
        return self.address is None and self.site.rented


@dataclass(frozen=True, slots=True)
class Residency:
    """Where personal data may be, and whose law may reach it: ISO country codes, groups already expanded."""

    countries: frozenset[str]
    operators: frozenset[str]

    def admits(self, site: Site) -> bool:
        """Whether personal data may be at a site."""
        return site.country in self.countries and site.operator.jurisdiction in self.operators


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The Galera cluster. ``memory`` is each data node's InnoDB buffer pool, in bytes."""

    durability: Durability = Durability.STRICT
    memory: int = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProbe:
    """How to prove a service with a database from outside: ``{token}`` stands for a number that is new each time.

    ``method`` and ``path`` write one row when requested; ``row`` is an SQL query, run in the service's database, that
    counts the rows with that token.
    """

    method: str
    path: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A workload of the user's. ``port`` is where its web server listens, on loopback and on the bridge.

    ``idempotency_key``: it does a request once, however often that comes with one key (``model/repeating.py``).
    ``index`` counts from 0 in order of declaration.
    """

    name: str
    index: int
    source: Path
    runtime: Runtime
    runs_on: Role
    data: Data
    host: str
    health: str
    port: int
    database: bool = False
    idempotency_key: bool = False
    release: str | None = None
    command: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    probe: OrderProbe | None = None
    isolation: Isolation = Isolation.STRICT

    @property
    def account(self) -> str:
        """The system user that the service runs as, and the name of its database and database user's stem."""
        return f"svc-{self.name}"

    @property
    def root(self) -> str:
        """Where its files are on a host."""
        return f"/srv/festning/{self.name}"

    @property
    def socket(self) -> str:
        """The php-fpm socket of a service with runtime ``php``, in a directory that its own unit makes and owns."""
        return f"/run/festning-service-{self.name}/php.sock"

    @property
    def schema(self) -> str:
        """The name of its database, and of its database user."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a service's source: path relative to the source, content, and whether it is executable."""

    path: str
    content: bytes
    executable: bool = False

    def __hash__(self) -> int:
        return hash(self.path)  # Paths are different within a source; contents may be long.


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """Rules that every front door applies before a request reaches a service."""

    deny_agents: tuple[str, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What the front doors accept from the public: the lowest TLS version, and the ciphers of TLS 1.2 (OpenSSL names).

    Default: Mozilla, Server Side TLS, "intermediate", without the ciphers that need Diffie-Hellman parameters.
    """

    minimum: str = "1.2"
    ciphers: tuple[str, ...] = (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Days that the fortress's certificates hold, by authority.

    Web: browsers refused more than 398 (CA/Browser Forum, Baseline Requirements, 6.3.2, until 2026-03-15).
    """

    web: int = 397
    bridge: int = 825
    database: int = 825


@dataclass(frozen=True, slots=True)
class Origin:
    """A network that administrators come from, and the country that it is in, where that is declared."""

    network: Net
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bastion:
    """A machine through which all hosts are reached; ``host_key`` is the public key line that it must present."""

    address: Address
    ssh_port: int
    ssh_user: str
    host_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Who may administrate: networks from which SSH is accepted, and the SSH user (``root``, or one with sudo).

    ``origins`` are the networks as declared, for whom they tell where administrators sit.
    """

    networks: tuple[Net, ...]
    ssh_user: str = "root"
    origins: tuple[Origin, ...] = ()
    bastion: Bastion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A place where copies of the data are kept, by whatever means; ``site`` is one of the fortress's, if it is one."""

    name: str
    country: str
    operator: Operator
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A rule or check that is knowingly not met until a date (the last day on which it holds).

    ``path`` limits it to what is found at a key path or below; without one it holds everywhere.
    """

    rule: str
    reason: str
    until: date
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """How the services' names are kept. ``zone`` is the zone that they are in; without one it is the domain.

    ``ttl`` is in seconds. ``provider`` is whose API the records are changed through. ``caa`` are the authorities that
    alone may issue certificates for the names; none declared means that nothing is said.
    """

    zone: str | None = None
    ttl: int = 60
    provider: str | None = None
    caa: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fortress:
    """The whole stack. ``lab`` is true when it is mapped onto the lab's machines.

    Without slots, so that what is asked once for each host (who has this name, which hosts have this role) is worked
    out once for the fortress.
    """

    name: str
    domain: str
    residency: Residency
    sites: tuple[Site, ...]
    hosts: tuple[Host, ...]
    bridge: Bridge
    database: Database
    services: tuple[Service, ...]
    front_door: FrontDoor
    admin: Admin
    waivers: tuple[Waiver, ...] = ()
    lab: bool = False
    tls: Tls = Tls()
    lifetimes: Lifetimes = Lifetimes()
    logged_outside: Addresses = Addresses.TRUNCATED
    backups: tuple[Backup, ...] = ()
    accounting: Accounting = EUROS
    dns: Dns = Dns()

    @property
    def zone(self) -> str:
        """The DNS zone that the services' names are in."""
        return self.dns.zone or self.domain

    def logged_at(self, site: Site) -> Addresses:
        """How much of a visitor's address the logs at a site keep: all of it where personal data may be."""
        return Addresses.FULL if self.residency.admits(site) else self.logged_outside

    def __hash__(self) -> int:
        # Equal fortresses have equal names. Going through all hosts would make remembering cost more than it saves; and
        # one that has grown is not compared with what it was, host by host, whenever something is remembered.
        return hash((self.name, len(self.hosts)))

    @cached_property
    def _by_name(self) -> Mapping[str, Host]:
        return {host.name: host for host in reversed(self.hosts)}

    @cached_property
    def _by_role(self) -> Mapping[Role, tuple[Host, ...]]:
        ordered = sorted(self.hosts, key=lambda host: host.number)
        return {role: tuple(host for host in ordered if host.role is role) for role in Role}

    def host(self, name: str) -> Host:
        """The host of that name; raises ``KeyError`` when there is none."""
        return self._by_name[name]

    def with_role(self, role: Role) -> tuple[Host, ...]:
        """The hosts of a role, in order of number."""
        return self._by_role[role]

    @property
    def cores(self) -> tuple[Host, ...]:
        """Core hosts: hubs, front doors and data nodes at once."""
        return self.with_role(Role.CORE)

    @property
    def arbiters(self) -> tuple[Host, ...]:
        return self.with_role(Role.ARBITER)

    @property
    def edges(self) -> tuple[Host, ...]:
        return self.with_role(Role.EDGE)

    @cached_property
    def autoscaled(self) -> Mapping[str, tuple[Host, ...]]:
        """The groups of edges that follow their traffic: by name, the edges of each that stay, in order of number."""
        groups: dict[str, list[Host]] = {}
        for edge in self.edges:
            if edge.autoscale is not None and not edge.leaving:
                groups.setdefault(edge.entry, []).append(edge)
        return {name: tuple(edges) for name, edges in groups.items()}

    @property
    def hubs(self) -> tuple[Host, ...]:
        """The hosts that others dial. An arbiter is one for the cores: so no two members of the database depend on one
        tunnel, whichever hub stops."""
        return (*self.cores, *self.arbiters)

    def hubs_of(self, host: Host) -> tuple[Host, ...]:
        """The hubs that a host dials: cores dial every other hub, all others dial the cores."""
        if host.role is not Role.CORE:
            return self.cores
        return tuple(hub for hub in self.hubs if hub.name != host.name)

    def ways_to(self, hub: Host, host: Host) -> tuple[Address, ...]:
        """The addresses at which a host dials a hub: of the families that both have.

        All of the hub's while the host has none itself, and when they share none: the file is not accepted then.
        """
        families = {address.version for address in host.addresses}
        return tuple(address for address in hub.addresses if address.version in families) or hub.addresses

    def processes_of(self, hub: Host) -> int:
        """How many OpenVPN processes a hub is: an arbiter's has the cores alone, and needs no second one."""
        return self.bridge.running if hub.role is Role.CORE else 1

    def dialled_by(self, host: Host) -> tuple[int, ...]:
        """Which processes of its hubs a host dials, from 0: edges are dealt out, everything else dials the first.

        More than one while an edge moves; hubs answer over the first of them.
        """
        return self.bridge.dialled(host.number) if host.role is Role.EDGE else (0,)

    def peers_of(self, host: Host) -> tuple[Host, ...]:
        """The hosts that a host reaches over the bridge: a core reaches every other host, others reach the cores.

        Those that a hub reaches are those that dial it.
        """
        if host.role is Role.CORE:
            return tuple(other for other in self.hosts if other.name != host.name)
        return self.cores

    def services_on(self, host: Host) -> tuple[Service, ...]:
        """The services that run on a host."""
        return tuple(service for service in self.services if service.runs_on is host.role)

    def copies_on(self, host: Host) -> tuple[Service, ...]:
        """The services of which a host keeps a backup copy: on cores, what the edges serve as mere public files.

        The cores' front doors fall back on it when no edge is left.
        """
        if host.role is not Role.CORE:
            return ()
        return tuple(
            service
            for service in self.services
            if service.runs_on is Role.EDGE and service.runtime is Runtime.STATIC and service.data is Data.PUBLIC
        )

    def hosts_of(self, service: Service) -> tuple[Host, ...]:
        """The hosts that a service runs on."""
        return self.with_role(service.runs_on)

    def needs_database(self, host: Host) -> bool:
        """Whether a service with a database runs on the host."""
        return any(service.database for service in self.services_on(host))

    def decrypts(self, host: Host, service: Service) -> bool:
        """Whether the host's front door holds the service's TLS key.

        Cores always do. An edge does for public services, and for a personal one only where the residency rule admits
        its site; elsewhere it relays ciphertext.
        """
        if host.role is Role.CORE:
            return True
        return host.role is Role.EDGE and (service.data is Data.PUBLIC or self.residency.admits(host.site))

    def placed(self, addresses: Mapping[str, Address]) -> Fortress:
        """The same fortress with the addresses that a provider gave to its hosts (by host name)."""
        return replace(
            self,
            hosts=tuple(replace(host, address=addresses.get(host.name, host.address)) for host in self.hosts),
        )
