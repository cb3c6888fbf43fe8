"""How a verification looks: every check with its verdict, and the reasons of those that are no pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from festning.cli.screen import Screen
from festning.model.check import Check, Verdict
from festning.workflows.verifying import Verification


def show(screen: Screen, verification: Verification) -> None:
    """Every check with its verdict; those that are no pass with their reason."""
    if screen.as_json:
        screen.json(document(verification))
        return
    rows = [
        (check.id, check.host, check.verdict.value, _measured(check), check.expected) for check in verification.checks
    ]
    screen.table(f"{verification.fortress}: verified", ("check", "host", "verdict", "measured", "expected"), rows)
    show_reasons(screen, verification.checks)
    show_verdict(screen, verification)


def document(verification: Verification) -> dict[str, Any]:
    """The shape of ``verify --json``; stable."""
    return {
        "fortress": verification.fortress,
        "verdict": verification.verdict.value,
        "checks": [
            {
                "id": check.id,
                "host": check.host,
                "verdict": check.verdict.value,
                "measured": check.measured,
                "unit": check.unit,
                "expected": check.expected,
                "reason": check.reason,
                "evidence": [
                    {
                        "host": one.host,
                        "command": one.command,
                        "at": one.at,
                        "status": one.status,
                        "output": one.output,
                    }
                    for one in check.evidence
                ],
            }
            for check in verification.checks
        ],
    }


def tally(checks: Iterable[Check]) -> str:
    counts = Counter(check.verdict.value for check in checks)
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))


def _measured(check: Check) -> str:
    measured = check.measured
    if measured is None:
        return ""
    text = f"{measured:.3g}" if isinstance(measured, float) else str(measured)
    return f"{text} {check.unit}".rstrip()


def show_reasons(screen: Screen, checks: Sequence[Check]) -> None:
    for check in checks:
        if check.verdict is not Verdict.PASS:
            style = "cyan" if check.verdict is Verdict.WAIVED else "red"
            screen.line(f"{check.verdict.value}: {check.id} on {check.host}: {_measured(check)} {check.reason}", style)


def show_verdict(screen: Screen, verification: Verification) -> None:
    good = verification.verdict is Verdict.PASS
    screen.line(
        f"{verification.fortress}: {verification.verdict.value} ({tally(verification.checks)})",
        "bold green" if good else "bold red",
    )
