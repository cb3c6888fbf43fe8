"""The chart: one well-formed SVG file that needs nothing else, with every bar as long as its sum."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from festning.model.cost import Part
from festning.money.chart import draw
from tests.money.conftest import changed, reckoned

SVG = "{http://www.w3.org/2000/svg}"


def bars(svg: ET.Element) -> dict[float, dict[str, float]]:
    """For each row the width of each part."""
    found: dict[float, dict[str, float]] = {}
    for rect in svg.iter(f"{SVG}rect"):
        if rect.find(f"{SVG}title") is not None:
            found.setdefault(float(rect.attrib["y"]), {})[rect.attrib["class"]] = float(rect.attrib["width"])
    return found


def test_bars_are_as_long_as_the_sums() -> None:
    cost = reckoned()
    own, dublin, _ = bars(ET.fromstring(draw(cost))).values()
    assert set(own) == {part.value for part in Part}
    wide = {share.name: share.sum.amount for share in cost.parts}
    assert (own["machine"] + 1.5) / (own["traffic"] + 1.5) == pytest.approx(
        float(wide["machine"] / wide["traffic"]), 0.01
    )
    assert sum(dublin.values()) > sum(own.values())


def test_nothing_is_loaded_and_both_themes_are_there() -> None:
    text = draw(reckoned())
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text


def test_what_is_not_known_is_said_in_the_chart() -> None:
    whole, part = draw(reckoned()), draw(reckoned(changed((" price: 40 USD/month,", ""))))
    assert "this fortress: 97 EUR" in whole
    assert "this fortress: at least 77 EUR" in part
    assert "not in it: machine of 1 in 5 hosts" in part


def test_no_prices_at_all_is_a_chart_too() -> None:
    nothing = changed()
    for price in (" price: 40 USD/month,", " price: 0.1 USD/hour,", ", price: 10 EUR/month", " t3.small"):
        nothing = nothing.replace(price, " tiny" if "small" in price else "")
    assert "at least" in draw(reckoned(nothing))
