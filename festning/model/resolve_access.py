"""What cannot be true of how hosts are reached: by their administrators over SSH, and by each other over the bridge.

Leaves how the rest of the file contradicts itself to ``resolve``.
"""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.contradiction import Contradiction
from festning.model.declared import FortressFile, HostEntry
from festning.model.fortress import Role

DOOR_PORTS = frozenset({80, 443})
RESERVED_PORTS = frozenset({3306, 4444, 4567, 4568, 8404, 8443, 9200})
"""What the fortress's own programs listen on, at whatever address; anything else would be in their way."""


def access_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    """Every contradiction between addresses, ports, keys and who is let in."""
    yield from _bastion_contradictions(declared)
    told: set[int] = set()
    for name, host in declared.hosts.items():
        yield from _family_contradictions(declared, name, host, told)
        yield from _port_contradictions(declared, name, host)
        yield from _key_contradictions(declared, name, host)
    yield from _dialling_contradictions(declared)


def _bastion_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    bastion = declared.admin.bastion
    if bastion is None or any(bastion.address in origin.network for origin in declared.admin.origins):
        return
    yield Contradiction(
        ("admin", "bastion", "address"),
        f"{bastion.address} is in no network of admin.from, so the hosts' firewalls would refuse the bastion",
        expected="an address in a network of admin.from",
        hint=f"add {bastion.address}/{bastion.address.max_prefixlen} to admin.from",
    )


def _family_contradictions(
    declared: FortressFile, name: str, host: HostEntry, told: set[int]
) -> Iterator[Contradiction]:
    """Who is let in must be able to come: over IPv6 to a host that is logged in to there."""
    if host.address is None:
        return
    version = host.address[0].version
    if version in told or any(origin.network.version == version for origin in declared.admin.origins):
        return
    told.add(version)
    bastion = " (the bastion's too)" if declared.admin.bastion is not None else ""
    yield Contradiction(
        ("admin", "from"),
        f"{name} is logged in to at {host.address[0]}, and no network here is IPv{version}: its firewall would let "
        "nobody in",
        expected=f"a network of IPv{version} as well{bastion}",
        hint=f"or put its IPv{10 - version} address first, if it has one",
    )


def _port_contradictions(declared: FortressFile, name: str, host: HostEntry) -> Iterator[Contradiction]:
    taken = RESERVED_PORTS | {service.port for service in declared.services.values() if service.port is not None}
    if host.role is not Role.ARBITER:
        taken |= DOOR_PORTS
    for port in host.ssh_port:
        if port in taken:
            yield Contradiction(
                ("hosts", name, "ssh_port"),
                f"port {port} is used by the fortress itself",
                expected="a port that nothing else listens on",
            )


def _key_contradictions(declared: FortressFile, name: str, host: HostEntry) -> Iterator[Contradiction]:
    if host.host_key is None:
        return
    path = ("hosts", name, "host_key")
    site = declared.sites.get(host.site)
    if host.address is None and site is not None and site.provider != "static":
        yield Contradiction(
            path,
            f"{name} is to be rented from {site.provider}, and its host key is made for it before its first boot",
            expected="no host_key, or an address",
        )
    elif host.count is not None and host.count > 1:
        yield Contradiction(
            path, f"one host key cannot be that of {host.count} hosts", hint="declare each host by its own name"
        )


def _dialling_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    """A hub and who dials it need addresses of one family: of the others, firewalls let nothing in."""
    hosts = [(name, host) for name, host in declared.hosts.items() if host.address is not None]
    for hub_name, hub in hosts:
        if hub.role is Role.EDGE:
            continue
        for name, host in hosts:
            if name == hub_name or (hub.role is Role.ARBITER and host.role is not Role.CORE):
                continue
            if _families(host).isdisjoint(_families(hub)):
                (version,) = _families(host)
                yield Contradiction(
                    ("hosts", name, "address"),
                    f"{name} has only an IPv{version} address, and {hub_name}, which it dials, has none",
                    expected=f"an address of each for one of the two, such as [{_example(host)}, {_example(hub)}]",
                )
                break  # One word about a host is enough for whoever mends it.


def _families(host: HostEntry) -> set[int]:
    return {address.version for address in host.address or ()}


def _example(host: HostEntry) -> str:
    return str(host.address[0]) if host.address else ""
