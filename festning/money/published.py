"""Published prices and exchange rates, from ``published.toml``: data with a source and a day in each row, not code.

Knows how to read them; what follows from them is for the others in this room. Amounts stay text until they are decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from festning.model.cost import Part, Quote
from festning.model.money import Per, Source, parse_price


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a provider takes for a part, in some regions; in all when there are none."""

    provider: str
    part: Part
    regions: tuple[str, ...]
    quote: Quote


@dataclass(frozen=True, slots=True)
class Rung:
    """Sizes with that much memory (GiB), the one that is looked at first in front."""

    memory: int
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider sells: what it bills apart from machines, and its usual sizes by memory.

    ``processors`` are those of sizes whose price is made of processors and memory.
    """

    name: str
    title: str
    apart: frozenset[Part]
    ladder: tuple[Rung, ...] = ()
    processors: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cloud:
    """A region that every fortress is compared with."""

    provider: str
    region: str
    country: str
    operator: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Published:
    """Everything in the file. ``per_euro`` says what a euro is in each currency."""

    per_euro: Mapping[str, Decimal]
    rates_source: Source
    tariffs: tuple[Tariff, ...]
    providers: Mapping[str, Provider]
    clouds: tuple[Cloud, ...]

    def tariffs_at(self, provider: str, region: str | None) -> dict[Part, Quote]:
        """What a provider takes in a region besides machines, as far as it is known."""
        return {
            tariff.part: tariff.quote
            for tariff in self.tariffs
            if tariff.provider == provider and (not tariff.regions or region in tariff.regions)
        }


@cache
def published() -> Published:
    """What festning knows."""
    import tomllib  # noqa: PLC0415 (only one verb needs it)

    document = tomllib.loads(files("festning.money").joinpath("published.toml").read_text(encoding="utf-8"))
    exchange = document["exchange"]
    providers = (_provider(entry) for entry in document["provider"])
    return Published(
        per_euro={"EUR": Decimal(1), **{code: Decimal(amount) for code, amount in exchange["per_euro"].items()}},
        rates_source=Source(exchange["source"], exchange["day"]),
        tariffs=tuple(_tariff(entry) for entry in document["tariff"]),
        providers={provider.name: provider for provider in providers},
        clouds=tuple(Cloud(**entry) for entry in document["cloud"]),
    )


def _tariff(entry: Mapping[str, Any]) -> Tariff:
    quote = Quote(parse_price(entry["price"], *Per), Source(entry["source"], entry["day"]))
    return Tariff(entry["provider"], Part(entry["part"]), tuple(entry.get("regions", ())), quote)


def _provider(entry: Mapping[str, Any]) -> Provider:
    return Provider(
        name=entry["name"],
        title=entry["title"],
        apart=frozenset(Part(part) for part in entry["apart"]),
        ladder=tuple(Rung(rung["memory"], tuple(rung["sizes"])) for rung in entry.get("ladder", ())),
        processors={size: Decimal(number) for size, number in entry.get("processors", {}).items()},
    )
