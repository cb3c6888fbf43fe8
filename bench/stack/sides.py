"""What is measured on each stack, in one pass from the bridge to the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.baseline.raising import raise_baseline
from bench.stack import bridge, visits, writes
from bench.stack import comparison as figures
from bench.stack.ground import Ground, fortress_ground
from bench.stack.tools import Tools
from bench.stage import stage
from festning.model.check import CLIENT

FESTNING, BASELINE = "festning", "2014"
LABS = {FESTNING: "bench-stack", BASELINE: "bench-2014"}
EDGES = 2
PARTS = ("bridge", "requests", "writes")

Say = Callable[[figures.Figure, float], None]


@contextmanager
def fortress() -> Iterator[Ground]:
    """festning, up."""
    with TemporaryDirectory() as folder, stage(Path(folder), LABS[FESTNING], EDGES) as made:
        yield fortress_ground(FESTNING, made)


@contextmanager
def baseline() -> Iterator[Ground]:
    """The stack of 2014, up: the first core is hub, writer and the door before the web nodes."""
    with TemporaryDirectory() as folder, raise_baseline(Path(folder), LABS[BASELINE], EDGES) as raised:
        layout = raised.layout
        yield Ground(
            name=BASELINE,
            stage=raised.stage,
            fortress=raised.fortress,
            edge=layout.webs[0].host,
            edge_address=layout.webs[0].address,
            core=layout.first.host,
            core_address=layout.first.address,
            door=layout.first.host,
            shop=layout.shop,
            database=str(layout.first.address),
            clients=str(layout.first.address),
        )


def measure(ground: Ground, tools: Tools, parts: Sequence[str], *, runs: int, rate: float, say: Say) -> None:
    """All parts that are asked for; ``say`` gets every figure of every run."""
    if "requests" in parts:
        tools.place(ground.stage, CLIENT)
        _requests(ground, runs, rate, say)
    if "writes" in parts:
        _writes(ground, runs, say)
    if "bridge" in parts:
        for host in (ground.edge, ground.core):
            tools.place(ground.stage, host.name)
        bridge.open_port(ground)
        _bridge(ground, runs, say)


def _bridge(ground: Ground, runs: int, say: Say) -> None:
    raw = ground.edge.address, ground.core.address
    assert raw[0] is not None
    assert raw[1] is not None
    for _ in range(runs):
        say(figures.RAW, bridge.goodput_mbps(ground, raw[0], raw[1]))
        say(figures.ROUND_TRIP, bridge.round_trip_ms(ground))
        say(figures.GOODPUT, bridge.goodput_mbps(ground, ground.edge_address, ground.core_address))
    if ground.name == FESTNING:
        bridge.widen(ground)
        for _ in range(runs):
            say(figures.LARGE_GOODPUT, bridge.goodput_mbps(ground, ground.edge_address, ground.core_address))


def _requests(ground: Ground, runs: int, rate: float, say: Say) -> None:
    number = f"bench-{secrets.token_hex(4)}"
    visits.place(ground, number)
    reading, writing = visits.reading(ground, number), visits.writing(ground)
    doors = (ground.door,)
    visits.closed_loop(ground.stage, doors, reading, f"{number}-warm")
    for run in range(runs):
        reads = visits.closed_loop(ground.stage, doors, reading, f"{number}-r{run}")
        say(figures.READS, reads.per_second)
        say(figures.READS_BUSY_P99, reads.p99_ms)
        written = visits.closed_loop(ground.stage, doors, writing, f"{number}-w{run}")
        say(figures.WRITES, written.per_second)
        say(figures.WRITES_BUSY_P99, written.p99_ms)
        say(figures.READS_P99, visits.open_loop_p99_ms(ground, reading, f"{number}-or{run}-", rate))
        say(figures.WRITES_P99, visits.open_loop_p99_ms(ground, writing, f"{number}-ow{run}-", rate))


def _writes(ground: Ground, runs: int, say: Say) -> None:
    own = writes.stack_database(ground)
    lone = writes.lone_database(ground)
    try:
        for _ in range(runs):
            say(figures.ROWS, own.per_second())
            say(figures.LONE_ROWS, lone.per_second())
    finally:
        writes.end_lone(ground)
