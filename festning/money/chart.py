"""The monthly cost as bars, this fortress beside the same in one cloud: one SVG file that needs nothing else.

A bar is stacked of its parts. Where something is not known its end is open, and the sum says ``at least``. Colours are
those of the drills' pages, for light and dark; the order and the gaps tell the parts apart without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from festning.model.cost import Alternative, Cost, Line, Part, Sum, total
from festning.svg import element

WIDTH = 760
_LEFT, _RIGHT, _TOP, _ROW, _BAR = 214, 176, 92, 58, 22
_LETTER = 7.4
_STYLE = """
svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif }
.paper { fill: #fdfdfb } text { fill: #1d2126 } .quiet { fill: #626970; font-size: 11.5px } .base { stroke: #626970 }
.title { font-size: 16px; font-weight: 650 } .own { font-weight: 650 } .open { stroke: #1d2126 }
.machine { fill: #0072b2 } .disk { fill: #6f9c92 } .address { fill: #e0a63a } .traffic { fill: #9467a8 }
@media (prefers-color-scheme: dark) {
.paper { fill: #15181b } text { fill: #e6e7e4 } .quiet { fill: #9aa1a8 } .base { stroke: #9aa1a8 }
.open { stroke: #e6e7e4 }
.machine { fill: #56b4e9 } .disk { fill: #5f8f85 } .address { fill: #d29a2f } .traffic { fill: #c79bdc }
}
"""


@dataclass(frozen=True, slots=True)
class _Bar:
    name: str
    below: str
    parts: tuple[tuple[Part, Sum], ...]
    lacks: tuple[str, ...]
    own: bool

    @property
    def sum(self) -> Sum:
        return sum((one for _, one in self.parts), Sum())


def draw(cost: Cost) -> str:
    """The chart as an SVG document."""
    bars = [
        _bar("this fortress", cost.fortress, cost.lines, own=True),
        *(_alternative(one) for one in cost.alternatives),
    ]
    height = _TOP + _ROW * len(bars) + 34
    most = max((bar.sum.amount for bar in bars), default=Decimal(0)) or Decimal(1)
    label = "; ".join(f"{bar.name}: {_words(bar.sum)} {cost.currency} a month" for bar in bars)
    drawing = element(
        "svg",
        element("style", _STYLE),
        element("rect", class_="paper", width=WIDTH, height=height, rx=4),
        element("text", f"{cost.fortress}: what a month costs, in {cost.currency}", class_="title", x=20, y=32),
        *_legend(),
        *(piece for at, bar in enumerate(bars) for piece in _row(bar, _TOP + _ROW * at, most)),
        element("line", class_="base", x1=_LEFT, x2=_LEFT, y1=_TOP - 6, y2=_TOP + _ROW * len(bars) - 16),
        element("text", _footnote(bars, cost), class_="quiet", x=20, y=height - 16),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        role="img",
        aria_label=label,
    )
    return f"{drawing}\n"


def _bar(name: str, below: str, lines: Sequence[Line], *, own: bool) -> _Bar:
    parts = ((part, total(line for line in lines if line.part is part)) for part in Part)
    return _Bar(name, below, tuple(parts), tuple(_lacks(lines)), own)


def _lacks(lines: Sequence[Line]) -> Iterator[str]:
    """The parts that are not in a bar, and of how many hosts where it is not all of them."""
    for part in Part:
        its = [line for line in lines if line.part is part]
        missing = sum(line.count for line in its if line.monthly is None)
        if missing:
            of = sum(line.count for line in its)
            yield part.value if missing == of else f"{part.value} of {missing} in {of} hosts"


def _alternative(one: Alternative) -> _Bar:
    law = f"{one.country}, law of {one.jurisdiction}"
    return _bar(f"all in {one.name}", law if one.admitted else f"{law}: no personal data", one.lines, own=False)


def _legend() -> Iterator[str]:
    at = float(_LEFT)
    for part in Part:
        yield element("rect", class_=part.value, x=at, y=53, width=11, height=11, rx=2)
        yield element("text", part.value, class_="quiet", x=at + 16, y=63)
        at += 34 + _LETTER * len(part.value)


def _row(bar: _Bar, y: float, most: Decimal) -> Iterator[str]:
    yield element("text", bar.name, class_="own" if bar.own else None, x=20, y=y + 11)
    yield element("text", bar.below, class_="quiet", x=20, y=y + 26)
    room = WIDTH - _LEFT - _RIGHT
    at = float(_LEFT)
    for part, found in bar.parts:
        width = float(found.amount / most) * room
        if width:
            title = element("title", f"{part.value}: {_words(found)}")
            yield element("rect", title, class_=part.value, x=at, y=y, width=max(0.8, width - 1.5), height=_BAR, rx=1.5)
        at += width
    if bar.sum.at_least:
        yield _open_end(at, y)
        at += 12
    if bar.lacks:
        yield element("text", f"not in it: {', '.join(bar.lacks)}", class_="quiet", x=_LEFT + 8, y=y + _BAR + 14)
    yield element("text", _words(bar.sum), class_="own" if bar.own else None, x=at + 8, y=y + 16)


def _open_end(x: float, y: float) -> str:
    """The mark of a bar that would go on, if everything were known."""
    zigzag = f"M{x + 2:.1f} {y}l6 {_BAR / 4}l-6 {_BAR / 4}l6 {_BAR / 4}l-6 {_BAR / 4}"
    return element("path", class_="open", d=zigzag, fill="none", stroke_width=1.5)


def _words(found: Sum) -> str:
    return f"{'at least ' if found.at_least else ''}{found.amount:,.0f}"


def _footnote(bars: Sequence[_Bar], cost: Cost) -> str:
    days = sorted(source.day for source in cost.sources)
    when = f"Prices of {days[0]} to {days[-1]}." if days else ""
    lacks = " An open end: something is not known, and not in the sum." if any(bar.sum.at_least for bar in bars) else ""
    return f"{when}{lacks}".strip()
