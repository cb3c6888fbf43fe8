"""Who must reach whom for the front doors to work."""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.flow import ANYONE, Flow, Network, Protocol
from festning.model.fortress import Fortress, Host, Role, Service
from festning.systems.haproxy.names import PUBLIC_HTTP, PUBLIC_HTTPS, READY, RELAY


def flows(fortress: Fortress) -> tuple[Flow, ...]:
    """The public to every front door; edges to the cores' relays; front doors to services over the bridge."""
    return tuple(_flows(fortress))


def _flows(fortress: Fortress) -> Iterator[Flow]:
    for door in (*fortress.cores, *fortress.edges):
        yield _flow(door, (ANYONE,), Network.PUBLIC, PUBLIC_HTTPS, "front door: TLS")
        yield _flow(door, (ANYONE,), Network.PUBLIC, PUBLIC_HTTP, "front door: redirect to TLS")
    edges = tuple(edge.name for edge in fortress.edges)
    if edges and fortress.services:
        for core in fortress.cores:
            yield _flow(core, edges, Network.BRIDGE, RELAY, "front door: TLS that edges relay")
            yield _flow(core, edges, Network.BRIDGE, READY, "front door: whether a service has a server")
    for service in fortress.services:
        for target in fortress.hosts_of(service):
            askers = _askers(fortress, service, target)
            if askers:
                yield _flow(target, askers, Network.BRIDGE, service.port, f"service {service.name}")


def _askers(fortress: Fortress, service: Service, target: Host) -> tuple[str, ...]:
    """The front doors on other hosts that send requests for the service straight to it."""
    askers = [core.name for core in fortress.cores if core.name != target.name]
    if service.runs_on is Role.CORE:
        askers += [edge.name for edge in fortress.edges if fortress.decrypts(edge, service)]
    return tuple(askers)


def _flow(target: Host, sources: tuple[str, ...], network: Network, port: int, why: str) -> Flow:
    return Flow(target=target.name, sources=sources, network=network, protocol=Protocol.TCP, port=port, why=why)
