"""Which servers stand behind a front door, for each service: the decisions that the template only writes down."""

from __future__ import annotations

from dataclasses import dataclass

from festning.model.fortress import Fortress, Host, Role, Service


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a backend: where it is, its part of the requests, and whether it is asked only without the others."""

    name: str
    address: str
    port: int
    weight: int = 1
    backup: bool = False


@dataclass(frozen=True, slots=True)
class Backend:
    """A service with its servers in order.

    ``through_cores`` are the cores' front doors as the last servers of an edge: they have other edges and the backup
    copy behind them.
    """

    service: Service
    servers: tuple[Server, ...]
    through_cores: tuple[Host, ...] = ()


AT_HOME = 100
"""The weight of a core's own server beside the other cores': nearly every request is spared the way through the bridge
and back, and the few that are not keep the other way known to work. What is refused at home is asked elsewhere."""

SHORTEST_CHECK_MS, LONGEST_CHECK_MS = 250, 1000
CHECKS_A_SECOND = 50
"""That a core makes of all edges, and that all edges make of a core, for each service: with a few edges none is spared;
with many, the checks of a healthy fortress would be its bridges' main traffic (47 edges on two processors kept one of
them busy)."""


def check_every_ms(fortress: Fortress) -> int:
    """How often cores and edges look at each other: four times a second with up to 12 edges, once with 50 and more."""
    return min(LONGEST_CHECK_MS, max(SHORTEST_CHECK_MS, len(fortress.edges) * 1000 // CHECKS_A_SECOND))


def backends(fortress: Fortress, host: Host) -> tuple[Backend, ...]:
    """The services that the host's front door decrypts, with their servers."""
    of = _behind_core if host.role is Role.CORE else _behind_edge
    return tuple(of(fortress, host, service) for service in fortress.services if fortress.decrypts(host, service))


def relayed(fortress: Fortress, edge: Host) -> tuple[Service, ...]:
    """The services whose ciphertext an edge hands on to the cores."""
    return tuple(service for service in fortress.services if not fortress.decrypts(edge, service))


def _behind_core(fortress: Fortress, core: Host, service: Service) -> Backend:
    hosts = fortress.hosts_of(service)
    at_home = AT_HOME if len(hosts) > 1 else 1
    servers = [_server(other, core, service, at_home) for other in hosts]
    if service in fortress.copies_on(core):
        servers.append(Server("copy", "127.0.0.1", service.port, backup=True))
    return Backend(service, tuple(servers))


def _behind_edge(fortress: Fortress, edge: Host, service: Service) -> Backend:
    if service.runs_on is Role.EDGE:
        return Backend(service, (_server(edge, edge, service),), through_cores=fortress.cores)
    return Backend(service, tuple(_server(core, edge, service) for core in fortress.cores))


def _server(target: Host, asker: Host, service: Service, at_home: int = 1) -> Server:
    if target.name == asker.name:
        return Server(target.name, "127.0.0.1", service.port, weight=at_home)
    return Server(target.name, str(target.bridge), service.port)
