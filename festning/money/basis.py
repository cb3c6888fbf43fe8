"""What all reckoning rests on: prices, rates and assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from festning.money.assumed import Assumed
from festning.money.exchange import Exchange
from festning.money.place import Prices


@dataclass(frozen=True, slots=True)
class Basis:
    """The three of them. Every currency of the prices has a rate."""

    prices: Prices
    exchange: Exchange
    assumed: Assumed
