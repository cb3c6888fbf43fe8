"""Turns money of any currency into that of the report, by declared or published rates; says where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from festning.model.contradiction import Contradiction
from festning.model.cost import Rate
from festning.model.document import KeyPath
from festning.model.fortress import Fortress, Site
from festning.model.money import Accounting, Price
from festning.model.resolve import did_you_mean
from festning.money.published import Published


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one unit of each known currency is in ``currency``, which itself is always known."""

    currency: str
    rates: Mapping[str, Rate]

    def knows(self, currency: str) -> bool:
        return currency == self.currency or currency in self.rates

    def worth(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the currency of the report; raises ``KeyError`` where there is no rate."""
        return amount if currency == self.currency else amount * self.rates[currency].rate


def exchange(accounting: Accounting, published: Published) -> Exchange:
    """The rates that hold: the declared ones, and for all other currencies the published ones."""
    currency, per_euro = accounting.currency, published.per_euro
    rates: dict[str, Rate] = {}
    if currency in per_euro:
        for code, per in per_euro.items():
            rates[code] = Rate(code, per_euro[currency] / per, published.rates_source)
    if accounting.rates_source is not None:
        for code, amount in accounting.rates:
            rates[code] = Rate(code, amount, accounting.rates_source)
    return Exchange(currency, rates)


def without_rate(fortress: Fortress, exchange: Exchange) -> Iterator[Contradiction]:
    """Every price in the file whose currency has no rate, and a currency of the report that nothing leads to."""
    if not exchange.knows("USD"):
        yield _no_rate(("accounting", "currency"), "USD", exchange, exchange.currency)
    for path, price in _declared(fortress):
        if not exchange.knows(price.currency):
            yield _no_rate(path, price.currency, exchange, price.currency)


def _no_rate(path: KeyPath, currency: str, exchange: Exchange, odd: str) -> Contradiction:
    declare = f"accounting: {{date: …, rates: {{{currency}: … {exchange.currency}}}}}"
    return Contradiction(
        path,
        f"there is no rate from {currency} to {exchange.currency}",
        expected=f"a currency of the European Central Bank's list, or {declare}",
        hint=did_you_mean(odd, exchange.rates),
    )


def _declared(fortress: Fortress) -> Iterator[tuple[KeyPath, Price]]:
    entries = {host.entry: host.price for host in fortress.hosts if host.price is not None}
    for entry, price in entries.items():
        yield ("hosts", entry, "price"), price
    for site in fortress.sites:
        yield from _declared_at(site)


def _declared_at(site: Site) -> Iterator[tuple[KeyPath, Price]]:
    if site.prices is None:
        return
    found = {"traffic": site.prices.traffic, "disk": site.prices.disk, "address": site.prices.address}
    for key, price in found.items():
        if price is not None:
            yield ("sites", site.name, "prices", key), price
