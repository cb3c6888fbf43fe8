"""SVG elements as text, escaped. What is drawn with them is up to the rooms that draw."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Attribute = str | float | None


def element(name: str, *children: str, **attributes: Attribute) -> Markup:
    """An element. Children that are not ``Markup`` are text. ``stroke_width`` becomes ``stroke-width``, ``class_``
    ``class``; an attribute that is ``None`` is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")  # noqa: S704 (escaped)


def percent(value: float) -> str:
    return f"{_number(value)}%"


def steps(values: Iterable[float | None]) -> str:
    """A path over columns of width 1: a horizontal piece at each value, joined to its neighbour; gaps at ``None``."""
    path: list[str] = []
    last: float | None = None
    for column, value in enumerate(values):
        if value is not None:
            y = _number(value)
            path.append(f"M{column} {y}h1" if last is None else "h1" if value == last else f"V{y}h1")
        last = value
    return "".join(path)


def area(lower: Iterable[float], upper: Iterable[float]) -> str:
    """A closed path between two step lines; columns in which they meet are left out."""
    return "".join(
        f"M{column} {_number(low)}V{_number(high)}h1V{_number(low)}z"
        for column, (low, high) in enumerate(zip(lower, upper, strict=True))
        if low != high
    )


def ticks(values: Iterable[float | None]) -> str:
    """A path with one piece at each value, joined to nothing."""
    return "".join(f"M{column} {_number(value)}h1" for column, value in enumerate(values) if value is not None)


def _number(value: str | float | None) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
