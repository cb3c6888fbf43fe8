"""What a fortress costs: every sum down to the single price, with where it is from and the day on which it was so.

``festning cost --json`` prints ``Cost.document()``, whose keys stay as they are. Amounts are decimals in the currency
of the report, as text, so that no reader makes them binary. What is not known is ``null`` and named under ``unknown``;
a sum that lacks it is ``"at_least": true``. How the numbers come about is ``money``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from festning.model.fortress import Role
from festning.model.money import Price, Source

CENT = Decimal("0.01")


class Part(StrEnum):
    """What money is paid for. A machine whose price is declared includes its disk and its address."""

    MACHINE = "machine"
    DISK = "disk"
    ADDRESS = "address"
    TRAFFIC = "traffic"


@dataclass(frozen=True, slots=True)
class Quote:
    """A price, and who says it."""

    price: Price
    source: Source


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something without which a sum is not whole: what, and the key of the file that would say it (dotted)."""

    path: str
    what: str
    hint: str = ""

    def document(self) -> dict[str, Any]:
        return {"path": self.path, "what": self.what, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount; ``missing`` are the parts that are not in it, because nobody knows what they cost."""

    amount: Decimal = Decimal(0)
    missing: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.amount + other.amount, self.missing + other.missing)

    @property
    def at_least(self) -> bool:
        return self.missing > 0

    def document(self) -> dict[str, Any]:
        return {"amount": str(self.amount.quantize(CENT)), "at_least": self.at_least, "missing": self.missing}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One part of the equal hosts of one entry of the file, for a month.

    ``quantity`` is what each host takes of the quoted unit: hours, months or GiB. ``monthly`` is what all of them cost
    together, and ``None`` exactly when something about it is ``unknown``.
    """

    entry: str
    role: Role
    count: int
    site: str
    operator: str
    part: Part
    size: str | None = None
    quantity: Decimal | None = None
    quote: Quote | None = None
    monthly: Decimal | None = None
    unknown: Unknown | None = None

    @property
    def sum(self) -> Sum:
        return Sum(missing=1) if self.monthly is None else Sum(self.monthly)

    def document(self) -> dict[str, Any]:
        quote = self.quote
        return {
            "entry": self.entry,
            "role": self.role.value,
            "count": self.count,
            "site": self.site,
            "operator": self.operator,
            "part": self.part.value,
            "size": self.size,
            "quantity": None if self.quantity is None else str(self.quantity),
            "price": None if quote is None else str(quote.price),
            "source": None if quote is None else quote.source.name,
            "day": None if quote is None else quote.source.day.isoformat(),
            "monthly": None if self.monthly is None else str(self.monthly.quantize(CENT)),
        }


def total(lines: Iterable[Line]) -> Sum:
    """What lines come to."""
    return sum((line.sum for line in lines), Sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """All hosts of the fortress in one cloud. ``admitted``: whether the residency rule lets personal data be there.

    ``theirs`` and ``ours`` are like for like: without what is unknown on either side, which is
    ``left_out`` (``disk``, or ``machine of core1, core2`` where it is not so for all).
    """

    name: str
    country: str
    operator: str
    jurisdiction: str
    admitted: bool
    lines: tuple[Line, ...]
    ours: Decimal
    theirs: Decimal
    left_out: tuple[str, ...]

    @property
    def total(self) -> Sum:
        return total(self.lines)

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "country": self.country,
            "operator": self.operator,
            "jurisdiction": self.jurisdiction,
            "residency_admits": self.admitted,
            "total": self.total.document(),
            "like_for_like": {
                "this_fortress": str(self.ours.quantize(CENT)),
                "alternative": str(self.theirs.quantize(CENT)),
                "left_out": list(self.left_out),
            },
            "lines": [line.document() for line in self.lines],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What it takes to leave an operator, once. ``hosts`` are replaced elsewhere, ``moving`` bytes go out.

    ``hours`` of work in which both run, and then until names point to the new ones: ``double`` is what the operator's
    hosts cost in all of them, ``egress`` what the data costs that goes out. ``hours`` is ``None`` when it is not known
    how much data there is.
    """

    operator: str
    sites: tuple[str, ...]
    hosts: int
    moving: int | None
    work: Decimal | None
    hours: Decimal | None
    double: Sum
    egress: Sum
    unknown: tuple[Unknown, ...] = ()

    @property
    def total(self) -> Sum:
        return self.double + self.egress

    def document(self) -> dict[str, Any]:
        return {
            "operator": self.operator,
            "sites": list(self.sites),
            "hosts": self.hosts,
            "bytes_out": self.moving,
            "hours_of_work": None if self.work is None else str(self.work.quantize(CENT)),
            "hours_of_both": None if self.hours is None else str(self.hours.quantize(CENT)),
            "running_both": self.double.document(),
            "egress": self.egress.document(),
            "total": self.total.document(),
        }


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is in the currency of the report."""

    currency: str
    rate: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the whole that a site, an operator or a part of the hosts takes."""

    name: str
    sum: Sum

    def document(self) -> dict[str, Any]:
        return {"name": self.name, **self.sum.document()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a fortress costs a month, what it would cost elsewhere, and what leaving takes."""

    fortress: str
    currency: str
    lines: tuple[Line, ...]
    sites: tuple[Share, ...]
    operators: tuple[Share, ...]
    parts: tuple[Share, ...]
    alternatives: tuple[Alternative, ...]
    leavings: tuple[Leaving, ...]
    unknown: tuple[Unknown, ...]
    assumptions: tuple[str, ...]
    rates: tuple[Rate, ...]
    sources: tuple[Source, ...]

    @property
    def total(self) -> Sum:
        return total(self.lines)

    def document(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "fortress": self.fortress,
            "currency": self.currency,
            "monthly": {
                "total": self.total.document(),
                "sites": [share.document() for share in self.sites],
                "operators": [share.document() for share in self.operators],
                "parts": [share.document() for share in self.parts],
                "lines": [line.document() for line in self.lines],
            },
            "alternatives": [one.document() for one in self.alternatives],
            "leaving": [one.document() for one in self.leavings],
            "unknown": [one.document() for one in self.unknown],
            "assumptions": list(self.assumptions),
            "rates": [
                {"currency": one.currency, "rate": f"{one.rate:.8g}", **_source(one.source)} for one in self.rates
            ],
            "sources": [_source(one) for one in self.sources],
        }


def _source(source: Source) -> dict[str, str]:
    return {"source": source.name, "day": source.day.isoformat()}
