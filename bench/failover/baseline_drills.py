"""The drills on the stack of 2014: the same faults, where its parts are elsewhere and have other names. Pure.

Its front doors are its cores, and its edges are web nodes behind them, where the service runs. So the front door that
is killed is the second core's, and the service that is killed is a web node's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bench.baseline import tunnel, web
from bench.baseline.layout import Layout
from festning.errors import UsageError
from festning.model.fortress import Fortress
from festning.proof.drills.catalog import by_name
from festning.proof.drills.drill import Drill, Timed
from festning.proof.faults import processes
from festning.proof.faults.fault import Fault
from festning.proof.faults.parts import Parts

HOLD_S = 6.0
DATABASE = "mariadb.service"
FRONT_DOOR = "haproxy.service"
HUB = "openvpn@server.service"
TUNNEL = "openvpn@client.service"
SERVICE = f"php{web.PHP}-fpm.service"


def in_tunnel(layout: Layout) -> Fortress:
    """The fortress, with its hosts at the addresses that they have in the tunnel of 2014."""
    hosts = tuple(replace(host, bridge=layout.member(host).address) for host in layout.fortress.hosts)
    return replace(layout.fortress, hosts=hosts)


def parts(layout: Layout) -> Parts:
    """Its parts. The writer is the first member, and nobody else ever is."""
    return Parts(
        fortress=in_tunnel(layout),
        writer=layout.first.name,
        database=DATABASE,
        data_folder="/var/lib/mysql",
        hubs={layout.first.name: (HUB,)},
        tunnels={client.name: (TUNNEL,) for client in layout.clients},
        front_door=FRONT_DOOR,
        services={layout.shop.name: SERVICE},
        bridge_certificate=f"{tunnel.FOLDER}/client.crt",
    )


def drill(name: str) -> Drill:
    """The drill of that name. Raises :class:`UsageError` when there is none."""
    found = by_name(name)
    if found is None:
        raise UsageError(f"there is no drill {name!r}")
    build = _ELSEWHERE.get(name)
    return replace(found, faults=partial(_once, build)) if build else found


def _kill_front_door(parts: Parts) -> Fault:
    door = parts.standby.name
    return processes.killed("kill-front-door", door, parts.front_door, hits=frozenset({door}))


def _kill_service(parts: Parts) -> Fault | str:
    if parts.victim_edge is None or parts.service is None:
        return "the stack has no web node"
    return processes.killed("kill-service", parts.victim_edge.name, parts.services[parts.service], hits=frozenset())


_ELSEWHERE: dict[str, Callable[[Parts], Fault | str]] = {
    "kill-front-door": _kill_front_door,
    "kill-service": _kill_service,
}


def _once(build: Callable[[Parts], Fault | str], parts: Parts) -> tuple[Timed, ...] | str:
    fault = build(parts)
    return fault if isinstance(fault, str) else (Timed(fault, 0.0, HOLD_S),)
