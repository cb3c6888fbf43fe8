"""Everything is restarted while people use it: no request fails, and no acknowledged write is lost.

How long a write had to wait is printed and not judged: this machine runs all the others as well.
"""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from festning.engine.connections import Connections
from festning.model.check import Verdict
from festning.model.drill import Fate, Kind
from festning.workflows.loading import Load, Loaded, Volume, places_of
from festning.workflows.opening import Surroundings, open_fortress

CHECKERS = ("unique writes: shop", "unique writes: SQL", "set", "list-append", "bank")
QUIET_S = 2.0
"""Load before and after, so that what is compared is seen to be well."""


def under_load(file: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Loaded]:
    """A call of the command line while the load runs."""

    async def work() -> tuple[subprocess.CompletedProcess[str], Loaded]:
        opened = open_fortress(file, Surroundings({}, "load@desk", None, datetime.date.today()), lab=True)  # noqa: DTZ011
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            volume = Volume(per_second=1.0, seconds=300)
            places = places_of(opened, volume.per_second)
            load = Load(places, connections, f"L{time.time_ns()}-", volume)
            await load.begin()
            await asyncio.sleep(QUIET_S)
            done = await asyncio.to_thread(call, file, *arguments)
            await asyncio.sleep(QUIET_S)
            return done, await load.end()

    return asyncio.run(work())


def call(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    from tests.conftest import Festning  # noqa: PLC0415

    return Festning(file)(*arguments)


def told(loaded: Loaded) -> str:
    bad = [one for one in loaded.outcomes if one.fate is not Fate.OK]
    slowest = max(one.ended - one.due for one in loaded.outcomes if one.ended is not None)
    figures = f"longest time without a write {longest_gap(loaded):.2f} s, slowest {slowest:.2f} s"
    lines = [
        f"{len(loaded.outcomes)} sent, {len(bad)} not well, {loaded.retries} tried again, {figures}",
        *(str(one) for one in bad[:20]),
        *(str(one) for one in loaded.checked),
        *(f"{place}: {why}" for place, why in loaded.broken.items()),
    ]
    return "\n".join(lines)


def longest_gap(loaded: Loaded) -> float:
    ends = sorted(one.ended for one in loaded.of(Fate.OK, Kind.WRITE) if one.ended is not None)
    return max(later - earlier for earlier, later in pairwise(ends))


@pytest.mark.lab
def test_a_rolling_restart_of_everything_loses_no_request_and_no_write(lab: Any) -> None:
    done, loaded = under_load(lab.file, "restart")
    print(told(loaded))
    assert done.returncode == 0, done.stdout + done.stderr
    assert loaded.broken == {}
    doors = {one.door for one in loaded.of(Fate.OK, Kind.WRITE)}
    assert doors == {"core1", "core2", "edge1", "edge2", "core1: 3306", "core2: 3306"}
    assert len(loaded.of(Fate.OK)) == len(loaded.outcomes) > 100, told(loaded)
    assert loaded.lost == (), told(loaded)
    assert {one.checker: one.verdict for one in loaded.checked} == dict.fromkeys(CHECKERS, Verdict.PASS), told(loaded)
