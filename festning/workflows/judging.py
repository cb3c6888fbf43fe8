"""``check``, and the judgement before every other verb: the schema and the policy, without touching a host.

Findings are errors, warnings, or waived; an error that is not waived stops every verb that would act on the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from festning.errors import BadFileError, Problem
from festning.model.document import Document, read_document
from festning.model.finding import Finding
from festning.model.fortress import Fortress
from festning.model.load import load_with_places, parse_fortress
from festning.policy.losses import Loss
from festning.policy.rule import Case
from festning.policy.rules import judge, judge_case


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding with where it is in the file (line and column from 1)."""

    finding: Finding
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A fortress, what the rules find in it, and what each loss would cost it."""

    fortress: Fortress
    findings: tuple[PlacedFinding, ...]
    losses: tuple[Loss, ...]

    @property
    def stops(self) -> bool:
        """Whether an error is found that no waiver covers."""
        return any(placed.finding.stops for placed in self.findings)


def check(file: Path, today: date) -> Judged:
    """The fortress of a file, judged on a day; raises ``BadFileError`` for what is no fortress."""
    fortress, document = load_with_places(file)
    case = Case(fortress, today)
    findings = judge_case(case, _names_of(fortress))
    return Judged(fortress, _placed(document, file, findings), case.losses)


def load_judged(file: Path, today: date) -> Fortress:
    """The fortress of a file, when nothing in it stops; raises ``BadFileError`` with every error that does."""
    return _unless_stopped(*load_with_places(file), file, today)


def judge_text(text: str, file: Path, today: date) -> Fortress:
    """The fortress of a text that is to be the file's, when nothing in it stops; raises as :func:`load_judged` does."""
    fortress = parse_fortress(text, str(file), file.resolve().parent)
    return _unless_stopped(fortress, read_document(text, str(file)), file, today)


def _unless_stopped(fortress: Fortress, document: Document, file: Path, today: date) -> Fortress:
    errors = _placed(document, file, [finding for finding in findings_of(fortress, today) if finding.stops])
    if errors:
        raise BadFileError([_problem(placed) for placed in errors])
    return fortress


def findings_of(fortress: Fortress, today: date) -> tuple[Finding, ...]:
    """What the rules find in a fortress on a day, without places."""
    return judge(fortress, today, _names_of(fortress))


def _names_of(fortress: Fortress) -> Callable[[], frozenset[str]]:
    return cache(lambda: check_names(fortress))


def check_names(fortress: Fortress) -> frozenset[str]:
    """The identities of the checks that ``verify`` runs on a fortress: what a waiver may name besides rules."""
    from festning.workflows.verifying import collect_checks  # noqa: PLC0415 (only a waiver of a check needs all systems)

    return frozenset(spec.id for spec in collect_checks(fortress, "", str))


def _placed(document: Document, file: Path, findings: Iterable[Finding]) -> tuple[PlacedFinding, ...]:
    return tuple(PlacedFinding(finding, str(file), *document.position_of(finding.key_path)) for finding in findings)


def _problem(placed: PlacedFinding) -> Problem:
    finding = placed.finding
    return Problem(
        placed.file,
        placed.line,
        placed.column,
        finding.key_path,
        f"{finding.message} [{finding.rule}]",
        hint=f"{finding.fix}; more: festning explain {finding.rule}",
    )
