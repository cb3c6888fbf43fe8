"""The shape of a rule: a name, a severity, one line of summary, and a function from a case to faults.

What a rule is for, and what law or failure is behind it, is in ``explanations``: only ``festning explain`` needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from festning.model.finding import Severity
from festning.model.fortress import Data, Fortress, Service
from festning.policy.losses import Loss, losses_of, outcomes, tally


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: a fortress, on a day. ``losses`` is what each loss would cost it."""

    fortress: Fortress
    today: date
    losses: tuple[Loss, ...] = field(init=False)
    down: frozenset[str] = field(init=False)
    """The services that cannot be reached even when nothing is lost."""

    def __post_init__(self) -> None:
        everything = tally(self.fortress, self.fortress.hosts)
        found = outcomes(self.fortress, everything, everything)
        object.__setattr__(self, "losses", losses_of(self.fortress))
        object.__setattr__(self, "down", frozenset(outcome.service for outcome in found if not outcome.reads))

    @property
    def personal(self) -> tuple[Service, ...]:
        """The services with personal data."""
        return tuple(service for service in self.fortress.services if service.data is Data.PERSONAL)

    @property
    def stored(self) -> bool:
        """Whether the database holds personal data."""
        return any(service.database for service in self.personal)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule has against a place in the file, why, and what to do about it."""

    key_path: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. All that it finds has its severity."""

    name: str
    severity: Severity
    summary: str
    judge: Callable[[Case], Iterable[Fault]]
