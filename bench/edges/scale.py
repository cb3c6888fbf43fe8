"""How long it takes from two edges to ten that are verified, and from an edge that died to another in its place.

The verbs are called as command lines, as a person calls them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.figures import Bar, Series
from bench.stage import RunError, Stage, measure, stage

FEW, MANY = 2, 10
MOST_SCALE_S = 30.0
GROUP = "edge"
LOOK = "5s"
PATIENCE_S = 600.0
BOUNDS = f"{{from: {FEW}, to: {FEW + 2}, requests: 1000/s, p99: 5s, replace_after: 20s}}"
"""Nobody comes by: only a dead edge is a reason to act, once it has been dead for so long."""


def scale(folder: Path, runs: int) -> dict[str, Any]:
    """``scale edge 10`` until it says that all is verified, and back, in turns."""
    up, down = [], []
    with stage(folder, "bench-scale", FEW) as made:
        if not has_verb(made, "scale"):
            return missing("scale")
        for _ in range(runs):
            up.append(measure(made.festning("scale", GROUP, str(MANY)), made.environment)[0])
            _count(made, MANY)
            down.append(measure(made.festning("scale", GROUP, str(FEW)), made.environment)[0])
            _count(made, FEW)
    rows = [Series(f"scale edge {FEW} -> {MANY}", tuple(up)), Series(f"scale edge {MANY} -> {FEW}", tuple(down))]
    bar = Bar(f"from {FEW} edges to {MANY} verified", rows[0].median_s, MOST_SCALE_S, "s")
    lines = [
        f"  {row.name:22} {row.median_s:7.1f} s {row.spread_s[0]:7.1f}–{row.spread_s[1]:.1f} s {row.cpu_s:7.2f} s CPU"
        for row in rows
    ]
    print(f"\nscale in the lab, verified, medians of {runs}", *lines, bar.line(), sep="\n", flush=True)
    return {"scale": [row.document() for row in rows], "bars": [bar.document()]}


def replace(folder: Path, runs: int) -> dict[str, Any]:
    """An edge loses its power for good while ``watch`` looks on; until as many edges as before answer for it again."""
    taken = []
    with stage(folder, "bench-replace", FEW) as made:
        if not has_verb(made, "watch"):
            return missing("watch")
        made.file.write_text(made.file.read_text().replace(f"count: {FEW}", f"count: {FEW}, autoscale: {BOUNDS}"))
        made.do("apply")
        taken = [_replaced(made) for _ in range(runs)]
    print(
        f"\nfrom a dead edge to another in its place, n={runs}: median {statistics.median(taken):.1f} s"
        f" ({min(taken):.1f}–{max(taken):.1f} s), looked at every {LOOK}, declared as"
        f" {BOUNDS}",
        flush=True,
    )
    return {"replaced_s": taken}


def _replaced(made: Stage) -> float:
    """Seconds from the power cut to the word of ``watch`` that it has done its work."""
    command = made.festning("--json", "watch", "--every", LOOK)
    victim = made.fortress.edges[-1].name
    with subprocess.Popen(
        command, env=made.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as watch:
        try:
            time.sleep(10)  # It has seen the edge well.
            made.do("lab", "cut", victim)
            return _until_done(watch, time.monotonic())
        finally:
            watch.terminate()
            watch.wait()


def _until_done(watch: subprocess.Popen[bytes], began: float) -> float:
    assert watch.stdout is not None
    heard = []
    for raw in watch.stdout:
        heard.append(raw.decode("utf-8", "replace"))
        said = word_of(heard[-1])
        if said == "done":
            return time.monotonic() - began
        if said == "failed" or time.monotonic() - began > PATIENCE_S:
            break
    raise RunError("watch did not replace the edge:\n" + "".join(heard[-5:]))


def word_of(line: str) -> str | None:
    """What a line of ``watch --json`` says happened; ``None`` for anything else."""
    try:
        document = json.loads(line)
    except ValueError:
        return None
    said = document.get("said") if isinstance(document, dict) else None
    return said if isinstance(said, str) else None


def has_verb(made: Stage, verb: str) -> bool:
    """Whether this festning has the verb."""
    done = subprocess.run(made.festning(verb, "--help"), env=made.environment, capture_output=True, check=False)
    return done.returncode == 0


def missing(verb: str) -> dict[str, Any]:
    """Nothing was measured, and that is said."""
    print(f"\nnot measured: this festning has no verb `{verb}`", flush=True)
    return {"missing": verb}


def _count(made: Stage, edges: int) -> None:
    found = len(made.fortress.edges)
    if found != edges:
        raise RunError(f"scale was to leave {edges} edges and left {found}")
