"""``explain``: what a rule is for, or which rules there are."""

from __future__ import annotations

from dataclasses import dataclass

from festning.errors import UsageError
from festning.model.finding import Severity
from festning.model.resolve import did_you_mean
from festning.policy.explanation import Explanation, explanations
from festning.policy.rules import ABOUT_WAIVERS, RULES


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule in the list of all."""

    name: str
    severity: Severity
    summary: str


def rules() -> tuple[Listed, ...]:
    """Every rule, in the order in which they judge."""
    return (
        *(Listed(rule.name, rule.severity, rule.summary) for rule in RULES),
        *(Listed(name, severity, summary) for name, severity, summary in ABOUT_WAIVERS),
    )


def explain(name: str) -> tuple[Listed, Explanation]:
    """A rule with its explanation; raises :class:`UsageError` for a name that no rule has."""
    known = {rule.name: rule for rule in rules()}
    if name not in known:
        raise UsageError(
            f"there is no rule {name!r}", hint=did_you_mean(name, known) or "festning explain lists them all"
        )
    return known[name], explanations(name.partition(".")[0])[name]
