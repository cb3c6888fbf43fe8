"""Who must reach whom for the bridge to stand."""

from __future__ import annotations

from festning.model.flow import Flow, Network, Protocol
from festning.model.fortress import Fortress
from festning.systems.openvpn import layout


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """Every host that dials a hub to that hub, at its public address and the port of the process that it dials."""
    return tuple(
        Flow(
            target=server.hub.name,
            sources=tuple(client.name for client in server.clients),
            network=Network.PUBLIC,
            protocol=Protocol.UDP,
            port=server.port,
            why="bridge: the tunnels of the fortress's hosts",
        )
        for server in layout.all_servers(fortress)
    )
