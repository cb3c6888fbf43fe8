"""The page that leads to a run's drills, and the names of their files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from festning.model.check import Verdict
from festning.model.drill import DrillResult
from festning.proof.report.words import MARKS, NOTHING, count, duration, lost_writes, printable, seconds
from festning.templates import templates_of

_render = templates_of("festning.proof.report", escaped=True)

FIGURES = ("write gap", "read gap", "failed requests", "lost writes", "recovered after")
"""The columns of figures."""


def page_names(results: Sequence[DrillResult]) -> tuple[str, ...]:
    """For each drill the name of its page's file; of drills with one name the second is ``NAME-2.html``."""
    taken = {"index"}
    names = []
    for result in results:
        plain = re.sub(r"[^a-z0-9]+", "-", result.name.casefold()).strip("-")[:60] or "drill"
        name = next(name for name in _numbered(plain, len(results) + 2) if name not in taken)
        taken.add(name)
        names.append(f"{name}.html")
    return tuple(names)


def render_index(results: Sequence[DrillResult], fortress: str, when: str) -> str:
    """The table of a run's drills, each with a link to its page beside this one. ``when`` is told as it is given."""
    tally = Counter(result.verdict for result in results)
    rows = [
        {
            "page": page,
            "name": result.name,
            "about": result.about,
            "verdict": result.verdict.value,
            "mark": MARKS[result.verdict],
            "figures": zip(
                FIGURES,
                (
                    duration(result.write_gap_ms),
                    duration(result.read_gap_ms),
                    f"{count(result.failed_requests)} of {count(result.requests)}",
                    _lost(result),
                    seconds(result.recovered_s),
                ),
                strict=True,
            ),
            "reasons": () if result.verdict is Verdict.PASS else result.reasons,
        }
        for page, result in zip(page_names(results), results, strict=True)
    ]
    counted = ", ".join(f"{tally[verdict]} {verdict.value}" for verdict in Verdict if tally[verdict])
    return printable(_render("index.html", fortress=fortress, when=when, rows=rows, figures=FIGURES, counted=counted))


def _lost(result: DrillResult) -> str:
    lost = lost_writes(result)
    return lost if lost == NOTHING else f"{lost} of {count(result.acknowledged_writes)}"


def _numbered(name: str, most: int) -> list[str]:
    return [name, *(f"{name}-{number}" for number in range(2, most + 2))]
