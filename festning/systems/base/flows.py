"""Who must reach whom for the ground to be reachable at all: the administrators, over SSH."""

from __future__ import annotations

from festning.model.flow import ADMIN, Flow, Network, Protocol
from festning.model.fortress import Fortress


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """SSH from the declared administrators' networks to every host's public address."""
    return tuple(
        Flow(
            target=host.name,
            sources=(ADMIN,),
            network=Network.PUBLIC,
            protocol=Protocol.TCP,
            port=host.ssh_port,
            why="administration over SSH",
        )
        for host in fortress.hosts
    )
