"""Who must reach the database, and whom its members must reach: all of it over the bridge."""

from __future__ import annotations

from festning.model.flow import Flow, Network, Protocol
from festning.model.fortress import Fortress, Host
from festning.systems.galera import provider


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """Every flow that the database needs."""
    cores, members = fortress.cores, (*fortress.cores, *fortress.arbiters)
    users = tuple(host for host in fortress.hosts if fortress.needs_database(host))
    # The others ask a data node whether it takes the writes before they hand theirs over.
    # An arbiter asks before it leaves them alone for a restart.
    askers = tuple(dict.fromkeys((*cores, *users, *fortress.arbiters)))
    return (
        *_to(members, members, provider.GROUP_PORT, "Galera group communication"),
        *_to(cores, cores, provider.IST_PORT, "Galera incremental state transfer"),
        *_to(cores, cores, provider.SST_PORT, "Galera full state transfer"),
        *_to(cores, users, provider.SQL_PORT, "SQL, from the HAProxy of hosts that need the database"),
        *_to(cores, askers, provider.HEALTH_PORT, "which data node takes the writes"),
    )


def _to(targets: tuple[Host, ...], sources: tuple[Host, ...], port: int, why: str) -> tuple[Flow, ...]:
    flows = ((target, tuple(source.name for source in sources if source.name != target.name)) for target in targets)
    return tuple(
        Flow(target=target.name, sources=names, network=Network.BRIDGE, protocol=Protocol.TCP, port=port, why=why)
        for target, names in flows
        if names
    )
