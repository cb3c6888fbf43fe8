"""The table of a failover bench: each drill on both stacks, worst and median, and what was to be reached. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence

from bench.failover.measured import Measured
from bench.failover.rows import ALWAYS, Asked, Row

COLUMNS = ("write gap", "read gap", "hurt door", "failed", "recovered")
_WIDTH = 16
WORTH_TELLING_S = 0.1
"""Of the load's own lateness: more than the time between two writes at a door."""


def table(rows: Sequence[Row], runs_of: Callable[[str, str], Sequence[Measured]], mine: str, other: str) -> str:
    """Every row that has runs. ``runs_of`` gives those of a stack and a drill; targets are judged for ``mine``."""
    shown = [row for row in rows if runs_of(mine, row.drill) or runs_of(other, row.drill)]
    lines = [_head(), *(line for row in shown for line in _row(row, runs_of, mine, other))]
    alarms = [line for row in shown for stack in (other, mine) for line in alarm(runs_of(stack, row.drill))]
    return "\n".join([*_alarmed(alarms), *lines, *_alarmed(alarms)])


def line_of(run: Measured) -> str:
    """One run, as soon as it is there."""
    figures = (
        f"write gap {_s(run.write_gap_s)}, read gap {_s(run.read_gap_s)}, hurt door {_s(run.hurt_gap_s)},"
        f" {run.failed} failed ({run.in_flight} in flight) of {run.requests}, lost {run.lost},"
        f" load late by {_s(run.load_late_s)},"
        f" {'STAYS DOWN' if run.stays_down else f'recovered {_s(run.recovered_s)}'}"
    )
    seen = "" if run.fault_observed else " THE FAULT WAS NOT SEEN"
    said = "".join(f"\n      {reason}" for reason in run.reasons)
    return f"  {run.label.stack:9} {run.label.drill:16} {run.label.number:3} {run.verdict:8} {figures}{seen}{said}"


def alarm(runs: Sequence[Measured]) -> Iterator[str]:
    """What must not be overlooked, run by run."""
    for run in runs:
        for what in run.loud:
            yield f"{run.label.stack} {run.label.drill} run {run.label.number} ({run.about}): {what}"


def _alarmed(alarms: Sequence[str]) -> list[str]:
    return ["", *(f"!!! {line}" for line in alarms), ""] if alarms else []


def _head() -> str:
    columns = "".join(f"{name:>{_WIDTH}}" for name in COLUMNS)
    return f"\n  {'worst (median), seconds':26} {'runs':>4}{columns} {'lost':>5}"


def _row(row: Row, runs_of: Callable[[str, str], Sequence[Measured]], mine: str, other: str) -> Iterator[str]:
    yield f"\n{row.drill}"
    for stack in (other, mine):
        if runs := runs_of(stack, row.drill):
            yield _figures(stack, runs)
            yield from _remarks(runs)
    if runs := runs_of(mine, row.drill):
        yield from (_judged(asked, _seen(runs)) for asked in row.asked)
        yield from (_judged(asked, runs) for asked in ALWAYS)


def _seen(runs: Sequence[Measured]) -> list[Measured]:
    """Those in which the fault took hold: the others say nothing about it."""
    return [run for run in runs if run.fault_observed]


def _figures(stack: str, runs: Sequence[Measured]) -> str:
    seen = _seen(runs)
    cells = (
        _cell([run.write_gap_s for run in seen]),
        _cell([run.read_gap_s for run in seen]),
        _cell([run.hurt_gap_s for run in seen]),
        _cell([run.failed for run in seen], digits=0),
        _recovered(seen),
    )
    return f"  {stack:26} {len(runs):4}{''.join(f'{cell:>{_WIDTH}}' for cell in cells)} {sum(r.lost for r in runs):5}"


def _cell(figures: Sequence[float | None], digits: int = 2) -> str:
    there = [figure for figure in figures if figure is not None]
    return f"{max(there):.{digits}f} ({statistics.median(there):.{digits}f})" if there else "–"


def _recovered(runs: Sequence[Measured]) -> str:
    """Worst and median; the worst is staying down."""
    down = sum(run.stays_down for run in runs)
    if not down:
        return _cell([run.recovered_s for run in runs])
    return f"down ×{down}" if down == len(runs) else f"down ×{down} {_cell([run.recovered_s for run in runs])}"


def _remarks(runs: Sequence[Measured]) -> Iterator[str]:
    unseen = [run.label.number for run in runs if not run.fault_observed]
    if unseen:
        yield f"    the fault was not seen in {_numbers(unseen)}, which count for nothing but what is lost"
    undecided = [run.label.number for run in runs if run.open_checks]
    if undecided:
        yield f"    a history could not be judged in {_numbers(undecided)}: {_undecided(runs, undecided[0])}"
    for run in runs:
        if (run.load_late_s or 0.0) > WORTH_TELLING_S:
            yield f"    the load itself was up to {_s(run.load_late_s)} late in run {run.label.number}"


def _undecided(runs: Sequence[Measured], number: int) -> str:
    """Why the histories of a run could not be judged."""
    return "; ".join(next(run.open_checks for run in runs if run.label.number == number))


def _numbers(numbers: Sequence[int]) -> str:
    return f"run{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _judged(asked: Asked, runs: Sequence[Measured]) -> str:
    bar = asked.bar(runs)
    if bar is None:
        return f"  {asked.what:58} not measured"
    return bar.line() + (f"; {asked.bound}" if asked.bound and not bar.reached else "")


def _s(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f} s"
