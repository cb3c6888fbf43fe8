"""The rows of the table: which drills are measured, and what is to be reached in each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from bench.failover.measured import Measured
from bench.figures import Bar

RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A figure that may be ``limit`` at most in the worst of all runs; ``bound`` says why it cannot be better."""

    what: str
    figure: Callable[[Measured], float | None]
    limit: float
    unit: str
    bound: str = ""

    def bar(self, runs: Sequence[Measured]) -> Bar | None:
        """The worst beside the limit; ``None`` when no run has the figure."""
        figures = [figure for run in runs if (figure := self.figure(run)) is not None]
        return Bar(self.what, max(figures), self.limit, self.unit) if figures else None


@dataclass(frozen=True, slots=True)
class Row:
    """A drill, by its name."""

    drill: str
    asked: tuple[Asked, ...]


def _write_gap(limit: float) -> Asked:
    return Asked(what="longest time without a write", figure=lambda run: run.write_gap_s, limit=limit, unit="s")


def _hurt_gap(limit: float, bound: str = "") -> Asked:
    what = "longest time without an answer at the hurt door"
    return Asked(what=what, figure=lambda run: run.hurt_gap_s, limit=limit, unit="s", bound=bound)


NO_FAILED_READ = Asked(what="failed reads", figure=lambda run: run.failed_reads, limit=0, unit="")
NO_FAILURE = Asked(what="failed requests", figure=lambda run: run.failed, limit=0, unit="")
NO_FAILURE_ELSEWHERE = Asked(what="failed requests at other doors", figure=lambda run: run.failed, limit=0, unit="")
ONLY_IN_FLIGHT = Asked(
    what="failed requests that were not in flight", figure=lambda run: run.failed - run.in_flight, limit=0, unit=""
)
MINORITY_REFUSES = Asked(
    what="runs in which a minority acknowledged a write", figure=lambda run: run.minority, limit=0, unit=""
)
NOTHING_LOST = Asked(what="acknowledged writes lost", figure=lambda run: run.lost, limit=0, unit="")
NO_BROKEN_CHECK = Asked(what="failed history checks", figure=lambda run: len(run.broken_checks), limit=0, unit="")
COMES_BACK = Asked(what="runs that did not come back", figure=lambda run: int(run.stays_down), limit=0, unit="")
SERVES_AGAIN = Asked(
    what="serving again after power returned",
    figure=lambda run: inf if run.recovered_s is None else run.recovered_s,
    limit=45,
    unit="s",
)

ALWAYS = (NOTHING_LOST, NO_BROKEN_CHECK, COMES_BACK)
"""What no table has to ask for."""

ROWS = (
    Row("kill-database", (_write_gap(0.7), NO_FAILED_READ)),
    Row("cut-writer-host", (_write_gap(1.5), ONLY_IN_FLIGHT)),
    Row("stop-hub", (_write_gap(1.5), NO_FAILED_READ)),
    Row("isolate-writer", (_write_gap(1.5), MINORITY_REFUSES)),
    Row("freeze-database", (_write_gap(2.5),)),
    Row(
        "cut-edge",
        (NO_FAILURE_ELSEWHERE, _hurt_gap(1.0, "a door without power answers nobody: 6 s without it, and a boot")),
    ),
    Row("cut-arbiter", (NO_FAILURE, _write_gap(1.0))),
    Row("kill-front-door", (NO_FAILURE_ELSEWHERE, _hurt_gap(1.0))),
    Row("kill-service", (NO_FAILURE, _write_gap(1.0))),
    Row("rolling-restart", (NO_FAILURE, _write_gap(0.3))),
    Row("blackout", (SERVES_AGAIN,)),
    Row(RANDOM, ()),
)
