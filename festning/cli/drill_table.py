"""How drills look: which there are, how they went, and the lines that tell of one while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from festning.cli.screen import COLOURS, Screen
from festning.model.check import Verdict
from festning.model.drill import DrillResult, Moment
from festning.proof.report.words import NOTHING, count, duration, lost_writes, offset, seconds

_COLUMNS = ("drill", "verdict", "write gap", "read gap", "failed/requests", "lost", "recovered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A drill that can be run. ``safe`` says that it may be run on hosts that are not the lab, ``about_s`` about how
    long it takes."""

    name: str
    about: str
    safe: bool
    about_s: float


def show_list(screen: Screen, drills: Sequence[Offered]) -> None:
    """Every drill: what it does, where it may be run, and about how long it takes."""
    if screen.as_json:
        screen.json(
            {
                "drills": [
                    {"name": one.name, "about": one.about, "safe": one.safe, "about_s": one.about_s} for one in drills
                ]
            }
        )
        return
    lasts = _right([_about(one.about_s) for one in drills])
    rows = [
        (one.name, "any hosts" if one.safe else "lab only", long, one.about)
        for one, long in zip(drills, lasts, strict=True)
    ]
    screen.table("The drills", ("drill", "runs on", "takes", "what it does"), rows)
    screen.line("")
    screen.line("festning drill run NAME runs one, under load, and heals it whatever happens", "dim")


def show(screen: Screen, fortress: str, results: Sequence[DrillResult]) -> None:
    """How drills went; beneath, what keeps those from a pass that are none."""
    if screen.as_json:
        screen.json(document(fortress, results))
        return
    screen.table(f"{fortress}: drills", _COLUMNS, _rows(results))
    for result in results:
        if result.verdict is not Verdict.PASS:
            screen.line("")
            screen.line(f"{result.verdict.value}: {result.name}", COLOURS[result.verdict.value])
            for reason in result.reasons or ("no reason was given",):
                screen.indented(reason)
    screen.line("")
    verdict = overall(results)
    screen.line(
        f"{fortress}: {verdict.value} ({_tally(results)})", "bold green" if verdict is Verdict.PASS else "bold red"
    )


def document(fortress: str, results: Sequence[DrillResult]) -> dict[str, Any]:
    """The shape of ``drill run --json``; stable."""
    return {
        "fortress": fortress,
        "verdict": overall(results).value,
        "drills": [result.document() for result in results],
    }


def overall(results: Sequence[DrillResult]) -> Verdict:
    """The verdict of them all: ``fail`` over ``unknown`` over ``pass``; of no drill at all it is unknown."""
    verdicts = {result.verdict for result in results}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if Verdict.UNKNOWN in verdicts or not verdicts:
        return Verdict.UNKNOWN
    return Verdict.PASS


def heading(number: int, of: int, drill: Offered) -> str:
    """The stage of a drill that begins: ``2 of 3: blackout, about 90 s``."""
    place = f"{number} of {of}: " if of > 1 else ""
    return f"{place}{drill.name}, about {_about(drill.about_s)}"


def happened(moment: Moment, fault_at: float | None) -> str:
    """A moment that has come: ``fault observed +0.35 s: core1 is gone``."""
    after = f" {offset(moment.at - fault_at)}" if fault_at is not None and moment.at != fault_at else ""
    return f"{moment.mark.value}{after}{f': {moment.what}' if moment.what else ''}"


def so_far(requests: int, failed: int, unknown: int) -> str:
    """The load while it runs: ``1,204 requests, 3 failed, 0 unknown``."""
    return f"{count(requests)} requests, {count(failed)} failed, {count(unknown)} unknown"


def ended(result: DrillResult) -> str:
    """One drill's end in a line: ``blackout: pass; no write for 40.1 s, 0 of 1,204 requests failed, 0 writes lost``."""
    gap = f"no write for {duration(result.write_gap_ms)}" if result.write_gap_ms is not None else "no write was tried"
    requests = f"{count(result.failed_requests)} of {count(result.requests)} requests failed"
    lost = f"{lost_writes(result)} writes lost" if result.checked else "nobody looked for lost writes"
    return f"{result.name}: {result.verdict.value}; {gap}, {requests}, {lost}"


def _rows(results: Sequence[DrillResult]) -> list[tuple[str, ...]]:
    columns = [
        [result.name for result in results],
        [result.verdict.value for result in results],
        _right([duration(result.write_gap_ms) for result in results], "write gap"),
        _right([duration(result.read_gap_ms) for result in results], "read gap"),
        _right([f"{count(result.failed_requests)}/{count(result.requests)}" for result in results], "failed/requests"),
        _right([lost_writes(result) for result in results], "lost"),
        _right([seconds(result.recovered_s) for result in results], "recovered"),
    ]
    return list(zip(*columns, strict=True))


def _right(cells: Sequence[str], heading: str = "") -> list[str]:
    """Numbers below one another by their last digits."""
    width = max((len(cell) for cell in (*cells, heading)), default=0)
    return [cell.rjust(width) for cell in cells]


def _about(about_s: float) -> str:
    if about_s <= 0:
        return NOTHING
    return f"{about_s:.0f} s" if about_s < 120 else f"{about_s / 60:.0f} min"


def _tally(results: Sequence[DrillResult]) -> str:
    tally = Counter(result.verdict.value for result in results)
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(tally.items())) or "no drill was run"
