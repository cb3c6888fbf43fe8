"""``cost``: what a fortress costs a month, the same all in one cloud, and what leaving each vendor takes.

Touches no host and no network: prices are the file's own, libcloud's bundled ones, and what festning has published.
"""

from __future__ import annotations

from pathlib import Path

from festning.errors import BadFileError, Problem, UsageError
from festning.model.cost import Cost
from festning.model.document import dotted
from festning.model.load import load_with_places
from festning.money.assumed import Assumed
from festning.money.basis import Basis
from festning.money.chart import draw
from festning.money.exchange import exchange, without_rate
from festning.money.libcloud_prices import size_lists
from festning.money.place import Prices
from festning.money.published import published
from festning.money.reckoning import cost_of


def cost(file: Path) -> Cost:
    """What the fortress of a file costs; raises ``BadFileError`` for a price whose currency has no rate."""
    fortress, document = load_with_places(file)
    known = published()
    rates = exchange(fortress.accounting, known)
    problems = [
        Problem(str(file), *document.position(wrong.path), dotted(wrong.path), *wrong.words())
        for wrong in without_rate(fortress, rates)
    ]
    if problems:
        raise BadFileError(problems)
    return cost_of(fortress, Basis(Prices(size_lists(known), known), rates, Assumed()))


def write_chart(found: Cost, file: Path) -> None:
    """Draw it into a file. Raises :class:`UsageError` where that cannot be written."""
    try:
        file.write_text(draw(found), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the chart cannot be written: {file}: {error.strerror}",
            hint="name a file in a folder that may be written to",
        ) from None
