"""A stack that is up, as whoever measures has to know it: who stands for what on it. Pure, but for its stage."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from bench.stage import Stage
from festning.model.fortress import Fortress, Host, Service

READ_PATH = "/orders/{token}"
"""The example shop's: one query by a unique key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """``edge`` and ``core`` are the two ends of a tunnel, with their addresses in it, and ``core`` takes the writes.

    ``door`` is where a client's request enters that passes an edge and is answered with the database of a core.
    ``database`` is where a program on ``core`` finds the database, and ``clients`` are the addresses (SQL's way to say
    it) that the database sees such programs come from.
    """

    name: str
    stage: Stage
    fortress: Fortress
    edge: Host
    edge_address: IPv4Address
    core: Host
    core_address: IPv4Address
    door: Host
    shop: Service
    database: str
    clients: str


def fortress_ground(name: str, stage: Stage) -> Ground:
    """festning's: the first edge is the door, and its tunnel to the first core is what is measured."""
    fortress = stage.fortress
    edge, core = fortress.edges[0], fortress.cores[0]
    pool = fortress.bridge.hosts
    return Ground(
        name=name,
        stage=stage,
        fortress=fortress,
        edge=edge,
        edge_address=edge.bridge,
        core=core,
        core_address=core.bridge,
        door=edge,
        shop=shop_of(fortress),
        database="127.0.0.1",
        clients=f"{pool.network_address}/{pool.netmask}",
    )


def shop_of(fortress: Fortress) -> Service:
    """The service that writes."""
    return next(service for service in fortress.services if service.probe is not None)
