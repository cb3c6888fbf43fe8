"""What watched parts were seen to be, as bands under the charts: thin while all is well, thick while it is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from markupsafe import Markup

from festning.model.drill import Sight
from festning.proof.report.axes import TimeAxis
from festning.proof.report.flags import moment_lines
from festning.proof.report.scene import Scene
from festning.proof.report.words import offset
from festning.svg import element, percent

HEIGHT = 18
FEW = 4
"""So many subjects are all drawn; of more only those in which something happened."""
_COLUMNS = 500
"""The finest that is drawn. Of a part that changes faster, the worst of each column is shown."""
_WIDE, _NARROW = 760, 330
"""Pixels of a drawing on a desk and on a telephone, for what has room."""
_LETTER = 6.2


class Health(Enum):
    """What a state means to people, from best to worst. The value is its class and its height."""

    WRITER = ("writer", 4)
    GOOD = ("good", 4)
    BETWEEN = ("between", 10)
    BAD = ("bad", 16)


_BAD = re.compile(
    r"\b(non-primary|not in the primary component|no answer|not answer|not answered|not seen|refused|disconnected"
    r"|down|dead|gone|unreachable|failed|stopped|lost|cut|absent)\b"
)
_GOOD = re.compile(r"\b(synced|up|primary|running|connected|active|serving|ok|ready)\b")
_DENIED = re.compile(r"\b(not|no)\b")
_LASTING = re.compile(r"\b\d+(\.\d+)? s\b")
"""How long something has been so, as a state tells it that is the same state all the while."""


def health(state: str) -> Health:
    """By the words that systems use for their states; one bad word is enough, and what is not known is in between."""
    told = state.casefold()
    if told == "writer":
        return Health.WRITER
    if _BAD.search(told):
        return Health.BAD
    return Health.GOOD if _GOOD.search(told) and not _DENIED.search(told) else Health.BETWEEN


@dataclass(frozen=True, slots=True)
class Stretch:
    """A state that lasted."""

    begin: float
    end: float
    state: str


@dataclass(frozen=True, slots=True)
class Band:
    """What one subject was seen to be, drawn."""

    subject: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class View:
    """Bands of one sort, under a title; ``steady`` are subjects that were well all the time."""

    title: str
    bands: tuple[Band, ...]
    steady: tuple[str, ...]


_TITLES = {"database": "Database view", "tunnel": "Hub view"}


def views(sights: Iterable[Sight], scene: Scene) -> list[View]:
    """The bands of a scene, by what they are of: ``core1: database``, ``core1: tunnel to core2``."""
    by_title: dict[str, dict[str, list[Stretch]]] = {}
    for subject, stretches in sorted(stretches_of(sights, scene.axis.grid.end).items()):
        shown = [one for one in stretches if one.end > scene.axis.grid.begin]
        if shown:
            by_title.setdefault(_title(subject), {})[subject] = shown
    order = [*_TITLES.values(), "Other parts"]
    return [_view(title, by_title[title], scene) for title in order if title in by_title]


def stretches_of(sights: Iterable[Sight], end: float) -> dict[str, list[Stretch]]:
    """For each subject its states one after another until ``end``; a sight that sees no change adds nothing."""
    found: dict[str, list[Stretch]] = {}
    for sight in sorted(sights, key=lambda one: one.at):
        if sight.at >= end:
            continue
        of_subject = found.setdefault(sight.subject, [])
        if of_subject and _same(of_subject[-1].state, sight.state):
            continue
        if of_subject:
            of_subject[-1] = Stretch(of_subject[-1].begin, sight.at, of_subject[-1].state)
        of_subject.append(Stretch(sight.at, end, sight.state))
    return found


def _same(state: str, other: str) -> bool:
    return state == other or _LASTING.sub("", state) == _LASTING.sub("", other)


def _title(subject: str) -> str:
    words = subject.rpartition(": ")[2].split()
    return _TITLES.get(words[0] if words else "", "Other parts")


def _view(title: str, subjects: dict[str, list[Stretch]], scene: Scene) -> View:
    calm = [name for name, seen in subjects.items() if len(seen) == 1 and health(seen[0].state) is Health.GOOD]
    steady = calm if len(subjects) > FEW else []
    bands = [Band(name, _band(seen, scene, name)) for name, seen in subjects.items() if name not in steady]
    return View(title, tuple(bands), tuple(steady))


def _band(stretches: Sequence[Stretch], scene: Scene, subject: str) -> Markup:
    drawn = stretches if len(stretches) <= _COLUMNS // 2 else _coarse(stretches, scene.axis)
    parts = [part for one in drawn for part in _stretch(one, scene.axis)]
    lines = moment_lines(scene, HEIGHT, beyond=2)
    label = f"{subject} over time"
    return element("svg", *parts, *lines, class_="band", width="100%", height=HEIGHT, role="img", aria_label=label)


def _stretch(one: Stretch, axis: TimeAxis) -> list[Markup]:
    begin, end = axis.percent(one.begin), axis.percent(one.end)
    kind, height = health(one.state).value
    told = f"{one.state}: {offset(one.begin - axis.origin)} to {offset(one.end - axis.origin)}"
    bar = element(
        "rect",
        element("title", told),
        class_=f"state {kind}",
        x=percent(begin),
        # A moment of trouble is too narrow to be seen on an axis of minutes.
        width=percent(max(end - begin, 0.25)),
        y=(HEIGHT - height) / 2,
        height=height,
    )
    needed = 100 * (len(one.state) * _LETTER + 8)
    if kind == Health.GOOD.value[0] or end - begin < needed / _WIDE:
        return [bar]
    roomy = " roomy" if end - begin < needed / _NARROW else ""
    name = element("text", one.state, class_=f"state {kind}{roomy}", x=percent(begin), dx=5, y=HEIGHT / 2 + 4)
    return [bar, name]


def _coarse(stretches: Sequence[Stretch], axis: TimeAxis) -> list[Stretch]:
    """The worst state of each column, of columns as wide as can be seen."""
    worst: dict[int, str] = {}
    order = list(Health)
    for one in stretches:
        first, last = (int(axis.percent(at) / 100 * _COLUMNS) for at in (one.begin, one.end))
        for column in range(first, min(last, _COLUMNS - 1) + 1):
            before = worst.get(column)
            if before is None or order.index(health(one.state)) > order.index(health(before)):
                worst[column] = one.state
    width = (axis.grid.end - axis.grid.begin) / _COLUMNS
    sights = [Sight(axis.grid.begin + column * width, "", state) for column, state in sorted(worst.items())]
    return stretches_of(sights, axis.grid.end).get("", [])
