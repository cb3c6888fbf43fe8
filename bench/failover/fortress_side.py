"""festning's side: its own drills on a lab of its own."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.failover.rows import RANDOM
from bench.failover.running import Perform, Side
from bench.stage import stage
from festning.model.drill import DrillResult
from festning.proof.drills.drill import Drill
from festning.workflows.loading import Volume
from festning.workflows.opening import Surroundings
from festning.workflows.progress import Progress
from festning.workflows.rehearsing import World, by_chance_of, chosen, rehearse

NAME = "festning"
LAB = "bench-drills"
EDGES = 2


def side(volume: Volume, progress: Progress, seed: int) -> Side:
    """Drills by name, and by chance from a seed."""
    return Side(name=NAME, raised=partial(_raised, volume, progress), drill=partial(_drill, seed))


def prefix() -> str:
    """What begins the numbers of a load, new each time."""
    return f"B{secrets.token_hex(4)}-"


@contextmanager
def _raised(volume: Volume, progress: Progress) -> Iterator[Perform]:
    progress.stage("raise festning")
    with TemporaryDirectory() as folder, stage(Path(folder), LAB, EDGES) as made:
        yield partial(_perform, made.file, volume, progress)


def _perform(file: Path, volume: Volume, progress: Progress, drill: Drill) -> DrillResult:
    world = World(
        surroundings=Surroundings({}, "bench", None, datetime.now(UTC).date()),
        clock=time.time,
        prefix=prefix,
        progress=progress,
        agreed=lambda _fortress, _drills: False,  # Never asked in the lab.
        volume=volume,
    )
    _, (result,) = asyncio.run(rehearse(file, [drill], world, lab=True))
    return result


def _drill(seed: int, name: str, number: int) -> Drill:
    # Chance draws one after the other, so the first ones are the same however many there are.
    return by_chance_of(number, seed)[-1] if name == RANDOM else chosen([name])[0]
