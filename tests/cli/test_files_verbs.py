"""The verbs that touch no host, called as a person calls them: words, exit codes, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Festning

FILE = EXAMPLE / "fortress.yaml"


@pytest.fixture
def festning() -> Festning:
    return Festning(FILE, lab=False)


def test_init_writes_an_example_that_check_accepts(tmp_path: Path, festning: Festning) -> None:
    folder = tmp_path / "mine"
    assert festning("init", str(folder)).returncode == 0
    assert (folder / "fortress.yaml").read_text() == FILE.read_text()
    checked = Festning(folder / "fortress.yaml", lab=False)("check")
    assert (checked.returncode, checked.stderr) == (0, "")
    again = festning("init", str(folder))
    assert again.returncode == 64
    assert "exists already" in again.stderr


def test_check_tells_findings_with_their_place(tmp_path: Path, festning: Festning) -> None:
    assert festning("init", str(tmp_path)).returncode == 0
    file = tmp_path / "fortress.yaml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if not line.startswith("  arbiter:")))
    checked = Festning(file, lab=False)("check")
    assert checked.returncode == 1
    assert f"{file}:43:1: error: hosts  [survivability.no-majority]" in checked.stdout
    assert "survivability.no-majority" in checked.stdout
    document = Festning(file, lab=False).json("check")
    assert (document["verdict"], document["findings"][0]["line"]) == ("fail", 43)


@pytest.mark.parametrize("verb", [["check"], ["plan"], ["apply"], ["verify"], ["up"], ["render", "--out", "out"]])
def test_every_verb_refuses_a_bad_file_without_a_traceback(verb: list[str], tmp_path: Path) -> None:
    file = tmp_path / "fortress.yaml"
    file.write_text("fortress: x\nfortress: y\n")
    done = Festning(file, lab=verb[0] == "up")(*verb)
    assert done.returncode == 64
    assert "fortress.yaml:2:1: fortress: this key is given twice" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["fortress.yaml"]


@pytest.mark.parametrize("call", [["nonsense"], ["render"], ["plan", "--nonsense"]])
def test_bad_usage_is_64(call: list[str], festning: Festning) -> None:
    done = festning(*call)
    assert done.returncode == 64
    assert "Traceback" not in done.stderr


def test_no_file_is_told_with_a_way_out(tmp_path: Path) -> None:
    done = Festning(tmp_path / "fortress.yaml", lab=False)("check")
    assert done.returncode == 64
    assert "festning init" in done.stderr


def test_schema_is_json_schema(festning: Festning) -> None:
    schema = json.loads(festning("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert list(schema["properties"]["hosts"]["patternProperties"].values()) == [{"$ref": "#/$defs/HostEntry"}]


def test_render_writes_every_hosts_files_with_names_for_secrets(tmp_path: Path) -> None:
    done = Festning(FILE)("render", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["arbiter", "core1", "core2", "edge1", "edge2"]
    key = tmp_path / "out" / "core1" / "etc" / "festning" / "database" / "key.pem"
    assert key.read_text() == "⟦secret:key/database/core1⟧"


def test_real_hosts_without_an_address_are_named(tmp_path: Path, festning: Festning) -> None:
    assert festning("init", str(tmp_path)).returncode == 0
    file = tmp_path / "fortress.yaml"
    file.write_text(file.read_text().replace("provider: ec2", "provider: static"))
    done = Festning(file, lab=False)("plan")
    assert done.returncode == 64
    assert "no address is declared for edge1, edge2" in done.stderr


def test_before_anything_is_rented_the_way_to_it_is_told(festning: Festning) -> None:
    for verb in (["plan"], ["verify"], ["orphans"], ["down"]):
        done = festning(*verb)
        assert done.returncode == 64
        assert "festning up makes it" in done.stderr


def test_help_teaches(festning: Festning) -> None:
    done = festning("--help")
    assert done.returncode == 0
    for word in ("--lab", "--json", "FESTNING_FILE", "64 bad usage"):
        assert word in " ".join(done.stdout.split())
