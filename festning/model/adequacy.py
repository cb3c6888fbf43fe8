"""The European Commission's adequacy decisions, from ``adequacy.toml``: data with a date, not code.

Knows how to read them; what follows from them is ``policy``'s. They are read only when something asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

ADEQUATE = "ADEQUATE"
"""The group of all countries with a decision that has no condition."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision under GDPR, Article 45 (or Directive 95/46/EC, Article 25(6), still in force).

    ``condition`` says for whom alone it holds; ``ends`` is when it expires, if it does.
    """

    country: str
    name: str
    number: str
    adopted: date
    condition: str = ""
    ends: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Adequacy:
    """All decisions, by country code, and the day on which the list was compared with its sources."""

    as_of: date
    decisions: dict[str, Decision]


@cache
def adequacy() -> Adequacy:
    """The decisions that festning knows."""
    import tomllib  # noqa: PLC0415 (few fortresses name a country outside the EEA)

    document = tomllib.loads(files("festning.model").joinpath("adequacy.toml").read_text(encoding="utf-8"))
    decisions = (Decision(**entry) for entry in document["decision"])
    return Adequacy(document["as_of"], {decision.country: decision for decision in decisions})


def unconditional() -> frozenset[str]:
    """The countries whose protection is found adequate whoever receives the data there."""
    return frozenset(decision.country for decision in adequacy().decisions.values() if not decision.condition)
