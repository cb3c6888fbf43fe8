"""From the declared fortress to what every host should be: each system's catalog, in order.

The place where systems meet without knowing each other: the firewall gets everyone's flows, the database how it starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from festning.model.catalog import HostCatalog, SystemCatalog
from festning.model.flow import Flow
from festning.model.fortress import Fortress, Host, SourceFile
from festning.model.load import read_source
from festning.systems.base import catalog as base
from festning.systems.base import flows as base_flows
from festning.systems.galera import catalog as galera
from festning.systems.galera import flows as galera_flows
from festning.systems.galera.recovery.formation import Formation
from festning.systems.haproxy import catalog as haproxy
from festning.systems.haproxy import flows as haproxy_flows
from festning.systems.nftables import catalog as nftables
from festning.systems.nginx import catalog as nginx
from festning.systems.openvpn import catalog as openvpn
from festning.systems.openvpn import flows as openvpn_flows
from festning.systems.services import catalog as services

Sources = Mapping[str, tuple[SourceFile, ...]]


def read_sources(fortress: Fortress) -> Sources:
    """The files of every service, by its name."""
    return {service.name: read_source(service) for service in fortress.services}


def compile_flows(fortress: Fortress) -> tuple[Flow, ...]:
    """Everything that may be reached, by whom: the sum of what the systems declare."""
    rooms = (base_flows, openvpn_flows, galera_flows, haproxy_flows)
    return tuple(chain.from_iterable(room.flows(fortress) for room in rooms))


def compile_catalogs(fortress: Fortress, sources: Sources, formation: Formation) -> dict[str, HostCatalog]:
    """The catalog of every host, by its name. Raises ``CompileError`` for a contradiction."""
    return {catalog.host: catalog for catalog in compile_in_turn(fortress, sources, formation)}


def compile_in_turn(fortress: Fortress, sources: Sources, formation: Formation) -> Iterator[HostCatalog]:
    """As :func:`compile_catalogs`, one host after the other, for who can begin with the first."""
    flows = _by_target(compile_flows(fortress))
    for host in fortress.hosts:
        systems = _systems(fortress, host, sources, formation, flows.get(host.name, ()))
        yield HostCatalog(host.name, tuple(systems))


def _by_target(flows: Iterable[Flow]) -> Mapping[str, Sequence[Flow]]:
    """The flows of each host: looking through all of them for every host would take the square of their number."""
    found: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        found[flow.target].append(flow)
    return found


def _systems(
    fortress: Fortress, host: Host, sources: Sources, formation: Formation, flows: Sequence[Flow]
) -> Iterator[SystemCatalog]:
    yield base.catalog(fortress, host)
    yield nftables.catalog(fortress, host, flows)
    yield openvpn.catalog(fortress, host)
    where_needed = (
        galera.standing_down(host, formation),
        galera.catalog(fortress, host, formation),
        *services.catalogs(fortress, host, sources),
        nginx.catalog(fortress, host, sources),
        haproxy.catalog(fortress, host),
    )
    yield from (catalog for catalog in where_needed if catalog is not None)
