"""Waivers: what is knowingly not met, why, and until when. They cover findings, and are judged themselves.

A finding of these rules cannot be waived. Which checks of ``verify`` there are is told from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches

from festning.model.finding import Finding
from festning.model.fortress import Waiver
from festning.policy.rule import Fault

EXPIRED = "waivers.expired"
UNKNOWN = "waivers.unknown"
UNUSED = "waivers.unused"


@dataclass(frozen=True, slots=True)
class Known:
    """What a waiver may name: rules, and the checks of verify (asked only for a name that is no rule)."""

    rules: frozenset[str]
    checks: Callable[[], frozenset[str]]


def cover(findings: Iterable[Finding], waivers: Iterable[Waiver], today: date) -> tuple[Finding, ...]:
    """The findings, each with the waiver that covers it today."""
    valid = [waiver for waiver in waivers if waiver.until >= today]
    return tuple(replace(finding, waiver=_covering(finding, valid)) for finding in findings)


def expired(waivers: tuple[Waiver, ...], today: date) -> Iterator[Fault]:
    """What was accepted until a day is not accepted after it."""
    for index, waiver in enumerate(waivers):
        if waiver.until < today:
            yield Fault(
                f"waivers.{index}.until",
                f"the waiver of {waiver.rule} ended on {waiver.until}: {waiver.reason}",
                "meet the rule and take the waiver out; or decide anew, with a reason and a date that hold today",
            )


def unknown(waivers: tuple[Waiver, ...], known: Known) -> Iterator[Fault]:
    """A waiver with a slip in its name waives nothing."""
    for index, waiver in enumerate(waivers):
        if waiver.rule in known.rules or waiver.rule in known.checks():
            continue
        near = get_close_matches(waiver.rule, sorted(known.rules | known.checks()), n=1)
        yield Fault(
            f"waivers.{index}.rule",
            f"there is no rule or check {waiver.rule!r}",
            f"did you mean {near[0]}?" if near else "festning explain lists the rules, festning verify the checks",
        )


def unused(waivers: tuple[Waiver, ...], findings: Iterable[Finding], known: Known, today: date) -> Iterator[Fault]:
    """A waiver of what is met hides the day on which it no longer is. Checks are known only to ``verify``."""
    used = {finding.waiver for finding in findings}
    for index, waiver in enumerate(waivers):
        if waiver.rule in known.rules and waiver.until >= today and waiver not in used:
            where = f" at {waiver.path}" if waiver.path else ""
            yield Fault(
                f"waivers.{index}", f"{waiver.rule} finds nothing{where} that could be waived", "take the waiver out"
            )


def _covering(finding: Finding, valid: Iterable[Waiver]) -> Waiver | None:
    for waiver in valid:
        if waiver.rule == finding.rule and _is_at(finding.key_path, waiver.path):
            return waiver
    return None


def _is_at(key_path: str, path: str | None) -> bool:
    return path is None or key_path == path or key_path.startswith(f"{path}.")
