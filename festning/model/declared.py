"""The shape of ``fortress.yaml``: which keys there are, what each may hold, and what it is for.

This is also the source of the JSON Schema. Knows one value at a time; what depends on several (a site that exists, a
number that is free) is in ``resolve``, and what is wise is in ``policy``.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from festning.model import lean_pydantic  # noqa: F401 (importing it is what counts)
from festning.model.autoscale import parse_a_second, parse_duration
from festning.model.bridge import DEFAULT_BLOCK, DEFAULT_CIPHERS, DEFAULT_POOL, MOST_PROCESSES, Cipher
from festning.model.countries import COUNTRIES, GROUP_NAMES
from festning.model.fortress import Addresses, Data, Dns, Durability, Isolation, Lifetimes, Role, Runtime, Tls
from festning.model.money import Per, Price, parse_price, parse_rate

_NAME = r"^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$"
_DNS_NAME = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029⟦⟧]+$"
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def _address(value: object) -> IPv4Address | IPv6Address:
    if isinstance(value, str):
        with suppress(ValueError):
            return ip_address(value)
    raise ValueError("is not an IP address, such as 203.0.113.11")


def _addresses(value: object) -> tuple[IPv4Address | IPv6Address, ...]:
    """One address, or one of each family; the first is where the host is logged in to."""
    found = tuple(_address(one) for one in (value if isinstance(value, list) else [value]))
    if not found or len({one.version for one in found}) != len(found):
        raise ValueError("is not one address, or one of each family, such as [203.0.113.11, 2001:db8::11]")
    return found


def _ports(value: object) -> tuple[int, ...]:
    ports = tuple(value) if isinstance(value, list) else (value,)
    if not ports or not all(type(port) is int and 1 <= port <= 65535 for port in ports):
        raise ValueError("is not a port, such as 22, or a list of them while one is being changed, such as [2222, 22]")
    if len(set(ports)) != len(ports):
        raise ValueError("has a port twice")
    return ports


def _host_key(value: object) -> str:
    """The kind and the key, without the comment (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253, 6.6)."""
    words = value.split() if isinstance(value, str) else []
    if len(words) >= 2:
        with suppress(ValueError, binascii.Error):
            blob = base64.b64decode(words[1], validate=True)
            kind = words[0].encode()
            if blob.startswith(len(kind).to_bytes(4, "big") + kind) and len(blob) > 4 + len(kind):
                return f"{words[0]} {words[1]}"
    raise ValueError("is not a public key line, such as ssh-ed25519 AAAA…")


def _network(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, str):
        with suppress(ValueError):
            return ip_network(value)
    raise ValueError("is not an IP network without host bits, such as 192.0.2.0/24")


def _pool(value: object) -> IPv4Network:
    network = _network(value)
    if not isinstance(network, IPv4Network):
        raise ValueError("is not an IPv4 network, such as 10.8.0.0/16")  # noqa: TRY004 (pydantic reports ValueError)
    return network


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("is not an ISO 3166-1 alpha-2 country code, such as NO")
    return value


def _country_or_group(value: str) -> str:
    if value not in COUNTRIES and value not in GROUP_NAMES:
        raise ValueError(f"is neither a country code, such as NO, nor a group ({', '.join(GROUP_NAMES)})")
    return value


def _size(value: str) -> str:
    if parse_size(value) < 1 << 26:
        raise ValueError("must be at least 64MiB")
    return value


def _duration(value: str) -> str:
    parse_duration(value)
    return value


def _a_second(value: str) -> str:
    parse_a_second(value)
    return value


def _price(*units: Per) -> Callable[[object], Price]:
    return lambda value: parse_price(value if isinstance(value, str) else "", *units)


def _rate(value: object) -> tuple[Decimal, str]:
    return parse_rate(value if isinstance(value, str) else "")


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError("is not an ISO 4217 currency code, such as EUR")
    return value


def _line(value: str) -> str:
    """One line for everybody: editors and configuration readers end lines at more than the line feed (Unicode UAX 14).

    The brackets would be filled from the vault (``reference``), and a key must not get where its name was only typed.
    """
    if "⟦" in value or "⟧" in value:
        raise ValueError("has a bracket ⟦ or ⟧: they stand for the vault's keys and cannot be written here")
    if not re.fullmatch(_LINE, value):
        raise ValueError("has a line break or a control character" if value else "is empty")
    return value


def parse_size(text: str) -> int:
    """Bytes in a size such as ``4GiB``; raises ``ValueError`` for anything else."""
    match = re.fullmatch(r"([1-9][0-9]*)(KiB|MiB|GiB|TiB)", text)
    if match is None:
        raise ValueError("must be a whole number with a unit, such as 4GiB or 512MiB")
    return int(match[1]) * _UNITS[match[2]]


Name = Annotated[StrictStr, Field(pattern=_NAME)]
DnsName = Annotated[StrictStr, Field(pattern=_DNS_NAME, max_length=253)]
Country = Annotated[StrictStr, AfterValidator(_country)]
CountryOrGroup = Annotated[StrictStr, AfterValidator(_country_or_group)]
Size = Annotated[StrictStr, AfterValidator(_size)]
Address = Annotated[IPv4Address | IPv6Address, PlainValidator(_address), WithJsonSchema({"type": "string"})]
AddressOfEach = Annotated[
    tuple[IPv4Address | IPv6Address, ...],
    PlainValidator(_addresses),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2}]}
    ),
]
_PORT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 65535}
SshPorts = Annotated[
    tuple[int, ...],
    PlainValidator(_ports),
    WithJsonSchema({"anyOf": [_PORT_SCHEMA, {"type": "array", "items": _PORT_SCHEMA, "minItems": 1}]}),
]
HostKey = Annotated[str, PlainValidator(_host_key), WithJsonSchema({"type": "string"})]
SshUser = Annotated[StrictStr, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
Duration = Annotated[
    StrictStr, AfterValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,8}(ms|s|m|h)$"})
]
ASecond = Annotated[
    StrictStr, AfterValidator(_a_second), WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,8}/s$"})
]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network), WithJsonSchema({"type": "string"})]
Pool = Annotated[
    IPv4Network, PlainValidator(_pool), WithJsonSchema({"type": "string"}), PlainSerializer(str, return_type=str)
]
HttpPath = Annotated[StrictStr, Field(pattern=r"^/[\x21-\x7e]*$")]
EnvironmentName = Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
TlsVersion = Annotated[
    Literal["1.2", "1.3"],
    BeforeValidator(lambda value: str(value) if isinstance(value, float) else value),  # Nobody thinks of quotes here.
    WithJsonSchema({"enum": ["1.2", "1.3", 1.2, 1.3]}),
]
TlsCipher = Annotated[StrictStr, Field(pattern=r"^[A-Z0-9]+(?:-[A-Z0-9]+)+$")]
_MACHINE_PRICE = r"^[0-9]+(\.[0-9]+)? [A-Z]{3}/(month|hour)$"
_GIB_PRICE = r"^[0-9]+(\.[0-9]+)? [A-Z]{3}/GiB$"
MachinePrice = Annotated[
    Price, PlainValidator(_price(Per.MONTH, Per.HOUR)), WithJsonSchema({"type": "string", "pattern": _MACHINE_PRICE})
]
GibPrice = Annotated[Price, PlainValidator(_price(Per.GIB)), WithJsonSchema({"type": "string", "pattern": _GIB_PRICE})]
Rate = Annotated[
    tuple[Decimal, str],
    PlainValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? [A-Z]{3}$"}),
]
Currency = Annotated[StrictStr, AfterValidator(_currency)]
Days = Annotated[StrictInt, Field(ge=31, le=3650)]
Line = Annotated[StrictStr, AfterValidator(_line), WithJsonSchema({"type": "string", "pattern": _LINE})]
HttpToken = Annotated[StrictStr, Field(pattern=r"^[A-Z]+$")]
RentingProvider = Literal["ec2", "digitalocean", "upcloud", "cloudscale"]
AgentWord = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9._/-]+$")]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class OperatorEntry(_Declared):
    """Who runs the site."""

    name: Line = Field(description="The operator's name.")
    jurisdiction: Country = Field(description="Country whose law reaches the operator (for a subsidiary: the owner's).")


class PricesEntry(_Declared):
    """What the site's provider takes besides its machines; festning cost counts with it."""

    date: datetime.date = Field(description="The day on which these prices, and those of the site's hosts, were so.")
    source: Line | None = Field(default=None, description="The price list, offer or invoice that they are from.")
    traffic: GibPrice | None = Field(
        default=None, description="For a GiB that leaves, such as 0.09 USD/GiB; 0 EUR/GiB where it is included."
    )
    included: Size | None = Field(default=None, description="What may leave each host in a month before that.")
    disk: GibPrice | None = Field(
        default=None, description="For a GiB of disk and month, where disks cost extra, such as 0.08 USD/GiB."
    )
    address: MachinePrice | None = Field(default=None, description="For a public address, where they cost extra.")


class SiteEntry(_Declared):
    """A place where machines stand."""

    provider: Literal["static", RentingProvider] = Field(
        description="How machines come to be there; static: they exist already. From the others festning rents those "
        "that have no address."
    )
    country: Country = Field(description="Country in which the machines stand.")
    operator: OperatorEntry
    region: Line | None = Field(
        default=None, description="The provider's own name for the place (region or zone); where machines are rented."
    )
    prices: PricesEntry | None = None


class OpenEntry(_Declared):
    """A port that is open besides those of the stack: something of yours listens there."""

    port: Annotated[StrictInt, Field(ge=1, le=65535)]
    protocol: Literal["tcp", "udp"] = "tcp"
    networks: tuple[Network, ...] = Field(
        default=(), alias="from", description="Who may reach it over the public network; left out: everyone."
    )
    why: Line = Field(description="What it is for; stands in the firewall, too.")


class AutoscaleEntry(_Declared):
    """Within what a group of edges follows its traffic; festning watch does it."""

    least: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(alias="from", description="The fewest edges.")
    most: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(alias="to", description="The most edges.")
    requests: ASecond = Field(
        description="What one edge should have to do at most, such as 400/s: requests that it decrypts, connections "
        "that it relays."
    )
    p99: Duration = Field(description="Within what an edge should have 99 of 100 answered, such as 250ms.")
    cool_down: Duration = Field(default="5m", description="How long nothing is changed after a change.")
    grow_after: Duration = Field(default="1m", description="How long it must be too much before there are more edges.")
    shrink_after: Duration = Field(
        default="15m", description="How long it must be little enough before there is one edge less."
    )
    replace_after: Duration = Field(
        default="1m", description="How long an edge must have been dead before another takes its place."
    )


class LeavingEntry(_Declared):
    """Edges of a group that are on their way out: they stand in no answer any more, and are drained before they go."""

    site: Name | None = Field(default=None, description="Where they are; left out: where the group is.")
    first: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(description="The lowest of them.")
    count: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(description="How many.")
    size: Line | None = Field(default=None, description="Their size; left out: the group's.")
    image: Line | None = Field(default=None, description="Their image; left out: the group's.")


class HostEntry(_Declared):
    """A machine, or with ``count`` a group of equal edges (``edge`` with count 2 is edge1 and edge2)."""

    site: Name = Field(description="One of the sites.")
    role: Role
    address: AddressOfEach | None = Field(
        default=None,
        description="Public address, or a list of one IPv4 and one IPv6 address, the one for SSH first; left out where "
        "a provider gives one.",
    )
    count: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="How many equal edges this entry stands for."
    )
    first: Annotated[StrictInt, Field(ge=1, le=10_000)] = Field(
        default=1, description="Of a group: the number in the name of its first edge. festning move sets it."
    )
    leaving: LeavingEntry | None = Field(
        default=None, description="Of a group: edges that festning scale or move is taking away, until they are gone."
    )
    number: Annotated[StrictInt, Field(ge=1, lt=1 << 24)] | None = Field(
        default=None, description="The host's number on the bridge (of a group: its first); chosen when left out."
    )
    ssh_port: SshPorts = Field(
        default=(22,),
        description="Where its sshd listens. To change it, declare the new and the old one, [2222, 22], for one apply.",
    )
    host_key: HostKey | None = Field(
        default=None,
        description="The only SSH host key that is accepted of it (ssh-ed25519 AAAA…); left out: your known_hosts.",
    )
    size: Line | None = Field(
        default=None, description="The provider's name for the machine's size; rented ones need it."
    )
    image: Line | None = Field(
        default=None, description="The provider's name for the system it is born with; Debian 13 when left out."
    )
    disk: Size | None = Field(
        default=None, description="Size of its disk: judged by the policy, and compared with the disk by verify."
    )
    open: tuple[OpenEntry, ...] = Field(default=(), description="Ports that are open besides those of the stack.")
    price: MachinePrice | None = Field(
        default=None,
        description="What it costs with its disk and address, such as 45 EUR/month (each, of a group); left out where "
        "a provider's list says it.",
    )
    traffic: Size | None = Field(
        default=None, description="What leaves it in a month (each, of a group), such as 500GiB; for festning cost."
    )
    autoscale: AutoscaleEntry | None = None


class PersonalEntry(_Declared):
    """Where personal data may be."""

    countries: tuple[CountryOrGroup, ...] = Field(min_length=1, description="Countries in which it may be.")
    operators: tuple[CountryOrGroup, ...] = Field(min_length=1, description="Jurisdictions that may reach its keepers.")


class ResidencyEntry(_Declared):
    """The residency rule."""

    personal: PersonalEntry


class BridgeEntry(_Declared):
    """The bridge's address pool."""

    pool: Pool = Field(default=DEFAULT_POOL, description="Private IPv4 network that nothing else of yours uses.")
    block: Annotated[StrictInt, Field(ge=8, le=28)] = Field(
        default=DEFAULT_BLOCK, description="Prefix length of the blocks that the pool is cut into: one for all hosts."
    )
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = Field(default=1194, description="UDP port of the hubs.")
    ciphers: tuple[Cipher, ...] = Field(
        default=DEFAULT_CIPHERS,
        min_length=1,
        description="What the tunnels are encrypted with; the first is preferred.",
    )
    processes: Annotated[StrictInt, Field(ge=1, le=MOST_PROCESSES)] = Field(
        default=1,
        description="OpenVPN processes of each core's hub, among which edges are dealt out by their numbers; each uses "
        "one processor, at a port of its own (port, port + 1, ...). A change moves edges: see beside.",
    )
    beside: Annotated[StrictInt, Field(ge=1, le=MOST_PROCESSES)] | None = Field(
        default=None,
        description="How many processes there were, or are to be: edges that move have links to both then. In three "
        "applies nobody is cut off, such as {processes: 1, beside: 2}, {processes: 2, beside: 1}, {processes: 2}; in "
        "one, those that move are for seconds.",
    )


class DatabaseEntry(_Declared):
    """The Galera cluster on the core hosts."""

    durability: Durability = Field(default=Durability.STRICT, description="strict: every commit is flushed to disk.")
    memory: Size = Field(default="1GiB", description="InnoDB's buffer pool on each data node.")


class ProbeEntry(_Declared):
    """How to prove from outside that the service writes: one row with a number that is new each time."""

    method: Literal["POST", "PUT", "GET"] = "POST"
    path: HttpPath = Field(description="Path to request; {token} stands for the number.")
    row: Line = Field(description="SQL that counts the rows with {token} in the service's database.")


class ServiceEntry(_Declared):
    """A workload of yours."""

    source: Line = Field(description="Folder with the files, relative to fortress.yaml.")
    runtime: Runtime
    runs_on: Literal[Role.CORE, Role.EDGE] = Field(description="Where it runs.")
    data: Data = Field(description="personal: its TLS key and its traffic in the clear stay where residency allows.")
    host: DnsName = Field(description="The name that the public requests.")
    health: HttpPath = Field(default="/", description="Path that answers 2xx when the service is well.")
    port: Annotated[StrictInt, Field(ge=1024, le=65535)] | None = Field(
        default=None, description="Where it listens behind the front door; chosen when left out."
    )
    database: StrictBool = Field(default=False, description="Whether it has a database at 127.0.0.1:3306.")
    idempotency_key: StrictBool = Field(
        default=False,
        description="Whether it does a request once, however often that comes with one Idempotency-Key (a header, of "
        "an IETF draft). Front doors then ask another host when the answer to such a request is lost, and verify asks "
        "twice.",
    )
    release: Line | None = Field(default=None, description="Command to run once after each change of the source.")
    command: Line | None = Field(default=None, description="What to run, for runtime command; it listens on $PORT.")
    environment: dict[EnvironmentName, Line] = Field(default_factory=dict, description="Not for secrets.")
    isolation: Isolation = Field(
        default=Isolation.STRICT,
        description="strict: it reads its files and talks to the network, no more; relaxed: for what cannot run so.",
    )
    probe: ProbeEntry | None = None


class FrontDoorEntry(_Declared):
    """Rules that every front door applies."""

    deny_agents: tuple[AgentWord, ...] = Field(
        default=("masscan", "nikto", "nuclei", "sqlmap", "wpscan", "zgrab"),
        description="Requests whose User-Agent contains one of these words are refused.",
    )
    methods: tuple[HttpToken, ...] = Field(
        default=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
        min_length=1,
        description="HTTP methods that reach a service.",
    )


class TlsEntry(_Declared):
    """What the front doors accept from the public."""

    minimum: TlsVersion = Field(default="1.2", description="The lowest version of TLS.")
    ciphers: tuple[TlsCipher, ...] = Field(
        default=Tls().ciphers, min_length=1, description="The ciphers of TLS 1.2, by OpenSSL's names."
    )


class CertificatesEntry(_Declared):
    """How long new certificates hold, in days. Each is made again when an apply finds less than 30 days left."""

    web: Days = Field(default=Lifetimes().web, description="The services', which browsers see.")
    bridge: Days = Field(default=Lifetimes().bridge, description="The hosts', for the tunnels.")
    database: Days = Field(default=Lifetimes().database, description="The cluster members', for replication.")


class LogsEntry(_Declared):
    """What front doors and web servers write down."""

    addresses: Addresses = Field(
        default=Addresses.TRUNCATED,
        description="How much of a visitor's address is kept at sites where personal data may not be: none of it, its "
        "network (/24, or /48 of IPv6), or all. Where personal data may be, it is kept whole.",
    )


class DnsEntry(_Declared):
    """The records of the services' names: festning dns prints them, and festning dns apply keeps them at a provider."""

    zone: DnsName | None = Field(default=None, description="The zone that they are in; the domain when left out.")
    ttl: Annotated[StrictInt, Field(ge=30, le=86_400)] = Field(
        default=Dns().ttl,
        description="Seconds that an answer is kept: so long a dead front door is tried after it left the answer.",
    )
    provider: Literal["digitalocean", "gandi_live", "powerdns", "route53"] | None = Field(
        default=None, description="Who serves the zone, for festning dns apply; credentials are in its environment."
    )
    caa: tuple[DnsName, ...] = Field(
        default=(), description="Authorities that alone may issue certificates for the names, such as letsencrypt.org."
    )


class BackupEntry(_Declared):
    """A place where copies of the data are kept, by whatever means: festning judges it, and makes no copies yet."""

    name: Name
    site: Name | None = Field(default=None, description="One of the sites; or else country and operator.")
    country: Country | None = Field(default=None, description="Country in which the copies are.")
    operator: OperatorEntry | None = None


class OriginEntry(_Declared):
    """A network that administrators come from; a network alone, such as 192.0.2.0/24, will do."""

    network: Network
    country: Country | None = Field(default=None, description="Country in which the administrators sit.")

    @model_validator(mode="before")
    @classmethod
    def _network_alone(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"network": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


class BastionEntry(_Declared):
    """A machine of yours through which all hosts are reached; festning changes nothing on it."""

    address: Address = Field(description="Where it is reached, and where it comes from: it must be in admin.from.")
    ssh_port: Annotated[StrictInt, Field(ge=1, le=65535)] = 22
    ssh_user: SshUser | None = Field(default=None, description="As whom; admin.ssh_user when left out.")
    host_key: HostKey | None = Field(
        default=None,
        description="The only SSH host key that is accepted of it (ssh-ed25519 AAAA…); left out: your known_hosts.",
    )


class AdminEntry(_Declared):
    """Who may administrate."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    origins: tuple[OriginEntry, ...] = Field(alias="from", min_length=1, description="Networks that may reach SSH.")
    ssh_user: SshUser = Field(default="root", description="root, or a user who may sudo without a password.")
    bastion: BastionEntry | None = Field(default=None, description="Left out: hosts are reached directly.")


class AccountingEntry(_Declared):
    """How festning cost tells money."""

    currency: Currency = Field(default="EUR", description="The currency of all sums.")
    rates: dict[Currency, Rate] = Field(
        default_factory=dict,
        description="What one of another currency is, such as {USD: 0.895 EUR}; left out: the European Central Bank's.",
    )
    date: datetime.date | None = Field(default=None, description="The day on which these rates were so.")
    source: Line | None = Field(default=None, description="Who says these rates.")
    data: Size | None = Field(default=None, description="How much data the cores hold: what must move out of a vendor.")


class WaiverEntry(_Declared):
    """A rule or check that is knowingly not met."""

    rule: Line = Field(description="A rule (festning explain lists them) or the id of a check of verify.")
    path: Line | None = Field(default=None, description="Of a rule: only what is found at this key path or below.")
    reason: Line
    until: datetime.date = Field(description="The last day on which it holds; after it, it is an error.")


class FortressFile(_Declared):
    """A fortress: stateless edges, a stateful core, and the bridge between them."""

    fortress: Name = Field(description="The fortress's name.")
    domain: DnsName
    residency: ResidencyEntry
    sites: dict[Name, SiteEntry] = Field(min_length=1)
    hosts: dict[Name, HostEntry] = Field(min_length=1)
    bridge: BridgeEntry = Field(default_factory=BridgeEntry)
    database: DatabaseEntry = Field(default_factory=DatabaseEntry)
    services: dict[Name, ServiceEntry] = Field(default_factory=dict)
    front_door: FrontDoorEntry = Field(default_factory=FrontDoorEntry)
    tls: TlsEntry = Field(default_factory=TlsEntry)
    certificates: CertificatesEntry = Field(default_factory=CertificatesEntry)
    logs: LogsEntry = Field(default_factory=LogsEntry)
    dns: DnsEntry = Field(default_factory=DnsEntry)
    backups: tuple[BackupEntry, ...] = Field(default=(), description="Where copies of the data are kept.")
    accounting: AccountingEntry = Field(default_factory=AccountingEntry)
    admin: AdminEntry
    waivers: tuple[WaiverEntry, ...] = ()
