"""All of it: from a fortress and prices to what it costs, elsewhere as well, and what leaving takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from festning.model.cost import Alternative, Cost, Leaving, Line, Rate, Share, Unknown, total
from festning.model.fortress import Fortress
from festning.model.money import Source
from festning.money.alternatives import alternatives
from festning.money.basis import Basis
from festning.money.exchange import Exchange
from festning.money.leaving import leavings
from festning.money.lines import groups_of, lines_at_home


def cost_of(fortress: Fortress, basis: Basis) -> Cost:
    """What a fortress costs. Every currency in it must have a rate: see ``exchange.without_rate``."""
    groups = groups_of(fortress.hosts)
    lines = lines_at_home(groups, basis.prices, basis.exchange)
    elsewhere = tuple(alternatives(fortress, groups, lines, basis))
    leaving = tuple(leavings(fortress, lines, basis))
    rates = _rates(chain(lines, *(one.lines for one in elsewhere)), basis.exchange)
    return Cost(
        fortress=fortress.name,
        currency=basis.exchange.currency,
        lines=lines,
        sites=_shares(lines, lambda line: line.site),
        operators=_shares(lines, lambda line: line.operator),
        parts=_shares(lines, lambda line: line.part.value),
        alternatives=elsewhere,
        leavings=leaving,
        unknown=_unknown(lines, leaving),
        assumptions=basis.assumed.sentences(fortress),
        rates=rates,
        sources=_sources(lines, elsewhere, rates),
    )


def _shares(lines: Sequence[Line], of: Callable[[Line], str]) -> tuple[Share, ...]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(of(line), []).append(line)
    return tuple(Share(name, total(those)) for name, those in found.items())


def _unknown(lines: Sequence[Line], leaving: Sequence[Leaving]) -> tuple[Unknown, ...]:
    """Each once: a price that is missing at a site is missing for all of its hosts."""
    of_lines = (line.unknown for line in lines if line.unknown is not None)
    return tuple(dict.fromkeys(chain(of_lines, *(one.unknown for one in leaving))))


def _rates(lines: Iterable[Line], exchange: Exchange) -> tuple[Rate, ...]:
    """Those that were used."""
    used = dict.fromkeys(line.quote.price.currency for line in lines if line.quote is not None)
    return tuple(exchange.rates[currency] for currency in used if currency != exchange.currency)


def _sources(lines: Sequence[Line], elsewhere: Sequence[Alternative], rates: Sequence[Rate]) -> tuple[Source, ...]:
    quoted = (line.quote.source for line in chain(lines, *(one.lines for one in elsewhere)) if line.quote is not None)
    return tuple(dict.fromkeys(chain(quoted, (rate.source for rate in rates))))
