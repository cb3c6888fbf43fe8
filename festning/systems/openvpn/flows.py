"""Who must reach whom for the bridge to stand."""

from __future__ import annotations

from festning.model.flow import Flow, Network, Protocol
from festning.model.fortress import Fortress


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """Every host that dials a hub to that hub, at its public address."""
    return tuple(
        Flow(
            target=hub.name,
            sources=tuple(peer.name for peer in fortress.peers_of(hub)),
            network=Network.PUBLIC,
            protocol=Protocol.UDP,
            port=fortress.bridge.port,
            why="bridge: the tunnels of the fortress's hosts",
        )
        for hub in fortress.hubs
    )
