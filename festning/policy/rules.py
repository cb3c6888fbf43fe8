"""All rules, and how they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from festning.model.finding import Finding
from festning.model.fortress import Fortress
from festning.policy.quorum import no_majority, single_core

Rule = Callable[[Fortress], Iterable[Finding]]

RULES: tuple[Rule, ...] = (single_core, no_majority)


def judge(fortress: Fortress) -> tuple[Finding, ...]:
    """What every rule finds in the fortress, in the order of the rules."""
    return tuple(finding for rule in RULES for finding in rule(fortress))
