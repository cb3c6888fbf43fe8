"""How findings look: errors, warnings, then what is waived; each with its place, its reason and its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from festning.cli.screen import Screen
from festning.model.finding import Finding
from festning.workflows.judging import Judged, PlacedFinding

STYLES = {"error": "bold red", "warning": "yellow", "waived": "cyan"}
_PLURAL = {"error": "errors", "warning": "warnings", "waived": "waived"}


def show(screen: Screen, judged: Judged) -> None:
    """Every finding: those that stop first, those that are waived last."""
    in_file_order = sorted(judged.findings, key=lambda placed: (placed.line, placed.column))
    for standing in STYLES:
        for placed in in_file_order:
            if standing_of(placed.finding) == standing:
                _show(screen, placed, standing)
                screen.line("")


def _show(screen: Screen, placed: PlacedFinding, standing: str) -> None:
    finding = placed.finding
    screen.place(
        f"{placed.file}:{placed.line}:{placed.column}: {standing}: {finding.key_path}  [{finding.rule}]",
        STYLES[standing],
    )
    screen.indented(finding.message)
    if finding.waiver is not None:
        screen.indented(f"waived until {finding.waiver.until}: {finding.waiver.reason}", "cyan")
    else:
        screen.indented(f"fix: {finding.fix}")
    screen.indented(f"more: festning explain {finding.rule}", "dim")


def show_verdict(screen: Screen, judged: Judged) -> None:
    """The last line: how large the fortress is, and how much was found."""
    fortress = judged.fortress
    size = f"{fortress.name}: {len(fortress.hosts)} hosts, {len(fortress.services)} services"
    found = tally(placed.finding for placed in judged.findings) or "nothing found"
    screen.line(f"{size}; {found}", "bold red" if judged.stops else "bold green")


def tally(findings: Iterable[Finding]) -> str:
    """How many of each standing, such as ``1 error, 2 waived``."""
    counts = Counter(standing_of(finding) for finding in findings)
    return ", ".join(
        f"{counts[standing]} {standing if counts[standing] == 1 else _PLURAL[standing]}"
        for standing in STYLES
        if counts[standing]
    )


def show_briefly(screen: Screen, findings: Iterable[Finding]) -> None:
    """One line for each finding, for a verb whose result is something else."""
    for finding in findings:
        standing = standing_of(finding)
        told = f"until {finding.waiver.until}: {finding.waiver.reason}" if finding.waiver else finding.message
        screen.place(f"{standing}: {finding.rule} at {finding.key_path}: {told}", STYLES[standing])


def standing_of(finding: Finding) -> str:
    """``error``, ``warning``, or ``waived`` whatever its severity."""
    return finding.severity.value if finding.waiver is None else "waived"


def document(judged: Judged) -> dict[str, Any]:
    """The findings as ``check --json`` prints them."""
    return {
        "fortress": judged.fortress.name,
        "verdict": "fail" if judged.stops else "pass",
        "findings": [
            {
                **finding_document(placed.finding),
                "file": placed.file,
                "line": placed.line,
                "column": placed.column,
            }
            for placed in judged.findings
        ],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding, for programs."""
    waiver = finding.waiver
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.key_path,
        "message": finding.message,
        "fix": finding.fix,
        "waived": {"reason": waiver.reason, "until": waiver.until.isoformat()} if waiver is not None else None,
    }
