"""The rows of the table: which drills are measured, and what is to be reached in each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

from bench.failover.measured import Measured
from bench.figures import Bar
from festning.proof.drills.judging import NOTICED_S

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


def _write_gap(limit: float, bound: str = "") -> Asked:
    what = "longest time without a write"
    return Asked(what=what, figure=lambda run: run.write_gap_s, limit=limit, unit="s", bound=bound)


def _gap_anywhere(limit: float) -> Asked:
    return Asked(what="longest time without a write, at any door", figure=_worst_gap, limit=limit, unit="s")


def _worst_gap(run: Measured) -> float | None:
    """At hurt doors reads count as well: the two are not kept apart there."""
    return max((gap for gap in (run.write_gap_s, run.hurt_gap_s) if gap is not None), default=None)


def _hurt_gap(limit: float, bound: str = "") -> Asked:
    what = "longest time without an answer at the hurt door"
    return Asked(what=what, figure=lambda run: run.hurt_gap_s, limit=limit, unit="s", bound=bound)


NO_FAILED_READ = Asked(
    what="failed reads at any door", figure=lambda run: run.failed_reads + run.hurt_failed_reads, limit=0, unit=""
)
NO_FAILURE = Asked(what="failed requests", figure=lambda run: run.failed, limit=0, unit="")
ONLY_IN_HAND = replace(NO_FAILURE, bound="POSTs given to PHP while it dies, which takes 0.1 s: done or not?")
NO_FAILURE_ELSEWHERE = Asked(what="failed requests at other doors", figure=lambda run: run.failed, limit=0, unit="")
ONLY_IN_FLIGHT = Asked(
    what="failed requests that were not in flight when it happened",
    figure=lambda run: run.failed - run.in_flight,
    limit=0,
    unit="",
    bound="silence is not noticed at once; the next line leaves out what was sent meanwhile",
)
ONLY_UNNOTICED = Asked(
    what=f"failed requests sent more than {NOTICED_S:g} s after it",
    figure=lambda run: run.failed - run.unnoticed,
    limit=0,
    unit="",
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
    Row("kill-database", (_write_gap(0.7, "Galera takes no suspicion below 0.3 s; some 0.47 s pass"), NO_FAILED_READ)),
    Row("cut-writer-host", (_write_gap(1.5), ONLY_IN_FLIGHT, ONLY_UNNOTICED)),
    Row("stop-hub", (_gap_anywhere(1.5), NO_FAILED_READ)),
    Row("isolate-writer", (_write_gap(1.5), MINORITY_REFUSES)),
    Row("freeze-database", (_write_gap(2.5),)),
    Row(
        "cut-edge",
        (NO_FAILURE_ELSEWHERE, _hurt_gap(1.0, "a door without power answers nobody: 6 s without it, and a boot")),
    ),
    Row("cut-arbiter", (NO_FAILURE, _write_gap(1.0))),
    Row("kill-front-door", (NO_FAILURE_ELSEWHERE, _hurt_gap(1.0))),
    Row("kill-service", (NO_FAILED_READ, ONLY_IN_HAND, _write_gap(1.0))),
    Row("rolling-restart", (NO_FAILURE, _write_gap(0.3, "who joins stops the group for three steps of 0.1 s"))),
    Row("blackout", (SERVES_AGAIN,)),
    Row(RANDOM, ()),
)
