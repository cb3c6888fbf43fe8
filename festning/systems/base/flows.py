"""Who must reach whom for the ground to be reachable at all: the administrators, over SSH; and what the file opens."""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.flow import ADMIN, ANYONE, Flow, Network, Protocol
from festning.model.fortress import Fortress


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """SSH from the declared administrators' networks to every host's public address, and the ports declared open."""
    return (*_administration(fortress), *_declared_open(fortress))


def _declared_open(fortress: Fortress) -> Iterator[Flow]:
    for host in fortress.hosts:
        for port in host.open:
            yield Flow(
                target=host.name,
                sources=tuple(str(network) for network in port.networks) or (ANYONE,),
                network=Network.PUBLIC,
                protocol=Protocol(port.protocol),
                port=port.port,
                why=port.why,
            )


def _administration(fortress: Fortress) -> tuple[Flow, ...]:
    return tuple(
        Flow(
            target=host.name,
            sources=(ADMIN,),
            network=Network.PUBLIC,
            protocol=Protocol.TCP,
            port=port,
            why="administration over SSH",
        )
        for host in fortress.hosts
        for port in host.ssh_ports
    )
