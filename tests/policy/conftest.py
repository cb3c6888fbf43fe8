"""Fortresses to judge: the base that every rule is content with, and changes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from festning.model.finding import Finding
from festning.model.fortress import Fortress
from festning.model.load import parse_fortress
from festning.policy.rules import judge
from festning.workflows.judging import check_names
from tests.conftest import EXAMPLE

FORTRESSES = Path(__file__).parent / "fortresses"
BASE = (FORTRESSES / "base.yaml").read_text()
TODAY = date(2026, 11, 22)


def changed(*changes: tuple[str, str]) -> str:
    """The base with lines of it changed, each of which must be there once."""
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def fortress(text: str) -> Fortress:
    return parse_fortress(text, "fortress.yaml", EXAMPLE)


def findings(text: str, today: date = TODAY) -> tuple[Finding, ...]:
    declared = fortress(text)
    return judge(declared, today, lambda: check_names(declared))
