"""The drills that there are, in the order of the list.

The figures asked for are what festning promises on a machine that is not overloaded; ``bench/`` measures how much
better it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from festning.proof.drills.drill import Asks, Drill, Timed
from festning.proof.faults import clocks, load, network, planned, power, processes
from festning.proof.faults.fault import Fault, RollingRestart
from festning.proof.faults.parts import Parts

NO_EDGE = "the fortress has no edge"
NO_SERVICE = "no service of the fortress has a process of its own"
NOTHING_ABROAD = "every site is in a country where personal data may be"


def kill_database(parts: Parts) -> Fault:
    return processes.killed("kill-database", parts.writer, parts.database, hits=frozenset())


def freeze_database(parts: Parts) -> Fault:
    return processes.frozen("freeze-database", parts.writer, parts.database, hits=frozenset())


def cut_writer_host(parts: Parts) -> Fault:
    return power.power_cut("cut-writer-host", [parts.host(parts.writer)], witness=parts.standby)


def cut_standby(parts: Parts) -> Fault:
    return power.power_cut("cut-core2", [parts.standby], witness=parts.host(parts.writer))


def cut_arbiter(parts: Parts) -> Fault | str:
    arbiters = parts.fortress.arbiters
    if not arbiters:
        return "the fortress has no arbiter"
    return power.power_cut("cut-arbiter", arbiters[:1], witness=parts.host(parts.writer))


def cut_edge(parts: Parts) -> Fault | str:
    edge = parts.victim_edge
    return NO_EDGE if edge is None else power.power_cut("cut-edge", [edge], witness=parts.host(parts.writer))


def stop_hub(parts: Parts) -> Fault:
    return processes.stopped("stop-hub", parts.writer, *parts.hubs[parts.writer], hits=frozenset({parts.writer}))


def isolate_writer(parts: Parts) -> Fault:
    writer = parts.host(parts.writer)
    rest = tuple(host for host in parts.fortress.hosts if host is not writer)
    what = f"{writer.name} and the rest of the fortress do not hear each other"
    return network.partition("isolate-writer", what, [(writer,), rest], hits=frozenset({writer.name}))


def split_sites(parts: Parts) -> Fault | str:
    sites = {host.site.name: host.site for host in parts.fortress.hosts}
    if len(sites) < 2:
        return "the fortress has one site"
    groups = [tuple(host for host in parts.fortress.hosts if host.site.name == name) for name in sites]
    # A site without a data node is cut from what its services need; what it has of its own, it still gives.
    cores = {core.site.name for core in parts.fortress.cores}
    hits = frozenset(host.name for host in parts.fortress.hosts if host.site.name not in cores)
    return network.partition("split-sites", "no site hears another", groups, hits=hits)


def one_way_loss(parts: Parts) -> Fault:
    return network.one_way_loss("one-way-loss", parts.standby, parts.host(parts.writer), percent=15)


def kill_front_door(parts: Parts) -> Fault:
    host = parts.victim_edge or parts.standby
    return processes.killed("kill-front-door", host.name, parts.front_door, hits=frozenset({host.name}))


def kill_service(parts: Parts) -> Fault | str:
    if parts.service is None:
        return NO_SERVICE
    return processes.killed("kill-service", parts.standby.name, parts.services[parts.service], hits=frozenset())


def slow_service(parts: Parts) -> Fault | str:
    if parts.service is None:
        return NO_SERVICE
    return processes.slow("slow-service", parts.standby.name, parts.services[parts.service], hits=frozenset())


def fill_disk(parts: Parts) -> Fault:
    return load.full_disk("fill-disk", parts.standby.name, parts.database, parts.data_folder)


def cpu_storm(parts: Parts) -> Fault:
    return load.cpu_storm("cpu-storm", parts.writer)


def expire_certificate(parts: Parts) -> Fault | str:
    edge = parts.victim_edge
    if edge is None:
        return NO_EDGE
    return clocks.expired_certificate(
        "expire-certificate",
        edge.name,
        parts.tunnels[edge.name],
        parts.bridge_certificate,
        parts.expired_certificate,
        hits=frozenset({edge.name}),
    )


def clock_skew(parts: Parts) -> Fault:
    host = parts.standby.name
    return clocks.wrong_clock(
        "clock-skew", host, (*parts.hubs[host], *parts.tunnels[host], parts.database), offset="-1h"
    )


def sever_abroad(parts: Parts) -> Fault | str:
    fortress = parts.fortress
    abroad = sorted({host.site.name for host in fortress.hosts if not fortress.residency.admits(host.site)})
    if not abroad:
        return NOTHING_ABROAD
    return network.sites_cut("sever-abroad", abroad, fortress.hosts, witness=parts.host(parts.writer))


def blackout(parts: Parts) -> Fault:
    return power.power_cut("blackout", parts.fortress.hosts, witness=None)


def rolling_restart(_parts: Parts) -> Fault:
    return Fault(
        name="rolling-restart",
        what="everything is restarted in waves",
        inject=(RollingRestart(),),
        observed=(),
        planned=True,
    )


def scale_edges(parts: Parts) -> Fault | str:
    return planned.rescaled(parts.fortress)


def move_edges(parts: Parts) -> Fault | str:
    return planned.relocated(parts.fortress)


def _once(build: Callable[[Parts], Fault | str], hold_s: float, parts: Parts) -> tuple[Timed, ...] | str:
    fault = build(parts)
    return fault if isinstance(fault, str) else (Timed(fault, 0.0, hold_s),)


def _drill(
    build: Callable[[Parts], Fault | str],
    about: str,
    asks: Asks,
    *,
    name: str = "",
    hold_s: float = 6.0,
    safe: bool = False,
    lasts_s: float = 25.0,
    isolates_writer: bool = False,
    by_name: bool = False,
) -> Drill:
    return Drill(
        name=name or build.__name__.replace("_", "-"),
        about=about,
        faults=partial(_once, build, hold_s),
        asks=asks,
        safe=safe,
        lasts_s=lasts_s,
        isolates_writer=isolates_writer,
        by_name=by_name,
    )


DRILLS: tuple[Drill, ...] = (
    _drill(
        kill_database,
        "SIGKILL to the database of the data node that takes the writes",
        Asks(write_gap_ms=1400, failed_reads=0),
        safe=True,
    ),
    _drill(
        freeze_database,
        "SIGSTOP to that database: alive to TCP, dead to users",
        Asks(write_gap_ms=2500, failed_reads=0),
        hold_s=10,
    ),
    _drill(
        cut_writer_host,
        "power cut of the host that is hub, front door and writer at once",
        Asks(write_gap_ms=1500, failed_reads=0, failed_writes=0, in_flight=True),
        lasts_s=40,
    ),
    _drill(
        cut_standby,
        "power cut of the data node that does not take the writes",
        Asks(write_gap_ms=1500, failed_reads=0, failed_writes=0, in_flight=True),
        name="cut-core2",
        lasts_s=40,
    ),
    _drill(
        cut_arbiter,
        "power cut of the third vote",
        Asks(write_gap_ms=1500, failed_reads=0, failed_writes=0),
        lasts_s=30,
    ),
    _drill(
        cut_edge,
        "power cut of an edge",
        Asks(write_gap_ms=500, read_gap_ms=500, failed_reads=0, failed_writes=0),
        lasts_s=30,
    ),
    _drill(
        stop_hub,
        "the hub of the bridge on the writer's host is stopped",
        Asks(write_gap_ms=1500, failed_reads=0, hurt_gap_ms=1500),
        safe=True,
    ),
    _drill(
        isolate_writer,
        "the writer's host is cut from all others: the majority goes on, the minority refuses writes",
        Asks(write_gap_ms=1500, failed_reads=0, in_flight=True, minority_refuses=True),
        hold_s=8,
        lasts_s=30,
        isolates_writer=True,
    ),
    _drill(
        split_sites,
        "no site hears another",
        Asks(write_gap_ms=2500),
        hold_s=8,
        lasts_s=30,
    ),
    _drill(
        one_way_loss,
        "one packet in seven to a data node is lost, in one direction only",
        Asks(write_gap_ms=2500, failed_reads=0, same_writer=True),
        hold_s=8,
    ),
    _drill(
        kill_front_door,
        "SIGKILL to the front door of an edge",
        Asks(write_gap_ms=500, failed_reads=0, failed_writes=0, hurt_gap_ms=1000),
        safe=True,
    ),
    _drill(
        kill_service,
        "SIGKILL to a service on one core",
        Asks(write_gap_ms=1000, failed_reads=0, failed_writes=0, in_flight=True),
        safe=True,
    ),
    _drill(
        slow_service,
        "a service on one core stands still for most of the time",
        Asks(write_gap_ms=2500),
        hold_s=8,
    ),
    _drill(
        fill_disk,
        "the disk of a data node that does not take the writes is full",
        Asks(),
        hold_s=6,
        lasts_s=60,
    ),
    _drill(
        cpu_storm,
        "the writer's host is busy with something else; nothing may fail over",
        Asks(write_gap_ms=1000, failed_reads=0, failed_writes=0, same_writer=True),
        hold_s=10,
        safe=True,
    ),
    _drill(
        expire_certificate,
        "the bridge certificate of an edge expires",
        Asks(write_gap_ms=500, failed_reads=0, failed_writes=0),
    ),
    _drill(
        clock_skew,
        "the clock of a data node is an hour behind",
        Asks(write_gap_ms=1500, failed_reads=0),
        lasts_s=40,
    ),
    _drill(
        sever_abroad,
        "every site outside the allowed countries is cut off: the service goes on at home",
        Asks(write_gap_ms=500, failed_reads=0, failed_writes=0),
    ),
    _drill(
        blackout,
        "every machine loses power; power returns; the fortress comes back by itself",
        Asks(recovered_s=45),
        hold_s=2,
        lasts_s=60,
    ),
    _drill(
        rolling_restart,
        "everything is restarted, in waves",
        Asks(write_gap_ms=600, failed_reads=0, failed_writes=0),
        hold_s=0,
        safe=True,
        lasts_s=140,
    ),
    _drill(
        scale_edges,
        "one edge more joins, and leaves again, while people come by the services' names",
        Asks(write_gap_ms=600, failed_reads=0, failed_writes=0),
        hold_s=8,
        lasts_s=120,
        by_name=True,
    ),
    _drill(
        move_edges,
        "every edge of a group moves to another vendor's site, and back",
        Asks(write_gap_ms=600, failed_reads=0, failed_writes=0),
        hold_s=8,
        lasts_s=180,
        by_name=True,
    ),
)


def by_name(name: str) -> Drill | None:
    """The drill of that name."""
    return next((drill for drill in DRILLS if drill.name == name), None)
