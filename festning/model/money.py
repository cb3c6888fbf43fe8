"""Prices as they are declared: an amount, its currency, and what it is for.

Knows how a price is written and what is too odd to be one. Where prices come from besides the file, what they add up
to and at which rate they are exchanged is ``money``'s. Amounts are decimal from the first character to the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

HOURS_A_MONTH = 730
"""What clouds take for a month: a twelfth of the 8760 hours of a year."""

_PRICE = re.compile(r"(-?)([0-9]{1,12}(?:\.[0-9]{1,9})?) ([A-Z]{3})/(hour|month|GiB)", re.ASCII)
_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ([A-Z]{3})", re.ASCII)


class Per(StrEnum):
    """What a price is for. ``GIB`` is a GiB that leaves or, of a disk, a GiB for a month."""

    HOUR = "hour"
    MONTH = "month"
    GIB = "GiB"


MOST = {Per.HOUR: Decimal(1_000_000), Per.MONTH: Decimal(100_000_000), Per.GIB: Decimal(100_000)}
"""More is a slip of the pen in every currency that there is a rate for."""


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of a currency (ISO 4217) for an hour, a month or a GiB."""

    amount: Decimal
    currency: str
    per: Per

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}/{self.per.value}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from, and the day on which it was so."""

    name: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePrices:
    """What a site's provider takes besides the machines. What is ``None`` was not declared.

    ``included`` are the bytes that may leave each host in a month before they cost anything.
    """

    source: Source
    traffic: Price | None = None
    disk: Price | None = None
    address: Price | None = None
    included: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """How the fortress's money is told: the currency of all sums, and the declared rates.

    ``rates`` say what one unit of a currency is in that currency. ``data`` is how much data the cores hold, in bytes.
    """

    currency: str = "EUR"
    rates: tuple[tuple[str, Decimal], ...] = ()
    rates_source: Source | None = None
    data: int | None = None


EUROS = Accounting()
"""Where the file says nothing: euros, at published rates."""


def parse_price(text: str, *units: Per) -> Price:
    """The price in a text such as ``45 EUR/month``; raises ``ValueError`` for any other, and for other units."""
    match = _PRICE.fullmatch(text)
    if match is None or Per(match[4]) not in units:
        raise ValueError(f"is not an amount with its currency and unit, such as {_example(units)}")
    if match[1]:
        raise ValueError("is negative: nobody is paid for what a machine takes")
    price = Price(Decimal(match[2]), match[3], Per(match[4]))
    if price.amount > MOST[price.per]:
        raise ValueError(f"is more than {MOST[price.per]:,} {price.currency}/{price.per.value}: is a digit too many?")
    return price


def parse_rate(text: str) -> tuple[Decimal, str]:
    """Amount and currency of a text such as ``0.895 EUR``; raises ``ValueError`` for any other."""
    match = _AMOUNT.fullmatch(text)
    if match is None or not Decimal(match[1]):
        raise ValueError("is not what one of it costs, such as 0.895 EUR")
    return Decimal(match[1]), match[2]


def _example(units: tuple[Per, ...]) -> str:
    return " or ".join(
        {Per.MONTH: "45 EUR/month", Per.HOUR: "0.0228 USD/hour", Per.GIB: "0.09 USD/GiB"}[u] for u in units
    )
