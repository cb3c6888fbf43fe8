"""Waivers cover what they name, until their day, and no further; and they are told wherever findings are."""

from __future__ import annotations

from datetime import date

import pytest

from festning.cli.findings_table import show_briefly
from festning.cli.screen import Screen
from tests.policy.conftest import TODAY, changed, findings

WEAK = ("durability: strict", "durability: relaxed")


def waived(waiver: str, *changes: tuple[str, str], today: date = TODAY) -> dict[str, str]:
    """Each rule that finds something, with the reason for which that is waived."""
    text = changed(("waivers: []", f"waivers: [{waiver}]"), *changes)
    return {f.rule: f.waiver.reason if f.waiver else "" for f in findings(text, today)}


@pytest.mark.parametrize("today", [date(2026, 11, 22), date(2027, 1, 31)])
def test_until_its_day_and_on_it(today: date) -> None:
    waiver = "{rule: strength.durability, reason: a toy, until: 2027-01-31}"
    assert waived(waiver, WEAK, today=today) == {"strength.durability": "a toy"}


def test_the_day_after() -> None:
    waiver = "{rule: strength.durability, reason: a toy, until: 2027-01-31}"
    assert waived(waiver, WEAK, today=date(2027, 2, 1)) == {"strength.durability": "", "waivers.expired": ""}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("tls", "old"),
        ("tls.ciphers", "old"),
        ("tls.ciphers.1", "old"),
        ("tls.ciphers.0", ""),
        ("tls.cipher", ""),
        ("bridge", ""),
    ],
)
def test_a_path_limits_it(path: str, reason: str) -> None:
    waiver = f"{{rule: strength.ciphers, path: {path}, reason: old, until: 2027-01-31}}"
    found = waived(waiver, ("ECDHE-RSA-CHACHA20-POLY1305", "AES256-GCM-SHA384"))
    assert found.pop("strength.ciphers") == reason
    assert found == ({} if reason else {"waivers.unused": ""})


def test_a_waived_error_stops_nothing_and_stays_an_error() -> None:
    text = changed(
        ("waivers: []", "waivers: [{rule: strength.disk, reason: small, until: 2027-01-31}]"),
        ("203.0.113.12, disk: 20GiB", "203.0.113.12, disk: 9GiB"),
    )
    (found,) = findings(text)
    assert (found.severity, found.stops) == ("error", False)


def test_waivers_cannot_waive_what_is_said_of_waivers() -> None:
    waivers = (
        "{rule: waivers.expired, reason: r, until: 2027-01-31}, {rule: strength.durability, reason: r, "
        "until: 2026-01-31}"
    )
    found = findings(changed(("waivers: []", f"waivers: [{waivers}]"), WEAK))
    assert all(finding.waiver is None for finding in found)
    assert {finding.rule for finding in found} == {"strength.durability", "waivers.expired", "waivers.unused"}


def test_a_slip_in_the_name_is_told_with_the_nearest() -> None:
    text = changed(("waivers: []", "waivers: [{rule: base.comit-latency, reason: r, until: 2027-01-31}]"))
    (found,) = findings(text)
    assert found.fix == "did you mean base.commit-latency?"


def test_a_verb_with_another_result_tells_them_in_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    text = changed(
        ("waivers: []", "waivers: [{rule: strength.disk, reason: small, until: 2027-01-31}]"),
        ("203.0.113.12, disk: 20GiB", "203.0.113.12, disk: 9GiB"),
        WEAK,
    )
    show_briefly(Screen(as_json=False), findings(text))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "waived: strength.disk at hosts.core2.disk: until 2027-01-31: small"
    assert second.startswith("warning: strength.durability at database.durability: up to a second")
