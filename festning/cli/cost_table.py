"""How a cost looks: a month by site and part, all in one cloud, leaving, and what all of it is based on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from festning.cli.losses_table import few
from festning.cli.screen import Screen
from festning.model.cost import Alternative, Cost, Leaving, Line, Part, Sum, Unknown, total

UNKNOWN = "?"
INCLUDED = "included"


def show(screen: Screen, cost: Cost) -> None:
    """The tables, then what is not known, then assumptions and sources."""
    _show_month(screen, cost)
    _show_alternatives(screen, cost)
    _show_leavings(screen, cost)
    _list(screen, "Not known, and in no sum", (_unknown(one) for one in cost.unknown))
    _list(screen, "Assumed", cost.assumptions)
    _list(screen, "Sources", _sources(cost))


def _show_month(screen: Screen, cost: Cost) -> None:
    parts = [part.value for part in Part]
    rows: list[tuple[str, ...]] = []
    for share in cost.sites:
        there = [line for line in cost.lines if line.site == share.name]
        rows += _entry_rows(share.name, there)
    rows.append(("all", "", "", *_cells(cost.lines), money(cost.total)))
    columns = ("site", "hosts", "size", *parts, "a month")
    screen.table(f"What {cost.fortress} costs, in {cost.currency}", columns, rows, numbers=(*parts, "a month"))
    screen.line("")


def _entry_rows(site: str, lines: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """One row for each entry, and one for the site where it has several."""
    entries = list(dict.fromkeys(line.entry for line in lines))
    for at, entry in enumerate(entries):
        its = [line for line in lines if line.entry == entry]
        count = f"{entry} × {its[0].count}" if its[0].count > 1 else entry
        size = next((line.size for line in its if line.size), "")
        yield ("" if at else site, count, size, *_cells(its), money(total(its)))
    if len(entries) > 1:
        yield ("", f"all of {site}", "", *_cells(lines), money(total(lines)))


def _cells(lines: Sequence[Line]) -> Iterator[str]:
    for part in Part:
        its = [line for line in lines if line.part is part]
        yield money(total(its)) if its else INCLUDED


def _show_alternatives(screen: Screen, cost: Cost) -> None:
    if not cost.alternatives:
        return
    here, there = "like for like: here", "there"
    columns = ("all in", "law", "personal data", "sizes", "a month", here, there, "without")
    rows = [_alternative_row(one) for one in cost.alternatives]
    screen.table(f"The same in one cloud, in {cost.currency}", columns, rows, numbers=("a month", here, there))
    screen.line("")


def _alternative_row(one: Alternative) -> tuple[str, ...]:
    sizes = dict.fromkeys(line.size for line in one.lines if line.size)
    return (
        one.name,
        f"{one.country}, {one.jurisdiction}",
        "admitted" if one.admitted else "not admitted",
        few([size for size in sizes if size]),
        money(one.total),
        amount(one.ours),
        amount(one.theirs),
        ", ".join(one.left_out),
    )


def _show_leavings(screen: Screen, cost: Cost) -> None:
    numbers = ("a month", "hosts", "data out", "work", "both run", "running both", "egress", "to leave")
    monthly = {share.name: share.sum for share in cost.operators}
    rows = [_leaving_row(one, monthly[one.operator]) for one in cost.leavings]
    screen.table(f"Leaving a vendor, once, in {cost.currency}", ("vendor", *numbers), rows, numbers=numbers)
    screen.line("")


def _leaving_row(one: Leaving, monthly: Sum) -> tuple[str, ...]:
    return (
        one.operator,
        money(monthly),
        str(one.hosts),
        UNKNOWN if one.moving is None else f"{Decimal(one.moving) / (1 << 30):,.4g} GiB" if one.moving else "none",
        _hours(one.work),
        _hours(one.hours),
        money(one.double),
        money(one.egress),
        money(one.total),
    )


def _hours(hours: Decimal | None) -> str:
    return UNKNOWN if hours is None else f"{hours:.1f} h"


def amount(value: Decimal) -> str:
    return f"{value:,.2f}"


def money(found: Sum) -> str:
    """A sum; with nothing known of it a question mark, and with something missing its lower bound."""
    if not found.at_least:
        return amount(found.amount)
    return f"≥ {amount(found.amount)}" if found.amount else UNKNOWN


def _unknown(one: Unknown) -> str:
    where = f"{one.path}: " if one.path else ""
    return f"{where}{one.what}{f'; {one.hint}' if one.hint else ''}"


def _sources(cost: Cost) -> Iterator[str]:
    for source in cost.sources:
        rates = [rate for rate in cost.rates if rate.source == source]
        told = ", ".join(f"1 {rate.currency} = {rate.rate:.5g} {cost.currency}" for rate in rates)
        yield f"{source.name}, {source.day}{f': {told}' if told else ''}"


def _list(screen: Screen, title: str, items: Iterable[str]) -> None:
    found = list(items)
    if not found:
        return
    screen.line(title, style="italic")
    for item in found:
        screen.indented(item, by=2)
    screen.line("")
