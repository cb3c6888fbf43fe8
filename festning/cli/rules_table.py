"""How rules look: all of them by area, or one with what it looks at, why, its sources, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from festning.cli.findings_table import STYLES
from festning.cli.screen import Screen
from festning.policy.explanation import Explanation
from festning.workflows.explaining import Listed


def show_all(screen: Screen, rules: Sequence[Listed]) -> None:
    """Every rule, with its severity and what holds when it finds nothing."""
    if screen.as_json:
        screen.json(
            {"rules": [{"rule": rule.name, "severity": rule.severity.value, "summary": rule.summary} for rule in rules]}
        )
        return
    rows = [(rule.name, rule.severity.value, rule.summary) for rule in rules]
    screen.table("The rules", ("rule", "severity", "holds when"), rows)
    screen.line("")
    screen.line("festning explain RULE says what each looks at, why, and how to meet it", "dim")


def show(screen: Screen, rule: Listed, explanation: Explanation) -> None:
    """One rule, explained."""
    if screen.as_json:
        screen.json(
            {
                "rule": rule.name,
                "severity": rule.severity.value,
                "summary": rule.summary,
                "what": explanation.what,
                "why": explanation.why,
                "sources": list(explanation.sources),
                "fix": explanation.fix,
            }
        )
        return
    screen.line(f"{rule.name} ({rule.severity.value})", STYLES[rule.severity.value])
    screen.line(f"It holds when {rule.summary}.")
    for title, text in (("What it looks at", explanation.what), ("Why", explanation.why)):
        _part(screen, title, (text,))
    _part(screen, "Behind it", explanation.sources)
    _part(screen, "How to meet it", (explanation.fix,))
    if not rule.name.startswith("waivers."):
        waiver = f"waivers: [{{rule: {rule.name}, reason: WHY, until: YYYY-MM-DD}}]"
        _part(screen, "If it is knowingly not met", (waiver,))


def _part(screen: Screen, title: str, paragraphs: Sequence[str]) -> None:
    screen.line("")
    screen.line(title, "bold")
    for paragraph in paragraphs:
        screen.indented(paragraph, by=2)
