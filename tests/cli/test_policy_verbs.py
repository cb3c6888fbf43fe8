"""``check`` and ``explain`` as a person or a script calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Festning
from tests.policy.conftest import changed


@pytest.fixture
def festning(tmp_path: Path) -> Festning:
    return Festning(tmp_path / "fortress.yaml", lab=False)


def write(festning: Festning, *changes: tuple[str, str]) -> None:
    for service in ("shop", "www"):
        (festning.file.parent / service).mkdir(exist_ok=True)
    festning.file.write_text(changed(*changes))


WEAK = ("durability: strict", "durability: relaxed")
SMALL = ("203.0.113.12, disk: 20GiB", "203.0.113.12, disk: 9GiB")
WAIVER = ("waivers: []", "waivers: [{rule: strength.disk, reason: small for now, until: 2999-12-31}]")


def test_check_shows_place_rule_path_why_and_fix(festning: Festning) -> None:
    write(festning, WEAK, SMALL)
    done = festning("check")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert f"{festning.file}:21:55: error: hosts.core2.disk  [strength.disk]" in lines
    assert f"{festning.file}:31:3: warning: database.durability  [strength.durability]" in lines
    assert "    more: festning explain strength.disk" in lines
    assert lines.index("    fix: give it a larger disk, or the database less memory") < lines.index(
        "    fix: durability: strict (the default)"
    ), "errors come first"
    assert "1 error, 1 warning" in lines[-1]
    assert any(line.startswith("any one host ") and "nothing" in line for line in lines)


def test_what_is_waived_is_shown_as_waived(festning: Festning) -> None:
    write(festning, SMALL, WAIVER)
    done = festning("check")
    assert done.returncode == 0
    assert "waived: hosts.core2.disk  [strength.disk]" in done.stdout
    assert "waived until 2999-12-31: small for now" in done.stdout
    (finding,) = festning.json("check")["findings"]
    assert finding["waived"] == {"reason": "small for now", "until": "2999-12-31"}
    assert (finding["severity"], finding["line"], finding["path"]) == ("error", 21, "hosts.core2.disk")
    rendered = festning("render", "--out", str(festning.file.parent / "out"))
    assert "hosts.edge" not in rendered.stderr
    assert "strength.disk" not in rendered.stderr


def test_an_error_stops_what_would_act_on_the_file(festning: Festning) -> None:
    write(festning, SMALL)
    done = festning("render", "--out", str(festning.file.parent / "out"))
    assert done.returncode == 64
    assert "fortress.yaml:21:55: hosts.core2.disk: 9 GiB is short" in done.stderr.replace("\n", "")
    assert "festning explain strength.disk" in done.stderr


def test_an_expired_waiver_stops_too(festning: Festning) -> None:
    write(festning, WEAK, ("waivers: []", "waivers: [{rule: strength.durability, reason: r, until: 2026-01-31}]"))
    assert festning("check").returncode == 1
    assert festning("render", "--out", str(festning.file.parent / "out")).returncode == 64


@pytest.mark.parametrize("argument", [str(EXAMPLE), str(EXAMPLE / "fortress.yaml")])
def test_check_takes_a_file_or_a_folder(argument: str, festning: Festning) -> None:
    done = festning("check", argument)
    assert done.returncode == 0, done.stderr
    assert "nordlys: 5 hosts, 2 services; 1 warning" in done.stdout


def test_losses_for_programs(festning: Festning) -> None:
    write(festning)
    losses = {(loss["kind"], loss["name"]): loss for loss in festning.json("check")["losses"]}
    assert losses["host", "edge1"]["alike"] == ["edge2"]
    assert losses["country", "NO"]["services"][0] == {
        "service": "shop",
        "reads": False,
        "writes": False,
        "why": ["it runs on cores, and none is left for the edges to relay to"],
    }
    assert losses["country", "NO"]["services"][1]["writes"] is None


def test_explain_lists_and_explains(festning: Festning) -> None:
    every = festning.json("explain")["rules"]
    assert {"rule", "severity", "summary"} == set(every[0])
    done = festning("explain", "residency.arbitrator")
    assert done.returncode == 0
    for word in ("garbd", "GDPR", "Schrems II", "How to meet it"):
        assert word in done.stdout
    assert "garbd" in festning.json("explain", "residency.arbitrator")["why"]


def test_explain_knows_what_was_meant(festning: Festning) -> None:
    done = festning("explain", "residency.arbiter")
    assert done.returncode == 64
    assert "did you mean residency.arbitrator?" in done.stderr
