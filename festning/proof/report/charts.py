"""The charts of a scene: what was answered, what was not, and how long answers took.

A drawing is as wide as its place and as high as it says; what has a shape is stretched, what is text is not. Its
columns are the timeline's buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from festning.model.drill import Kind
from festning.proof.figures.timeline import Bucket
from festning.proof.report.axes import Linear, Logarithmic
from festning.proof.report.flags import moment_lines
from festning.proof.report.scene import DoorGap, Scene
from festning.proof.report.words import duration, seconds
from festning.svg import Attribute, area, element, percent, steps, ticks

HEIGHT = 84
HEADROOM = 6
"""Above the plotted area."""
_PLOTTED = HEIGHT - HEADROOM - 1
_ROOM = 36.0
"""Percent of the width that the words for a gap need on a telephone."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its title, and its legend as (class of the colour, words)."""

    title: str
    legend: tuple[tuple[str, str], ...]
    drawing: Markup


def charts(scene: Scene) -> list[Chart]:
    return [
        _answers(scene, Kind.WRITE, "Writes acknowledged", lambda bucket: bucket.writes),
        _answers(scene, Kind.READ, "Reads answered", lambda bucket: bucket.reads),
        _failures(scene),
        _latency(scene),
    ]


def _answers(scene: Scene, kind: Kind, title: str, number: Callable[[Bucket], int]) -> Chart:
    width = scene.axis.grid.width_s
    spared = [number(bucket) / width for bucket in scene.spared.buckets]
    hit = [number(bucket) / width for bucket in scene.hit.buckets] if scene.hit else []
    both = [one + other for one, other in zip(spared, hit, strict=True)] if hit else spared
    scale = Linear.over(_usual_most(both))
    lower, upper = _heights(spared, scale), _heights(both, scale)
    shapes = [
        element("path", class_="hit", d=area(lower, upper)) if hit else "",
        element("path", class_="answers", d=area([100.0] * len(lower), lower)),
        element("path", class_="edge", d=steps(lower)),
    ]
    legend = [("answers", "doors not hit by the fault"), ("hit", "doors hit by it")]
    beyond = [("", f"at most {max(both):,.0f}, beyond the scale")] if max(both) > scale.top else []
    found = scene.gaps.get(kind)
    return Chart(
        f"{title} per second",
        (*(legend if hit and kind is Kind.WRITE else ()), *beyond),
        _drawing(scene, f"{title} per second over time", scale.ticks(), shapes, _gap(scene, found)),
    )


def _failures(scene: Scene) -> Chart:
    spared = scene.spared.buckets
    hit = scene.hit.buckets if scene.hit else ()
    failed = [float(bucket.failed) for bucket in spared]
    both = [float(bucket.failed + bucket.unknown) for bucket in spared]
    at_hit = [bucket.failed + bucket.unknown for bucket in hit] or [0] * len(both)
    everything = [one + other for one, other in zip(both, at_hit, strict=True)]
    scale = Linear.over(max(everything))
    heights = [_heights(values, scale) for values in (failed, both, everything)]
    shapes = [
        element("path", class_="hit", d=area(heights[1], heights[2])),
        element("path", class_="failed", d=area([100.0] * len(failed), heights[0])),
        element("path", class_="unknown", d=area(heights[0], heights[1])),
    ]
    none = element("text", "none", class_="none", x="50%", y=HEIGHT / 2, text_anchor="middle")
    marks = scale.ticks() if any(everything) else []
    legend = [
        ("failed", "failed"),
        ("unknown", "outcome unknown"),
        *([("hit", "either, at doors hit by it")] if hit else []),
    ]
    return Chart(
        f"Without a good answer, per {seconds(scene.axis.grid.width_s)}",
        tuple(legend) if any(everything) else (),
        _drawing(scene, "requests without a good answer over time", marks, shapes, [] if any(everything) else [none]),
    )


def _latency(scene: Scene) -> Chart:
    buckets = scene.spared.buckets
    known = [value for bucket in buckets for value in (bucket.p50_ms, bucket.max_ms) if value is not None]
    scale = Logarithmic.over(min(known, default=1.0), max(known, default=100.0))
    shapes = [
        element("path", class_="slowest", d=ticks(_known([_slowest(bucket) for bucket in buckets], scale))),
        element("path", class_="p99", d=steps(_known([bucket.p99_ms for bucket in buckets], scale))),
        element("path", class_="p50", d=steps(_known([bucket.p50_ms for bucket in buckets], scale))),
    ]
    return Chart(
        "Time to a good answer" + (", at doors not hit" if scene.hit else ""),
        (("p50", "median"), ("p99", "99th percentile"), ("slowest", "slowest")),
        _drawing(scene, "time to a good answer over time, logarithmic", scale.ticks(), shapes, []),
    )


def _usual_most(values: Sequence[float]) -> float:
    """What the scale has to hold: the most, but not the burst in which what had queued up is answered at once."""
    ordered = sorted(value for value in values if value)
    return min(ordered[-1], 2.5 * ordered[len(ordered) // 2]) if ordered else 0.0


def _slowest(bucket: Bucket) -> float | None:
    """The slowest answer, where that says more than the 99th percentile does."""
    return bucket.max_ms if bucket.max_ms and bucket.p99_ms and bucket.max_ms > 1.2 * bucket.p99_ms else None


def _heights(values: Sequence[float], scale: Linear) -> list[float]:
    return [round(100 * (1 - scale.share(value)), 1) for value in values]


def _known(values: Sequence[float | None], scale: Logarithmic) -> list[float | None]:
    return [None if value is None else round(100 * (1 - scale.share(value)), 1) for value in values]


def _drawing(
    scene: Scene, label: str, marks: Sequence[tuple[float, str]], shapes: Sequence[str], over: Sequence[str]
) -> Markup:
    columns = len(scene.spared.buckets)
    stretched = element(
        "svg",
        *shapes,
        x=0,
        y=HEADROOM,
        width="100%",
        height=_PLOTTED,
        viewBox=f"0 0 {columns} 100",
        preserveAspectRatio="none",
    )
    base = element("line", class_="base", x1=0, x2="100%", y1=HEIGHT - 0.5, y2=HEIGHT - 0.5)
    parts = [*_time_lines(scene), *_lines(marks), base, stretched, *moment_lines(scene, HEIGHT), *over, *_labels(marks)]
    return element("svg", *parts, class_="plot", width="100%", height=HEIGHT, role="img", aria_label=label)


def _y(share: float) -> float:
    return HEADROOM + (1 - share) * _PLOTTED


def _lines(marks: Sequence[tuple[float, str]]) -> list[str]:
    return [element("line", class_="grid", x1=0, x2="100%", y1=_y(share), y2=_y(share)) for share, _ in marks]


def _labels(marks: Sequence[tuple[float, str]]) -> list[str]:
    return [element("text", label, class_="value", x=-6, y=_y(share) + 4, text_anchor="end") for share, label in marks]


def _time_lines(scene: Scene) -> list[str]:
    return [
        element("line", class_="grid", x1=percent(at), x2=percent(at), y1=HEADROOM, y2=HEIGHT)
        for at, _ in scene.axis.ticks()
    ]


def _gap(scene: Scene, found: DoorGap | None) -> list[str]:
    """The worst gap, marked over the time that it lasted."""
    if found is None:
        return []
    begin, end = scene.axis.percent(found.gap.begin), scene.axis.percent(found.gap.end)
    at_least = "" if found.gap.answered else "at least "
    told = f"longest gap {at_least}{duration(found.gap.ms)}"
    whole = element("title", f"{told}, at {found.door}")
    at: dict[str, Attribute] = {
        "x": percent(begin),
        "width": percent(end - begin),
        "y": HEADROOM,
        "height": _PLOTTED,
    }
    return [element("rect", whole, class_="gap", **at), element("text", told, class_="told", **_beside(begin, end))]


def _beside(begin: float, end: float) -> dict[str, Attribute]:
    """Where the words for a stretch stand: in it where they have room on a telephone too, otherwise beside it."""
    y = HEADROOM + 12
    if end - begin > _ROOM:
        return {"x": percent((begin + end) / 2), "y": y, "text_anchor": "middle"}
    if 100 - end >= begin:
        return {"x": percent(end), "dx": 5, "y": y, "text_anchor": "start"}
    return {"x": percent(begin), "dx": -5, "y": y, "text_anchor": "end"}
