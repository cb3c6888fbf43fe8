"""Global options may stand before or after the verb; what is passed on to a machine is left alone."""

from __future__ import annotations

import pytest

from festning.cli.arguments import globals_first


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("verify --json", "--json verify"),
        ("--lab verify --json", "--lab --json verify"),
        ("plan -f x.yaml --lab", "-f x.yaml --lab plan"),
        ("plan --file=x.yaml", "--file=x.yaml plan"),
        ("render --out --json", "--json render --out"),
        ("--lab lab exec core1 -- ip --json", "--lab lab exec core1 -- ip --json"),
        ("lab ssh core1 ip --json", "lab ssh core1 ip --json"),
        ("lab --json list", "--json lab list"),
        ("plan --file", "plan --file"),
        ("", ""),
    ],
)
def test_globals_first(written: str, understood: str) -> None:
    assert globals_first(written.split()) == understood.split()
