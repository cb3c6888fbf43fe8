"""Lists of what a provider's machines cost an hour, by size and region, and what to say when one is not in them.

Where a list comes from is ``libcloud_prices``'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from festning.model.cost import Quote
from festning.model.document import LONGEST_SHOWN
from festning.model.money import Per, Price, Source


@dataclass(frozen=True, slots=True)
class SizeList:
    """US dollars an hour, by size and then by region; a size without a price in a region is not there.

    ``regions`` are all that the list knows, with or without prices.
    """

    title: str
    source: Source
    prices: Mapping[str, Mapping[str, Decimal]]
    regions: frozenset[str]

    def quote(self, size: str, region: str) -> Quote | None:
        """The price of a size in a region, if the list has it."""
        amount = self.prices.get(size, {}).get(region)
        return None if amount is None else Quote(Price(amount, "USD", Per.HOUR), self.source)

    def why_not(self, size: str, region: str) -> tuple[str, str]:
        """What the list lacks for a size in a region, and the nearest that it has."""
        if region not in self.regions:
            return f"no region {region!r} in {self.source.name}", _near(region, self.regions)
        if size not in self.prices:
            return f"no size {size!r} in {self.source.name}", _near(size, self.prices)
        return f"{self.source.name} has no price for {size} in {region}", ""


def _near(word: str, choices: Iterable[str]) -> str:
    if len(word) > LONGEST_SHOWN:
        return ""  # Comparing takes the product of all lengths.
    near = get_close_matches(word, sorted(choices), n=3, cutoff=0.75)
    return f"did you mean {' or '.join(near)}?" if near else ""
