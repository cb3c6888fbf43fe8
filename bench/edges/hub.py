"""What one process of a hub carries: how many edges it takes and what they cost it, and how much data in a CPU second.

Edges are plain OpenVPN processes in network namespaces on the machine that also runs the hub. So seconds of wall time
are of all of them together; what is the hub's own is told in its own CPU seconds.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.edges.ground import HUB_SIDE, Ground, account, ground, total
from bench.peers import installing
from bench.stack.bridge import received_mbps
from bench.stage import RunError

CROWDS = (25, 100, 300)
CROWD_SIDE = "fst-bench-edges"
IDLE_S = 10.0
PATIENCE_S = 180.0
SPLITS = (1, 2)
STREAMS = 2
SECONDS = 5
FIRST_PORT = 5201
PACKAGES = ("iperf3", "libiperf0", "libsctp1")
SUITE = "trixie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """So many edges at one process of a hub. CPU is the hub's process alone; memory is each process's share (PSS)."""

    edges: int
    connected_s: float
    join_ms: float
    idle_share: float
    hub_kib: float
    edge_mib: float

    @property
    def idle_permille(self) -> float:
        """Of one processor, for each idle edge."""
        return 1000 * self.idle_share / self.edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Streams through a hub of so many processes: what arrived, and what the hub's processes took for it."""

    processes: int
    toward: str
    mbps: float
    busy: float

    @property
    def mbps_of_a_processor(self) -> float:
        """What a whole processor would carry in a process of the hub."""
        return self.mbps / self.busy


def crowd(edges: int) -> Crowd:
    """So many edges begin to dial at once; then they are left alone for a while."""
    with temporary() as folder, ground(folder, edges, 1) as made:
        (hub,) = made.start_hub()
        made.add_side(CROWD_SIDE)
        before, began = account(hub), time.monotonic()
        dialling = [made.start_edge(edge, CROWD_SIDE) for edge in made.fortress.edges]
        made.await_connected(edges, PATIENCE_S)
        connected, joined = time.monotonic() - began, account(hub)
        time.sleep(2)
        idle_from, at = account(hub), time.monotonic()
        time.sleep(IDLE_S)
        idle_to, seconds = account(hub), time.monotonic() - at
        if made.connected() < edges:
            raise RunError(f"of {edges} idle edges only {made.connected()} are connected")
        return Crowd(
            edges=edges,
            connected_s=connected,
            join_ms=1000 * (joined.cpu_s - before.cpu_s) / edges,
            idle_share=(idle_to.cpu_s - idle_from.cpu_s) / seconds,
            hub_kib=1024 * (idle_to.mib - before.mib) / edges,
            edge_mib=total(dialling).mib / edges,
        )


def carried(iperf: Callable[[Ground, str, str], list[str]], processes: int, runs: int) -> list[Carried]:
    """Two edges, one stream of TCP each, at once, in each direction; the hub is so many processes."""
    with temporary() as folder, ground(folder, STREAMS, processes) as made:
        hubs = made.start_hub()
        made.address_hub()
        for index, edge in enumerate(made.fortress.edges):
            side = f"{CROWD_SIDE}{index}"
            made.add_side(side)
            made.start_edge(edge, side)
        made.await_connected(STREAMS, PATIENCE_S)
        for index, edge in enumerate(made.fortress.edges):
            made.address(edge, f"{CROWD_SIDE}{index}")
        found = []
        for toward, option in (("edge to core", ""), ("core to edge", "--reverse")):
            taken = [_streams(made, iperf, hubs, option) for _ in range(runs)]
            found.append(
                Carried(
                    processes=processes,
                    toward=toward,
                    mbps=statistics.median(mbps for mbps, _ in taken),
                    busy=statistics.median(busy for _, busy in taken),
                )
            )
        return found


def _streams(
    made: Ground, iperf: Callable[[Ground, str, str], list[str]], hubs: list[int], option: str
) -> tuple[float, float]:
    """What all streams brought in Mb/s, and how many processors the hub's processes were."""
    ends = []
    try:
        for index in range(STREAMS):
            serve = f"--server --one-off --bind {made.hub.bridge} --port {FIRST_PORT + index}"
            ends.append(subprocess.Popen(iperf(made, HUB_SIDE, serve), stdout=subprocess.DEVNULL))
        time.sleep(0.5)
        before, began = total(hubs), time.monotonic()
        streams = []
        for index, edge in enumerate(made.fortress.edges):
            arguments = (
                f"--client {made.hub.bridge} --bind {edge.bridge} --port {FIRST_PORT + index} --time {SECONDS} "
                f"--connect-timeout 5000 --json {option}"
            )
            command = iperf(made, f"{CROWD_SIDE}{index}", arguments)
            streams.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        ends += streams
        told = [stream.communicate(timeout=SECONDS + 30)[0] for stream in streams]
        after, seconds = total(hubs), time.monotonic() - began
    finally:
        for end in ends:
            end.kill()
            end.wait()
    return sum(map(received_mbps, told)), (after.cpu_s - before.cpu_s) / seconds


def measure(_folder: Path, runs: int) -> dict[str, Any]:
    """Both tables."""
    crowds = []
    print(crowd_head(), flush=True)
    for edges in CROWDS:
        crowds.append(crowd(edges))
        print(crowd_line(crowds[-1]), flush=True)
    streams: list[Carried] = []
    with tempfile.TemporaryDirectory() as name, _iperf(Path(name)) as iperf:
        print(carried_head(runs), flush=True)
        for processes in SPLITS:
            streams += carried(iperf, processes, runs)
            print("\n".join(map(carried_line, streams[-2:])), flush=True)
    return {"crowds": [asdict(one) for one in crowds], "carried": [asdict(one) for one in streams]}


def crowd_head() -> str:
    """Above the lines of :func:`crowd_line`."""
    return (
        "\nedges at one process of a hub, begun at once (n=1; the edges' processes are on the same machine)\n"
        f"  {'edges':>5} {'all there':>10} {'CPU to join':>13} {'CPU when idle':>15} {'an idle edge':>14}"
        f" {'memory, hub':>13} {'memory, edge':>13}"
    )


def crowd_line(one: Crowd) -> str:
    """A crowd, in a line."""
    return (
        f"  {one.edges:5} {one.connected_s:8.1f} s {one.join_ms:7.1f} ms/edge {100 * one.idle_share:8.1f} % of 1"
        f" {one.idle_permille:7.2f} ‰ of 1 {one.hub_kib:6.0f} KiB/edge {one.edge_mib:9.1f} MiB"
    )


def carried_head(runs: int) -> str:
    """Above the lines of :func:`carried_line`."""
    return (
        f"\n{STREAMS} streams of TCP through a hub, from an edge each, {SECONDS} s, medians of {runs}\n"
        f"  {'processes':>9} {'direction':14} {'arrived':>11} {'hub busy':>12} {'a whole processor':>18}"
    )


def carried_line(one: Carried) -> str:
    """Streams, in a line."""
    return (
        f"  {one.processes:9} {one.toward:14} {one.mbps:6.0f} Mb/s {one.busy:7.2f} CPUs"
        f" {one.mbps_of_a_processor:13.0f} Mb/s"
    )


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder that others may pass through: OpenVPN reads its clients' files as nobody."""
    with tempfile.TemporaryDirectory(prefix="fst-bench-") as name:
        yield Path(name)


@contextmanager
def _iperf(folder: Path) -> Iterator[Callable[[Ground, str, str], list[str]]]:
    """How iperf3 is started on a ground: Debian's, unpacked beside the ground's files."""
    packages = installing.debian_packages(folder, SUITE, PACKAGES)

    def command(made: Ground, side: str, arguments: str) -> list[str]:
        home = made.folder / "iperf3"
        if not home.exists():
            for package in packages:
                subprocess.run(["dpkg-deb", "--extract", str(package), str(home)], check=True)
        library = next((home / "usr/lib").glob("*-linux-gnu"))
        program = f"{home}/usr/bin/iperf3"
        return made.inside(side, "env", f"LD_LIBRARY_PATH={library}", program, *arguments.split())

    yield command
