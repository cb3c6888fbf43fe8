"""From the declared file to the resolved fortress, or to every contradiction in it.

Knows what depends on more than one value: names that must exist, numbers and addresses that must be free. Leaves single
values to ``declared`` and judgement of a consistent fortress to ``policy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from festning.model.bridge import PROCESS_ROOM, Bridge
from festning.model.contradiction import Contradiction
from festning.model.countries import expand
from festning.model.declared import FortressFile, HostEntry, LeavingEntry, ServiceEntry, parse_size
from festning.model.document import LONGEST_SHOWN, KeyPath
from festning.model.fortress import (
    Admin,
    Backup,
    Bastion,
    Database,
    Dns,
    Fortress,
    FrontDoor,
    Host,
    Lifetimes,
    OpenPort,
    Operator,
    OrderProbe,
    Origin,
    Residency,
    Role,
    Runtime,
    Service,
    Site,
    Tls,
    Waiver,
)
from festning.model.listing import listed
from festning.model.numbering import FIRST, Entry, first_numbers
from festning.model.resolve_access import RESERVED_PORTS, access_contradictions
from festning.model.resolve_autoscale import autoscale, autoscale_contradictions
from festning.model.resolve_money import accounting, money_contradictions, site_prices

FIRST_SERVICE_PORT = 8100
MOST_HOSTS = 20_000
"""Twice what has been measured."""
SHORTEST_GANDI_TTL = 300
LAST_PORT = 65535
MOST_CHOICES = 40
"""Names that an error lists."""


def resolve(declared: FortressFile, folder: Path) -> Fortress | list[Contradiction]:
    """The fortress that the file declares; ``folder`` is where relative sources are looked up.

    Returns the list of contradictions instead when there are any.
    """
    bridge = Bridge(
        pool=declared.bridge.pool,
        block=declared.bridge.block,
        port=declared.bridge.port,
        ciphers=declared.bridge.ciphers,
        processes=declared.bridge.processes,
        beside=declared.bridge.beside,
    )
    contradictions = list(
        chain(
            _bridge_contradictions(declared),
            _site_contradictions(declared),
            _backup_contradictions(declared),
            _dns_contradictions(declared),
            _group_contradictions(declared),
            _rent_contradictions(declared),
            autoscale_contradictions(declared),
            _service_contradictions(declared, folder),
            access_contradictions(declared),
            money_contradictions(declared),
        )
    )
    if contradictions:
        return contradictions
    sites = {
        name: Site(
            name=name,
            provider=site.provider,
            country=site.country,
            operator=Operator(site.operator.name, site.operator.jurisdiction),
            region=site.region,
            prices=site_prices(site),
        )
        for name, site in declared.sites.items()
    }
    hosts = tuple(_hosts(declared, bridge, sites))
    contradictions = [*_number_contradictions(hosts, bridge, declared), *_host_contradictions(hosts)]
    if contradictions:
        return contradictions
    personal = declared.residency.personal
    return Fortress(
        name=declared.fortress,
        domain=declared.domain,
        residency=Residency(expand(personal.countries), expand(personal.operators)),
        sites=tuple(sites.values()),
        hosts=hosts,
        bridge=bridge,
        database=Database(durability=declared.database.durability, memory=parse_size(declared.database.memory)),
        services=tuple(_services(declared, folder)),
        front_door=FrontDoor(deny_agents=declared.front_door.deny_agents, methods=declared.front_door.methods),
        admin=_admin(declared),
        waivers=tuple(Waiver(rule=w.rule, path=w.path, reason=w.reason, until=w.until) for w in declared.waivers),
        tls=Tls(minimum=declared.tls.minimum, ciphers=declared.tls.ciphers),
        lifetimes=Lifetimes(
            web=declared.certificates.web,
            bridge=declared.certificates.bridge,
            database=declared.certificates.database,
        ),
        logged_outside=declared.logs.addresses,
        backups=tuple(_backups(declared, sites)),
        dns=Dns(zone=declared.dns.zone, ttl=declared.dns.ttl, provider=declared.dns.provider, caa=declared.dns.caa),
        accounting=accounting(declared),
    )


def _admin(declared: FortressFile) -> Admin:
    origins = tuple(Origin(origin.network, origin.country) for origin in declared.admin.origins)
    return Admin(
        networks=tuple(origin.network for origin in origins),
        ssh_user=declared.admin.ssh_user,
        origins=origins,
        bastion=_bastion(declared),
    )


def _bastion(declared: FortressFile) -> Bastion | None:
    entry = declared.admin.bastion
    if entry is None:
        return None
    return Bastion(
        address=entry.address,
        ssh_port=entry.ssh_port,
        ssh_user=entry.ssh_user or declared.admin.ssh_user,
        host_key=entry.host_key,
    )


def _backups(declared: FortressFile, sites: dict[str, Site]) -> Iterator[Backup]:
    for entry in declared.backups:
        if entry.site is not None:
            site = sites[entry.site]
            yield Backup(name=entry.name, country=site.country, operator=site.operator, site=site.name)
        elif entry.country is not None and entry.operator is not None:
            yield Backup(
                name=entry.name,
                country=entry.country,
                operator=Operator(entry.operator.name, entry.operator.jurisdiction),
            )


def _hosts(declared: FortressFile, bridge: Bridge, sites: dict[str, Site]) -> Iterator[Host]:
    numbers = first_numbers(
        Entry(name, entry.role, _last_of(entry), entry.number) for name, entry in declared.hosts.items()
    )
    for name, entry in declared.hosts.items():
        for index in _indexes(entry):
            number = numbers[name] + index - 1
            in_pool = number <= bridge.largest_host
            leaving = _leaving(entry, index)
            yield Host(
                name=name if entry.count is None else f"{name}{index}",
                entry=name,
                number=number,
                role=entry.role,
                site=sites[(leaving and leaving.site) or entry.site],
                bridge=bridge.address(number if in_pool else 0),
                address=entry.address[0] if entry.address else None,
                other_address=entry.address[1] if entry.address and len(entry.address) > 1 else None,
                ssh_port=entry.ssh_port[0],
                old_ssh_ports=entry.ssh_port[1:],
                host_key=entry.host_key,
                size=(leaving and leaving.size) or entry.size,
                image=(leaving and leaving.image) or entry.image,
                leaving=leaving is not None,
                disk=parse_size(entry.disk) if entry.disk is not None else None,
                open=tuple(
                    OpenPort(port=port.port, protocol=port.protocol, networks=port.networks, why=port.why)
                    for port in entry.open
                ),
                price=entry.price,
                traffic=parse_size(entry.traffic) if entry.traffic is not None else None,
                autoscale=autoscale(entry.autoscale),
            )


def _indexes(entry: HostEntry) -> list[int]:
    """The numbers in the names of a group's hosts, those that leave among them; 1 for a host that is no group."""
    found = {*range(entry.first, entry.first + (entry.count or 1))}
    if entry.leaving is not None:
        found.update(range(entry.leaving.first, entry.leaving.first + entry.leaving.count))
    return sorted(found)


def _last_of(entry: HostEntry) -> int | None:
    return None if entry.count is None else _indexes(entry)[-1]


def _leaving(entry: HostEntry, index: int) -> LeavingEntry | None:
    inside = entry.first <= index < entry.first + (entry.count or 1)
    return None if inside else entry.leaving


def _services(declared: FortressFile, folder: Path) -> Iterator[Service]:
    taken = {service.port for service in declared.services.values()}
    taken |= {port for host in declared.hosts.values() for port in host.ssh_port}
    free = (port for port in range(FIRST_SERVICE_PORT, 65536) if port not in taken | RESERVED_PORTS)
    for index, (name, entry) in enumerate(declared.services.items()):
        yield Service(
            name=name,
            index=index,
            source=folder / entry.source,
            runtime=entry.runtime,
            runs_on=entry.runs_on,
            data=entry.data,
            host=entry.host,
            health=entry.health,
            port=entry.port if entry.port is not None else next(free),
            database=entry.database,
            idempotency_key=entry.idempotency_key,
            release=entry.release,
            command=entry.command,
            environment=tuple(entry.environment.items()),
            probe=_probe(entry),
            isolation=entry.isolation,
        )


def _probe(entry: ServiceEntry) -> OrderProbe | None:
    if entry.probe is None:
        return None
    return OrderProbe(method=entry.probe.method, path=entry.probe.path, row=entry.probe.row)


def _bridge_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    pool, block = declared.bridge.pool, declared.bridge.block
    if block <= pool.prefixlen:
        yield Contradiction(
            ("bridge", "block"),
            f"blocks of /{block} do not fit into the pool {pool}",
            expected=f"a prefix length above {pool.prefixlen}",
            hint="the pool needs one block for all hosts and one for each hub",
        )
    elif not pool.is_private:
        yield Contradiction(("bridge", "pool"), f"{pool} is not a private network", hint="such as 10.8.0.0/16")
    running = max(declared.bridge.processes, declared.bridge.beside or 1)
    if (last := declared.bridge.port + running - 1) > LAST_PORT:
        yield Contradiction(
            ("bridge", "port"),
            f"{running} processes at ports from {declared.bridge.port} on would end at {last}",
            expected=f"at most {LAST_PORT - running + 1}",
        )
    if declared.bridge.beside == declared.bridge.processes:
        yield Contradiction(
            ("bridge", "beside"),
            f"there are {declared.bridge.beside} processes already: no edge would move",
            expected="how many there were, or are to be",
            hint="leave it out when nothing is to change",
        )


def _backup_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    for index, entry in enumerate(declared.backups):
        path: KeyPath = ("backups", index)
        if entry.site is not None and entry.site not in declared.sites:
            yield Contradiction(
                (*path, "site"),
                f"there is no site {entry.site!r}",
                expected=f"one of: {listed(declared.sites, MOST_CHOICES)}",
                hint=did_you_mean(entry.site, declared.sites),
            )
        if (entry.site is None) == (entry.country is None or entry.operator is None):
            yield Contradiction(
                path, f"where {entry.name} is kept is not clear", expected="either site, or country and operator"
            )


def _dns_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    if declared.dns.provider == "gandi_live" and declared.dns.ttl < SHORTEST_GANDI_TTL:
        yield Contradiction(
            ("dns", "ttl" if "ttl" in declared.dns.model_fields_set else "provider"),
            f"Gandi keeps no record for less than {SHORTEST_GANDI_TTL} s, and ttl is {declared.dns.ttl}",
            expected=f"ttl: {SHORTEST_GANDI_TTL} or more",
            hint="another provider lets a dead edge leave the answer sooner",
        )


def _site_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    for name, host in declared.hosts.items():
        if host.site not in declared.sites:
            yield Contradiction(
                ("hosts", name, "site"),
                f"there is no site {host.site!r}",
                expected=f"one of: {listed(declared.sites, MOST_CHOICES)}",
                hint=did_you_mean(host.site, declared.sites),
            )
        leaving = host.leaving.site if host.leaving is not None else None
        if leaving is not None and leaving not in declared.sites:
            yield Contradiction(
                ("hosts", name, "leaving", "site"),
                f"there is no site {leaving!r}",
                expected=f"one of: {listed(declared.sites, MOST_CHOICES)}",
                hint=did_you_mean(leaving, declared.sites),
            )


def _rent_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    """What is not said of machines that have to be rented."""
    told: set[str] = set()
    for name, host in declared.hosts.items():
        site = declared.sites.get(host.site)
        if site is None or site.provider == "static" or host.address is not None:
            continue
        if host.size is None:
            yield Contradiction(
                ("hosts", name),
                f"{name} is to be rented from {site.provider}, and it is not said how big",
                expected=f"size: {site.provider}'s name for one",
                hint="or an address, if the machine exists already",
            )
        if site.region is None and host.site not in told:
            told.add(host.site)
            yield Contradiction(
                ("sites", host.site),
                f"{name} is to be rented from {site.provider}, and it is not said where",
                expected=f"region: {site.provider}'s name for the place",
            )


def _group_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    total = sum(len(_indexes(host)) for host in declared.hosts.values())
    if total > MOST_HOSTS:
        yield Contradiction(("hosts",), f"{total} hosts are declared", expected=f"at most {MOST_HOSTS}")
    for name, host in declared.hosts.items():
        yield from _group_contradictions_of(name, host)
    if not any(host.role is Role.CORE for host in declared.hosts.values()):
        yield Contradiction(
            ("hosts",), "there is no core host", expected="at least two hosts with role core", hint="data needs a home"
        )


def _group_contradictions_of(name: str, host: HostEntry) -> Iterator[Contradiction]:
    if host.count is None:
        for key in sorted({"first", "leaving"} & host.model_fields_set):
            yield Contradiction(
                ("hosts", name, key), f"{name} is one host and no group", expected=f"{key} only beside count"
            )
        return
    if host.leaving is not None and _overlap(host.first, host.count, host.leaving):
        yield Contradiction(
            ("hosts", name, "leaving"),
            f"some edges of {name} would both stay and leave",
            expected=f"numbers outside of {host.first} to {host.first + host.count - 1}",
        )
    if host.role is not Role.EDGE:
        yield Contradiction(
            ("hosts", name, "count"),
            f"a host with role {host.role.value} cannot be a group",
            expected="count only with role edge",
            hint=f"declare each {host.role.value} by its own name: they are not interchangeable",
        )
    several = len(_indexes(host))
    if host.address is not None and several > 1:
        yield Contradiction(
            ("hosts", name, "address"),
            f"one address cannot serve {several} hosts",
            hint="declare each host by its own name, or leave the address out where a provider gives one",
        )


def _overlap(first: int, count: int, leaving: LeavingEntry) -> bool:
    return first < leaving.first + leaving.count and leaving.first < first + count


def _number_contradictions(hosts: Iterable[Host], bridge: Bridge, declared: FortressFile) -> Iterator[Contradiction]:
    holders: dict[int, Host] = {}
    reported: set[str] = set()
    for host in hosts:
        if host.entry in reported:
            continue  # One word about a group is enough.
        path: KeyPath = ("hosts", host.entry)
        if declared.hosts[host.entry].number is not None:
            path = (*path, "number")
        if host.number > bridge.largest_host:
            reported.add(host.entry)
            yield Contradiction(
                path,
                f"host number {host.number} is past the pool: a /{bridge.block} block ends at {bridge.largest_host}",
                expected=f"a number from 1 to {bridge.largest_host}",
                hint="give bridge.block a smaller prefix length (and a pool with room for the blocks)",
            )
        if host.role is not Role.EDGE and host.number > bridge.largest_hub:
            yield Contradiction(
                path,
                f"hub number {host.number} is past the pool: {bridge.pool} has blocks for {bridge.largest_hub} hubs",
                expected=f"a number from 1 to {bridge.largest_hub}",
            )
        elif host.role is not Role.EDGE and bridge.running > 1:
            yield from _process_contradictions(path, host, bridge)
        other = holders.setdefault(host.number, host)
        if other is not host:
            reported.add(host.entry)
            yield Contradiction(
                path,
                f"{host.name} and {other.name} have the same number {host.number}",
                expected="a number of its own for each host",
                hint=f"leave number out to have one chosen (from {FIRST[host.role]} for role {host.role.value})",
            )


def _process_contradictions(path: KeyPath, host: Host, bridge: Bridge) -> Iterator[Contradiction]:
    """What keeps a hub of several processes from having a block for each."""
    if host.number >= PROCESS_ROOM:
        yield Contradiction(
            path,
            f"hub number {host.number} has a block that another hub's second process needs",
            expected=f"a number from 1 to {PROCESS_ROOM - 1}, with bridge.processes: {bridge.running}",
        )
    elif host.role is Role.CORE and host.number > (largest := bridge.largest_hub_of(bridge.running)):
        yield Contradiction(
            ("bridge", "processes"),
            f"{bridge.pool} has no blocks for {bridge.running} processes of hub number {host.number}: its hubs with "
            f"so many have numbers up to {max(largest, 0)}",
            expected="fewer processes, or a larger pool",
            hint=f"each process takes {PROCESS_ROOM} blocks more",
        )


def _host_contradictions(hosts: Iterable[Host]) -> Iterator[Contradiction]:
    by_name: dict[str, Host] = {}
    by_address: dict[object, Host] = {}
    for host in hosts:
        twin = by_name.setdefault(host.name, host)
        if twin is not host:
            yield Contradiction(
                ("hosts", host.entry),
                f"{host.entry!r} and {twin.entry!r} both make a host named {host.name}",
                hint="rename one of them",
            )
        for address in host.addresses:
            neighbour = by_address.setdefault(address, host)
            if neighbour is not host:
                yield Contradiction(
                    ("hosts", host.entry, "address"),
                    f"{host.name} and {neighbour.name} have the same address {address}",
                    expected="an address of its own for each host",
                )


def _service_contradictions(declared: FortressFile, folder: Path) -> Iterator[Contradiction]:
    hosts: dict[str, str] = {}
    ports: dict[int, str] = {}
    for name, service in declared.services.items():
        path: KeyPath = ("services", name)
        if not (folder / service.source).is_dir():
            yield Contradiction(
                (*path, "source"),
                f"there is no folder {service.source!r}",
                expected=f"a folder, looked up from {folder}",
            )
        if hosts.setdefault(service.host, name) != name:
            yield Contradiction((*path, "host"), f"{service.host} already is the name of {hosts[service.host]}")
        if service.port is not None:
            if ports.setdefault(service.port, name) != name:
                yield Contradiction((*path, "port"), f"port {service.port} already is taken by {ports[service.port]}")
            if service.port in RESERVED_PORTS:
                yield Contradiction((*path, "port"), f"port {service.port} is used by the fortress itself")
        yield from _service_contradictions_of(path, service)


def _service_contradictions_of(path: KeyPath, service: ServiceEntry) -> Iterator[Contradiction]:
    if service.runtime is Runtime.COMMAND and service.command is None:
        yield Contradiction(path, "runtime command needs a command", expected="command: what to run; it gets $PORT")
    if service.runtime is not Runtime.COMMAND and service.command is not None:
        yield Contradiction(
            (*path, "command"), f"runtime {service.runtime.value} takes no command", expected="runtime: command"
        )
    if service.runtime is Runtime.STATIC and service.database:
        yield Contradiction((*path, "database"), "files alone use no database", expected="runtime: php or command")
    if service.runtime is Runtime.STATIC and service.idempotency_key:
        yield Contradiction(
            (*path, "idempotency_key"), "files alone know no keys of requests", expected="runtime: php or command"
        )
    if service.probe is None:
        return
    if not service.database:
        yield Contradiction((*path, "probe"), "a probe writes a row, and this service has no database")
    for key, value in (("path", service.probe.path), ("row", service.probe.row)):
        if "{token}" not in value:
            yield Contradiction((*path, "probe", key), "{token} does not occur in it", expected="{token} in its place")


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A hint with the nearest choice, or nothing."""
    choices = list(choices)
    if len(word) > LONGEST_SHOWN or len(choices) > MOST_CHOICES:
        return ""  # Comparing takes the product of all lengths; so many choices are no help anyway.
    near = get_close_matches(word, choices, n=1)
    return f"did you mean {near[0]}?" if near else ""
