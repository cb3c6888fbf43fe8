"""Whether the tuned stack fails over when nothing failed: half an hour of load with every core of the machine busy.

``python -m bench.steadiness``: raises a lab, puts the load of the drills on it, keeps twice as many endless loops as
there are cores running beside it, and counts the database's membership changes, failed requests and lost writes. All of
them are to be none.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.stage import ended_by_signals, stage
from festning.engine.connections import Connections
from festning.engine.questions import ask_all
from festning.model.check import Probe, Verdict
from festning.model.drill import Fate, Outcome
from festning.workflows.loading import Load, Loaded, Volume, places_of
from festning.workflows.opening import Opened, Surroundings, open_fortress

EDGES = 2
LOOPS_FOR_EACH_CORE = 2
LOOK_S = 10.0
MOST_LINES = 40
"""About requests that failed."""
CHANGES = "mariadb --skip-column-names --batch -e \"SHOW GLOBAL STATUS LIKE 'wsrep_cluster_conf_id'\" | cut -f 2\n"
"""Galera counts the group's views."""


def main() -> None:
    """Measure and print; exit code 1 when anything happened."""
    parser = argparse.ArgumentParser(prog="python -m bench.steadiness", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--file", type=Path, help="a fortress whose lab is up; otherwise one is raised")
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("this boots machines, and that takes root: run it with sudo")
    if options.file is not None:
        raise SystemExit(_measured(options.file, options.minutes))
    with ended_by_signals(), tempfile.TemporaryDirectory() as folder, stage(Path(folder), "steady", EDGES) as made:
        status = _measured(made.file, options.minutes)
    raise SystemExit(status)


def _measured(file: Path, minutes: float) -> int:
    opened = open_fortress(file, Surroundings({}, "bench", None, datetime.now(UTC).date()), lab=True)
    with busy():
        views, loads, loaded = asyncio.run(steady(opened, minutes * 60))
    bad = [one for one in loaded.outcomes if one.fate is not Fate.OK]
    wrong = [one for one in loaded.checked if one.verdict is not Verdict.PASS]
    changes = len(set(views)) - 1
    print(f"{minutes:g} minutes, {os.cpu_count()} cores, load average {min(loads):.1f} to {max(loads):.1f}")
    print(f"  changes of the database's membership   {changes}")
    print(f"  requests                               {len(loaded.outcomes):,}")
    print(f"  of them failed or unknown              {len(bad)}")
    print(f"  acknowledged writes lost               {len(loaded.lost)}")
    verdicts = ", ".join(f"{one.checker} {one.verdict}" for one in loaded.checked)
    print(f"  history checkers                       {verdicts}")
    for line in grouped(loaded.outcomes, bad):
        print(f"    {line}")
    for checked in wrong:
        print(f"    {checked.checker}: {'; '.join(checked.problems[:2])}")
    return 1 if changes or bad or wrong or loaded.lost else 0


def grouped(outcomes: Sequence[Outcome], bad: Sequence[Outcome]) -> Iterator[str]:
    """Which requests failed, minute by minute, so that one bad moment does not look like a bad half hour."""
    began = min((one.due for one in outcomes), default=0.0)
    moments: defaultdict[tuple[int, str, str, str], list[float]] = defaultdict(list)
    for one in bad:
        after = one.due - began
        moments[int(after // 60), one.door, str(one.kind), one.why].append(after)
    for (minute, door, kind, why), those in sorted(moments.items())[:MOST_LINES]:
        yield f"minute {minute}, {min(those):.1f} to {max(those):.1f} s: {len(those)} × {door} {kind}: {why}"
    if len(moments) > MOST_LINES:
        yield f"and {len(moments) - MOST_LINES} more of such"


async def steady(opened: Opened, seconds: float) -> tuple[list[int], list[float], Loaded]:
    """The load for so long; the number of the database's view and the load average, as they were seen in between."""
    views, loads = [], []
    core = opened.fortress.cores[0].name
    async with Connections([*opened.endpoints(), opened.client()]) as connections:
        volume = Volume(seconds=seconds + 60, most=10_000_000)
        load = Load(places_of(opened, volume.per_second), connections, f"S{time.time_ns()}-", volume)
        await load.begin()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answers = await ask_all([Probe(host=core, script=CHANGES)], connections)
            views.append(int(answers[core] or -1))
            loads.append(os.getloadavg()[0])
            await asyncio.sleep(min(LOOK_S, max(0.0, until - time.monotonic())))
        return views, loads, await load.end()


@contextmanager
def busy() -> Iterator[None]:
    """Endless loops beside everything else, at the usual priority."""
    count = (os.cpu_count() or 1) * LOOPS_FOR_EACH_CORE
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


if __name__ == "__main__":
    main()
