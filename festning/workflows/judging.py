"""``check``: the schema and the policy, without touching a host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from festning.errors import BadFileError, Problem
from festning.model.finding import Finding, Severity
from festning.model.fortress import Fortress
from festning.model.load import load_fortress, position_of
from festning.policy.rules import judge


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding with where it is in the file (line and column from 1)."""

    finding: Finding
    file: str
    line: int
    column: int


def check(file: Path) -> tuple[Fortress, tuple[PlacedFinding, ...]]:
    """The fortress of a file and what the rules find in it; raises ``BadFileError`` for what is no fortress."""
    fortress = load_fortress(file)
    findings = judge(fortress)
    text = file.read_text() if findings else ""
    return fortress, tuple(
        PlacedFinding(finding, str(file), *position_of(text, str(file), finding.key_path)) for finding in findings
    )


def load_judged(file: Path) -> Fortress:
    """The fortress of a file, when no rule finds an error in it; raises ``BadFileError`` otherwise."""
    fortress, findings = check(file)
    errors = [placed for placed in findings if placed.finding.severity is Severity.ERROR]
    if errors:
        raise BadFileError(
            [
                Problem(
                    placed.file,
                    placed.line,
                    placed.column,
                    placed.finding.key_path,
                    f"{placed.finding.message} [{placed.finding.rule}]",
                    hint=placed.finding.fix,
                )
                for placed in errors
            ]
        )
    return fortress
