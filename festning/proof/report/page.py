"""The page of one drill: what was done, what people felt, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from markupsafe import Markup

from festning.model.drill import DrillResult, Mark
from festning.proof.figures.timeline import Timeline
from festning.proof.report.bands import View, views
from festning.proof.report.charts import Chart, charts
from festning.proof.report.flags import flags
from festning.proof.report.scene import Scene, origin_of, scenes_of
from festning.proof.report.tables import (
    MOST_CHANGES,
    changes_rows,
    doors_rows,
    evidence,
    together_rows,
    whys_rows,
)
from festning.proof.report.words import (
    MARKS,
    count,
    duration,
    lost_writes,
    offset,
    printable,
    seconds,
    utc,
)
from festning.templates import templates_of

_render = templates_of("festning.proof.report", escaped=True)


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline figure. ``says`` is what it is the figure of."""

    name: str
    figure: str
    says: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A scene, drawn."""

    title: str
    flags: Markup
    charts: list[Chart]
    views: list[View]
    ticks: list[tuple[str, str]]
    readings: Markup


def render_page(result: DrillResult, fortress: str) -> str:
    """The page of a drill as one self-contained HTML document of less than a megabyte."""
    scenes = scenes_of(result)
    origin = origin_of(result)
    titles = ("The whole drill", "Around the fault")
    page = _render(
        "drill.html",
        result=result,
        fortress=fortress,
        verdict=result.verdict,
        mark=MARKS[result.verdict],
        when=utc(origin) if origin is not None else "",
        tiles=tiles(result),
        panels=[_panel(title, scene, result) for title, scene in zip(titles, scenes, strict=False)],
        moments=[
            (offset(one.at - (origin or 0.0)), one.mark.value, one.what)
            for one in sorted(result.moments, key=lambda moment: moment.at)
        ],
        from_fault=any(one.mark is Mark.FAULT for one in result.moments),
        doors=doors_rows(result),
        together=together_rows(result),
        whys=whys_rows(result),
        changes=(changes := changes_rows(result, origin or 0.0))[:MOST_CHANGES],
        more_changes=max(0, len(changes) - MOST_CHANGES),
        evidence=evidence(result.seen),
        marks={verdict.value: mark for verdict, mark in MARKS.items()},
        count=count,
    )
    return printable(page)


def tiles(result: DrillResult) -> list[Tile]:
    """The headline figures."""
    everywhere = bool(result.doors) and all(door.hurt for door in result.doors)
    worst = "at the worst door" if everywhere else "at the worst door that the fault did not hit"
    unknown = f", {count(result.unknown_requests)} with an unknown outcome" if result.unknown_requests else ""
    requests = f"of {count(result.requests)}{unknown}"
    unlooked = "" if result.checked else "; nobody looked for them"
    return [
        Tile("Write gap", duration(result.write_gap_ms), f"longest time without an acknowledged write, {worst}"),
        Tile("Read gap", duration(result.read_gap_ms), f"longest time without an answered read, {worst}"),
        Tile("Failed requests", count(result.failed_requests), requests),
        Tile("Lost writes", lost_writes(result), f"of {count(result.acknowledged_writes)} acknowledged{unlooked}"),
        Tile("Recovered after", seconds(result.recovered_s), _course(result)),
    ]


def _course(result: DrillResult) -> str:
    told = "the fault was seen" if result.fault_observed else "the fault was not seen"
    return f"{told}, {'and it was healed' if result.healed else 'and it was not healed'}"


def _panel(title: str, scene: Scene, result: DrillResult) -> Panel:
    ticks = [(f"{at:.2f}", label) for at, label in scene.axis.ticks()]
    readings = {
        "begin": round(scene.axis.grid.begin - scene.axis.origin, 3),
        "width": scene.axis.grid.width_s,
        "buckets": _readings(scene.spared, scene.hit),
    }
    # Numbers only, so that nothing in it can end the script that holds it.
    written = Markup(json.dumps(readings, separators=(",", ":")))  # noqa: S704
    return Panel(title, flags(scene), charts(scene), views(result.sights, scene), ticks, written)


def _readings(spared: Timeline, hit: Timeline | None) -> list[list[float | None]]:
    others = hit.buckets if hit else (None,) * len(spared.buckets)
    return [
        [
            one.writes + (other.writes if other else 0),
            one.reads + (other.reads if other else 0),
            one.failed + (other.failed if other else 0),
            one.unknown + (other.unknown if other else 0),
            *(None if value is None else round(value, 1) for value in (one.p50_ms, one.p99_ms, one.max_ms)),
        ]
        for one, other in zip(spared.buckets, others, strict=True)
    ]
