"""What a plan, and an apply of one changed file on every host, cost as edges grow: wall time, CPU and memory.

CPU is the operator's own process with its children; the machines' share of it is in the wall time, as all of them are
on this one machine.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engine import edit
from bench.figures import Bar, Run, Series
from bench.stage import RunError, Stage, measure, stage

COUNTS = (2, 10, 50)
MOST_GROWTH = 1.5
"""Of what one edge more costs, from among ten to among fifty: close to linear."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Runs of one verb with so many edges."""

    edges: int
    series: Series

    def document(self) -> dict[str, Any]:
        return {"edges": self.edges, **self.series.document()}


def grow(folder: Path, runs: int) -> dict[str, Any]:
    """All sizes, one lab after the other."""
    plans, applies, verdicts = [], [], {}
    for edges in COUNTS:
        with stage(folder, f"bench-grow-{edges}", edges) as made:
            checks = verified(made)
            verdicts[edges] = counted(checks)
            print("", f"{edges} edges joined; verify: {told(verdicts[edges])}", *not_well(checks), sep="\n", flush=True)
            plans.append(Grown(edges, _series("plan", made, runs, _leave)))
            applies.append(Grown(edges, _series("apply", made, runs, edit)))
        print("\n".join((line(plans[-1]), line(applies[-1]))), flush=True)
    bars = [*growth(plans), *growth(applies)]
    print("", table(plans, runs), table(applies, runs), *(bar.line() for bar in bars), sep="\n", flush=True)
    return {
        "plan": [one.document() for one in plans],
        "apply": [one.document() for one in applies],
        "verified": verdicts,
        "bars": [bar.document() for bar in bars],
    }


def verified(made: Stage) -> list[dict[str, Any]]:
    """The checks, as ``verify --json`` has them. Raises :class:`RunError` when it did not come to its end."""
    done = subprocess.run(made.festning("--json", "verify"), env=made.environment, capture_output=True, check=False)
    try:
        checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    except (ValueError, KeyError):
        raise RunError(f"verify: exit code {done.returncode}\n{done.stderr.decode()}") from None
    return checks


def counted(checks: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many checks came out how."""
    return dict(Counter(check["verdict"] for check in checks))


def not_well(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each check that did not pass and is not waived: a lab is gone when somebody asks which."""
    return [
        f"  {check['verdict']}  {check['host']}  {check['id']}: {check['measured']}, expected {check['expected']}"
        for check in checks
        if check["verdict"] not in ("pass", "waived")
    ]


def told(verdicts: Mapping[str, int]) -> str:
    """Verdicts in words."""
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))


def _series(verb: str, made: Stage, runs: int, before: Callable[[Stage], None]) -> Series:
    taken: list[Run] = []
    for _ in range(runs):
        before(made)
        taken.append(measure(made.festning(verb), made.environment)[0])
    return Series(verb, tuple(taken))


def _leave(_made: Stage) -> None:
    """A plan of what is as it should be."""


def one_more(few: Grown, many: Grown, of: Callable[[Series], float]) -> float:
    """What one edge more costs, on the way from few to many."""
    return (of(many.series) - of(few.series)) / (many.edges - few.edges)


def growth(found: list[Grown]) -> list[Bar]:
    """Whether an edge among many costs the operator's processor what it costs among few; nothing with fewer sizes."""
    if len(found) < 3:
        return []
    early = one_more(found[-3], found[-2], lambda series: series.cpu_s)
    late = one_more(found[-2], found[-1], lambda series: series.cpu_s)
    name = f"{found[0].series.name}: CPU of an edge more among {found[-1].edges} and among {found[-2].edges}"
    return [Bar(name, late / early if early > 0 else 1.0, MOST_GROWTH, "×")]


def table(found: list[Grown], runs: int) -> str:
    """A verb at all sizes."""
    head = (
        f"{found[0].series.name}, medians of {runs}\n"
        f"  {'edges':>5} {'wall':>8} {'spread':>17} {'an edge':>10} {'own CPU':>9} {'an edge':>10} {'peak':>9}"
    )
    return "\n".join([head, *map(line, found)])


def line(one: Grown) -> str:
    """A verb at one size; per edge by simple division, so what every run costs anyhow is in it."""
    series, (low, high) = one.series, one.series.spread_s
    return (
        f"  {one.edges:5} {series.median_s:6.2f} s {low:7.2f}–{high:.2f} s {1000 * series.median_s / one.edges:7.0f} ms"
        f" {series.cpu_s:7.2f} s {1000 * series.cpu_s / one.edges:7.0f} ms {series.peak_mib:5.0f} MiB"
    )
