"""How long the main job takes on this machine, and what the lab costs: boot, plan, up, memory.

Times are of whole processes, as a person waits for them, and medians where more than one run is said. Runs in a lab of
its own name, which is taken away at the end. With ``--cold`` the image cache is put aside first, so that the image is
built as on a fresh machine (Python environment and Debian packages of this machine excluded).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from festning.providers.lab.image import IMAGES

EXAMPLE = Path(__file__).parents[1] / "examples" / "nordlys"


class Bench:
    """A copy of the example under a name of its own, and the command line to drive it."""

    def __init__(self, folder: Path, name: str, edges: int) -> None:
        self.file = folder / name / "fortress.yaml"
        shutil.copytree(EXAMPLE, self.file.parent)
        text = self.file.read_text().replace("fortress: nordlys", f"fortress: {name}")
        self.file.write_text(text.replace("count: 2", f"count: {edges}"))

    def timed(self, *arguments: str) -> tuple[float, str]:
        """Seconds of wall time and standard output of one call; a call that fails ends the bench with what it said."""
        command = [sys.executable, "-m", "festning", "--file", str(self.file), "--lab", *arguments]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return seconds, done.stdout

    def machines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.timed("--json", "lab", "list")[1])["machines"]
        return found

    def down(self) -> None:
        self.timed("down")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.lab", description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also measure with an empty image cache")
    parser.add_argument("--runs", type=int, default=5, help="runs of what a median is taken of")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {memory('MemTotal') / 1024:.1f} GiB memory, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        if options.cold:
            with empty_cache():
                measure_up(Bench(Path(folder), "bench-cold", edges=2), "up, image cache empty", runs=1)
        measure_boot_and_plan(Bench(Path(folder), "bench-boot", edges=3), options.runs)
        measure_up(Bench(Path(folder), "bench-up", edges=2), "up, image cached", runs=options.runs)


def measure_boot_and_plan(bench: Bench, runs: int) -> None:
    """Seven machines from nothing to SSH; then, with everything applied, a plan of the six hosts among them."""
    try:
        bench.timed("lab", "boot")
        seconds = []
        for _ in range(runs):
            bench.down()
            seconds.append(bench.timed("lab", "boot")[0])
        row(f"boot {len(bench.machines())} machines to SSH", seconds, "≤ 5 s")
        bench.timed("up")
        row("plan of six hosts, nothing to change", [bench.timed("plan")[0] for _ in range(runs + 2)], "≤ 1.2 s")
    finally:
        bench.down()


def measure_up(bench: Bench, title: str, runs: int) -> None:
    """The whole of ``up`` to a passing verify; then plan and memory in the lab that it made."""
    try:
        seconds = []
        for _ in range(runs):
            bench.down()
            before = memory("MemAvailable")
            seconds.append(bench.timed("up")[0])
        row(
            f"{title}, {len(bench.machines())} machines, to a passing verify",
            seconds,
            "≤ 240 s" if runs == 1 else "≤ 30 s",
        )
        if runs == 1:
            return
        taken = before - memory("MemAvailable")
        print(f"{'memory of the lab (MemAvailable before - after)':64} {taken:6.0f} MiB  ≤ 1536")
        print(f"{'memory of its processes (sum of PSS)':64} {pss(bench.machines()):6.0f} MiB")
    finally:
        bench.down()


def row(title: str, seconds: list[float], wanted: str) -> None:
    """Print a row: the median, the range, and what is wanted."""
    spread = f"{min(seconds):.2f}–{max(seconds):.2f}, n={len(seconds)}"
    print(f"{title:64} {statistics.median(seconds):6.2f} s  ({spread})  {wanted}", flush=True)


def memory(name: str) -> float:
    """MiB of a line in /proc/meminfo."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def pss(machines: list[dict[str, Any]]) -> float:
    """MiB of proportional set size of all processes in the machines."""
    spaces = {Path(f"/proc/{machine['pid']}/ns/pid").readlink() for machine in machines if machine["pid"]}
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/pid").readlink() in spaces:
                rollup = (process / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # It ended while we looked.
    return total / 1024


@contextmanager
def empty_cache() -> Iterator[None]:
    """The image cache put aside, and back again at the end."""
    aside = IMAGES.with_name(f"{IMAGES.name}.aside")
    IMAGES.rename(aside)
    try:
        yield
    finally:
        shutil.rmtree(IMAGES, ignore_errors=True)
        aside.rename(IMAGES)


if __name__ == "__main__":
    main()
