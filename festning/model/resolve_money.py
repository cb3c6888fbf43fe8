"""The declared money, resolved: every price with its source and day, or what contradicts itself in them.

Knows what depends on more than one key; leaves single values to ``declared``, and whether there is a rate or a price
for everything to ``money``: a fortress without prices is a fortress.
"""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.contradiction import Contradiction
from festning.model.declared import FortressFile, SiteEntry, parse_size
from festning.model.money import Accounting, SitePrices, Source

OWN = "fortress.yaml"
"""The source of what the file says without naming one."""


def site_prices(site: SiteEntry) -> SitePrices | None:
    """What a site's provider takes, as declared."""
    prices = site.prices
    if prices is None:
        return None
    return SitePrices(
        source=Source(_source(prices.source), prices.date),
        traffic=prices.traffic,
        disk=prices.disk,
        address=prices.address,
        included=parse_size(prices.included) if prices.included is not None else 0,
    )


def accounting(declared: FortressFile) -> Accounting:
    """How money is told, as declared."""
    entry = declared.accounting
    return Accounting(
        currency=entry.currency,
        rates=tuple((currency, amount) for currency, (amount, _) in entry.rates.items()),
        rates_source=Source(_source(entry.source), entry.date) if entry.date is not None else None,
        data=parse_size(entry.data) if entry.data is not None else None,
    )


def money_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    """Prices and rates without a day, and rates into another currency than that of the sums."""
    yield from _undated_prices(declared)
    entry = declared.accounting
    if entry.rates and entry.date is None:
        yield Contradiction(
            ("accounting", "rates"), "these rates have no day", expected="date: the day on which they were so"
        )
    for currency, (_, into) in entry.rates.items():
        if into != entry.currency:
            yield Contradiction(
                ("accounting", "rates", currency),
                f"it is told in {into}, and the sums are in {entry.currency}",
                expected=f"what one {currency} is in {entry.currency}",
            )


def _undated_prices(declared: FortressFile) -> Iterator[Contradiction]:
    for name, host in declared.hosts.items():
        site = declared.sites.get(host.site)
        if host.price is not None and site is not None and site.prices is None:
            yield Contradiction(
                ("hosts", name, "price"),
                "this price has no day",
                expected=f"prices: {{date: …}} at the site {host.site}",
                hint="say when it was so, and with source: who says it",
            )


def _source(name: str | None) -> str:
    return OWN if name is None else f"{name} ({OWN})"
