"""What one more edge costs and brings: the same fortress with 1, 2, 4 and 8 edges, each in a lab of its own."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.lab import pss
from bench.stack.ground import fortress_ground
from bench.stack.tools import Tools
from bench.stack.visits import closed_loop, place, reading
from bench.stage import Stage, enough_watchers, stage
from festning.model.check import CLIENT

COUNTS = (1, 2, 4, 8)
LAB = "bench-edges"
IDLE_S = 5.0
STAT = Path("/proc/stat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A fortress with so many edges. Memory is each process's proportional share, in MiB; ``idle_cores`` is how many
    processors it keeps busy with nobody there."""

    edges: int
    tunnels: int
    memory_mib: float
    edge_mib: float
    idle_cores: float
    reads_per_second: float

    def document(self) -> dict[str, Any]:
        return asdict(self)


def costs(tools: Tools, runs: int, say: Callable[[Cost], None]) -> list[Cost]:
    """All counts, one lab after the other."""
    found = []
    for count in COUNTS:
        with enough_watchers(), TemporaryDirectory() as folder, stage(Path(folder), LAB, count) as made:
            cost = _cost(made, tools, count, runs)
        say(cost)
        found.append(cost)
    return found


def _cost(made: Stage, tools: Tools, count: int, runs: int) -> Cost:
    ground = fortress_ground(LAB, made)
    machines = {one.name: {"pid": one.pid} for one in made.lab().list() if one.pid}
    hosts = {host.name for host in made.fortress.hosts}
    edges = {host.name for host in made.fortress.edges}
    tools.place(made, CLIENT)
    idle = busy_cores(IDLE_S)
    memory = pss([pid for name, pid in machines.items() if name in hosts])
    of_edges = pss([pid for name, pid in machines.items() if name in edges])
    place(ground, f"edges-{count}")
    ask = reading(ground, f"edges-{count}")
    doors = ground.fortress.edges
    rates = [closed_loop(made, doors, ask, f"edges-{count}-{run}").per_second for run in range(runs)]
    return Cost(
        edges=count,
        tunnels=sum(_tunnels(made, name) for name in hosts),
        memory_mib=memory,
        edge_mib=of_edges / count,
        idle_cores=idle,
        reads_per_second=statistics.median(rates),
    )


def _tunnels(made: Stage, host: str) -> int:
    """Those that a host dials and that are up: the device is there only then."""
    return len(made.on_host(host, "sh", "-c", "ls -d /sys/class/net/fst-hub[0-9]* 2>/dev/null || true").split())


def busy_cores(seconds: float) -> float:
    """How many of this machine's processors are busy on average."""
    before = _ticks(STAT.read_text())
    time.sleep(seconds)
    after = _ticks(STAT.read_text())
    return busy_of(before, after)


def busy_of(before: tuple[int, int, int], after: tuple[int, int, int]) -> float:
    """From two looks at busy and all ticks, and the number of processors."""
    return (after[0] - before[0]) / max(1, after[1] - before[1]) * after[2]


def _ticks(text: str) -> tuple[int, int, int]:
    lines = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    ticks = [int(word) for word in lines[0][1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks), len(lines) - 1


def table(found: list[Cost]) -> str:
    """What each number of edges costs, and what one more costs on average."""
    head = f"  {'edges':>5} {'tunnels':>8} {'memory':>10} {'an edge':>10} {'idle CPU':>11} {'reads/s':>9}"
    rows = [
        f"  {one.edges:5} {one.tunnels:8} {one.memory_mib:6.0f} MiB {one.edge_mib:6.0f} MiB"
        f" {one.idle_cores:5.2f} cores {one.reads_per_second:9.0f}"
        for one in found
    ]
    return "\n".join(["", "festning with more edges, all on this one machine", head, *rows, *_one_more(found)])


def _one_more(found: list[Cost]) -> list[str]:
    if len(found) < 2:
        return []
    first, last = found[0], found[-1]
    more = last.edges - first.edges

    def each(before: float, after: float) -> float:
        return (after - before) / more

    line = (
        f"  one more edge: {each(first.tunnels, last.tunnels):.1f} tunnels,"
        f" {each(first.memory_mib, last.memory_mib):.0f} MiB,"
        f" {each(first.idle_cores, last.idle_cores):.3f} cores with nobody there;"
        f" {each(first.reads_per_second, last.reads_per_second):+.0f} reads/s (all edges share this machine's"
        " processors)"
    )
    return [line]
