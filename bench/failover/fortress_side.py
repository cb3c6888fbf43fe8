"""festning's side: its own drills on a lab of its own."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.failover.evidence import keep
from bench.failover.measured import Label
from bench.failover.rows import RANDOM
from bench.failover.running import Side
from bench.stage import Stage, stage
from festning.model.check import Verdict
from festning.model.drill import DrillResult
from festning.proof.drills.drill import Drill
from festning.workflows.loading import Volume
from festning.workflows.opening import Surroundings
from festning.workflows.progress import Progress
from festning.workflows.rehearsing import World, by_chance_of, chosen, rehearse

NAME = "festning"
LAB = "bench-drills"
EDGES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How drills are run: under which load, and where what is left of some is kept."""

    volume: Volume
    progress: Progress
    evidence: Path


def side(manner: Manner, seed: int) -> Side:
    """Drills by name, and by chance from a seed. All is kept of those that do not pass."""
    return Side(
        name=NAME,
        raised=partial(_raised, manner),
        drill=partial(_drill, seed),
        telling=lambda run: run.verdict != Verdict.PASS,
    )


def prefix() -> str:
    """What begins the numbers of a load, new each time."""
    return f"B{secrets.token_hex(4)}-"


@contextmanager
def _raised(manner: Manner) -> Iterator[Up]:
    manner.progress.stage("raise festning")
    with TemporaryDirectory() as folder, stage(Path(folder), LAB, EDGES) as made:
        yield Up(manner, made)


@dataclass(frozen=True, slots=True)
class Up:
    """festning on its lab."""

    manner: Manner
    stage: Stage

    def perform(self, drill: Drill) -> DrillResult:
        world = World(
            surroundings=Surroundings({}, "bench", None, datetime.now(UTC).date()),
            clock=time.time,
            prefix=prefix,
            progress=self.manner.progress,
            agreed=lambda _fortress, _drills: False,  # Never asked in the lab.
            volume=self.manner.volume,
        )
        _, (result,) = asyncio.run(rehearse(self.stage.file, [drill], world, lab=True))
        return result

    def keep(self, result: DrillResult, label: Label) -> None:
        self.manner.progress.stage(f"kept: {keep(self.manner.evidence, label, result, self.stage)}")


def _drill(seed: int, name: str, number: int) -> Drill:
    # Chance draws one after the other, so the first ones are the same however many there are.
    return by_chance_of(number, seed)[-1] if name == RANDOM else chosen([name])[0]
