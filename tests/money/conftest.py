"""Fortresses with prices, and price lists by hand: so that every figure can be reckoned on paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from festning.model.cost import Cost
from festning.model.fortress import Fortress
from festning.model.load import parse_fortress
from festning.model.money import Source
from festning.money.assumed import Assumed
from festning.money.basis import Basis
from festning.money.exchange import exchange
from festning.money.place import Prices
from festning.money.published import published
from festning.money.reckoning import cost_of
from festning.money.sizes import SizeList
from tests.conftest import EXAMPLE

DAY = date(2026, 11, 1)
LIST = Source("a list", date(2026, 6, 1))


def size_list(**regions: dict[str, str]) -> SizeList:
    """A list of sizes (``t3_small`` is ``t3.small``) with dollars an hour in regions (``a_1`` is ``a-1``)."""
    prices = {
        size.replace("_", "."): {region: Decimal(amount) for region, amount in by_region.items()}
        for size, by_region in regions.items()
    }
    known = frozenset(region for by_region in prices.values() for region in by_region)
    return SizeList("EC2", LIST, prices, known)


EC2 = size_list(
    t3_micro={"eu-west-1": "0.01", "eu-north-1": "0.01"},
    t3_small={"eu-west-1": "0.02", "eu-north-1": "0.02", "us-east-1": "0.02"},
    t3_large={"eu-north-1": "0.10"},
    t3a_large={"eu-west-1": "0.08"},
)
PRICES = Prices({"ec2": EC2}, published())

TEXT = """\
fortress: f
domain: f.example
residency: {personal: {countries: [NO], operators: [NO]}}
sites:
  oslo:
    provider: static
    country: NO
    operator: {name: Oslo, jurisdiction: NO}
    prices: {date: 2026-11-01, traffic: 0.01 USD/GiB, included: 100GiB}
  bergen:
    provider: static
    country: NO
    operator: {name: Bergen, jurisdiction: NO}
    prices: {date: 2026-11-01, traffic: 0 EUR/GiB}
  dublin:
    provider: ec2
    region: eu-west-1
    country: IE
    operator: {name: Amazon, jurisdiction: US}
    prices: {date: 2026-11-01, traffic: 0.1 USD/GiB, disk: 0.05 USD/GiB}
hosts:
  core1: {site: oslo, role: core, address: 203.0.113.11, price: 40 USD/month, traffic: 300GiB}
  core2: {site: oslo, role: core, address: 203.0.113.12, price: 0.1 USD/hour, traffic: 50GiB}
  arbiter: {site: bergen, role: arbiter, address: 198.51.100.5, price: 10 EUR/month}
  edge: {site: dublin, role: edge, count: 2, size: t3.small, disk: 20GiB, traffic: 100GiB}
database: {memory: 4GiB}
accounting: {date: 2026-11-01, rates: {USD: 0.5 EUR}, data: 9GiB}
admin: {from: [192.0.2.0/24]}
"""
"""Two dollars are a euro."""


def changed(*changes: tuple[str, str]) -> str:
    """The text with parts of it changed, each of which must be there once."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def fortress(text: str) -> Fortress:
    return parse_fortress(text, "fortress.yaml", EXAMPLE)


def reckoned(text: str = TEXT, prices: Prices = PRICES) -> Cost:
    declared = fortress(text)
    return cost_of(declared, Basis(prices, exchange(declared.accounting, prices.published), Assumed()))
