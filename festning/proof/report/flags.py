"""The moments of a drill in its drawings: a line through each of them, and names above the first."""

from __future__ import annotations

from markupsafe import Markup

from festning.model.drill import Moment
from festning.proof.report.scene import Scene
from festning.proof.report.words import offset
from festning.svg import element, percent

LANE = 17
_NARROWEST = 330
"""Pixels of a drawing on a telephone: names that have room there have room everywhere."""
_LETTER = 6.3
"""Pixels of an average letter of a name."""


def moment_lines(scene: Scene, height: float, beyond: float = 0) -> list[Markup]:
    """A line for each moment from top to bottom, and so many pixels beyond both."""
    return [_line(scene, moment, -beyond, height + beyond) for moment in scene.moments]


def flags(scene: Scene) -> Markup:
    """The names of the moments, each at its line, below one another where they would touch."""
    lanes = _lanes(scene)
    height = LANE * (1 + max(lanes, default=0)) + 3
    placed = list(zip(scene.moments, lanes, strict=True))
    # Names are drawn over the lines that pass through them.
    lines = [_line(scene, moment, lane * LANE + 4, height) for moment, lane in placed]
    parts = [*lines, *(_name(scene, moment, lane) for moment, lane in placed)]
    return element("svg", *parts, class_="flags", width="100%", height=height, role="img", aria_label="moments")


def _name(scene: Scene, moment: Moment, lane: int) -> Markup:
    at = scene.axis.percent(moment.at)
    left = _left(at, moment)
    return element(
        "text",
        moment.mark.value,
        class_=f"flag {_class(moment)}",
        x=percent(at),
        dx=-4 if left else 4,
        y=lane * LANE + 13,
        text_anchor="end" if left else "start",
    )


def _lanes(scene: Scene) -> list[int]:
    """For each moment the first lane in which it touches no other."""
    taken: list[list[tuple[float, float]]] = []
    found: list[int] = []
    for moment in scene.moments:
        begin, end = _extent(scene, moment)
        free = (lane for lane, others in enumerate(taken) if all(end < b or begin > e for b, e in others))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((begin, end))
        found.append(lane)
    return found


def _extent(scene: Scene, moment: Moment) -> tuple[float, float]:
    at = scene.axis.percent(moment.at)
    width = _width(moment)
    return (at - width, at) if _left(at, moment) else (at, at + width)


def _left(at: float, moment: Moment) -> bool:
    """Whether there is no room on the right side of its line."""
    return at + _width(moment) > 100


def _width(moment: Moment) -> float:
    return 100 * (len(moment.mark.value) * _LETTER + 10) / _NARROWEST


def _line(scene: Scene, moment: Moment, top: float, bottom: float) -> Markup:
    at = percent(scene.axis.percent(moment.at))
    what = f": {moment.what}" if moment.what else ""
    told = f"{moment.mark.value} {offset(moment.at - scene.axis.origin)}{what}"
    return element("line", element("title", told), class_=_class(moment), x1=at, x2=at, y1=top, y2=bottom)


def _class(moment: Moment) -> str:
    return f"moment {moment.mark.name.lower()}"
