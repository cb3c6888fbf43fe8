"""Rules about who may knock: administrators' networks, and ports that the file opens besides those of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.fortress import Host, Net, OpenPort
from festning.model.resolve_access import RESERVED_PORTS
from festning.policy.rule import Case, Fault

WIDEST = {4: 8, 6: 32}
"""Prefix lengths by version: what is wider is no place that somebody administrates from."""


def admin_anywhere(case: Case) -> Iterator[Fault]:
    """SSH for the whole world is a lock that everyone may try."""
    for index, origin in enumerate(case.fortress.admin.origins):
        if _is_wide(origin.network):
            yield Fault(
                f"admin.from.{index}",
                f"SSH of every host may be tried from {origin.network}",
                "name the networks that administrators connect from; behind changing addresses, go through a host or a "
                "VPN with a fixed one",
            )


def open_port(case: Case) -> Iterator[Fault]:
    """Every port more is a program more that anyone may try."""
    for place, host, port in _open(case):
        if not port.networks or any(_is_wide(network) for network in port.networks):
            yield Fault(
                place,
                f"everyone may reach {port.protocol} {port.port} of {host.entry}: {port.why}",
                "serve it as a service behind the front doors, or say from which networks it is reached",
            )


def internal_port(case: Case) -> Iterator[Fault]:
    """The fortress's own ports are for the bridge."""
    own = RESERVED_PORTS | {service.port for service in case.fortress.services}
    for place, host, port in _open(case):
        if port.protocol == "tcp" and port.port in own:
            yield Fault(
                f"{place}.port",
                f"tcp {port.port} of {host.entry} is the fortress's own, for the bridge only, and is opened to "
                + (", ".join(map(str, port.networks)) or "everyone"),
                "take it out: what needs it goes over the bridge, or through 127.0.0.1 on the host",
            )


def _open(case: Case) -> Iterator[tuple[str, Host, OpenPort]]:
    """Every port of each entry, with its key path."""
    entries = {host.entry: host for host in reversed(case.fortress.hosts)}
    for host in reversed(entries.values()):
        for index, port in enumerate(host.open):
            yield f"hosts.{host.entry}.open.{index}", host, port


def _is_wide(network: Net) -> bool:
    return network.prefixlen < WIDEST[network.version]
