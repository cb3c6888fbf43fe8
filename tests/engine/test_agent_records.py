"""The lock, the manifest and the journal that festning keeps on a host."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from festning.engine.agent.manifest import Manifest
from festning.engine.agent.records import Journal, Lock

DECLARED = {"wave": "ground", "paths": ["/a", "/b"], "units": ["x.service", "ssh.service"]}
NOTHING_OWED: dict[str, list[str]] = {"restart": [], "reload": [], "temporaries": []}


def manifest(state: Path) -> Any:
    return json.loads((state / "manifest.json").read_text())


def test_the_second_operator_is_told_who_was_first(tmp_path: Path):
    first = Lock(str(tmp_path))
    assert first.take("kari@desk") is None
    holder = Lock(str(tmp_path)).take("ola@laptop")
    assert holder is not None
    assert holder["operator"] == "kari@desk"
    assert holder["since"].endswith("Z")


def test_only_what_was_placed_is_claimed(tmp_path: Path):
    claimed = Manifest(str(tmp_path)).claimed("s", DECLARED, {"/a", "x.service"})
    assert claimed == {"wave": "ground", "paths": ["/a"], "units": ["x.service"]}
    record = Manifest(str(tmp_path))
    record.settle("s", claimed, {}, set())
    again = Manifest(str(tmp_path)).claimed("s", DECLARED, {"/b"})
    assert again == {"wave": "ground", "paths": ["/a", "/b"], "units": ["x.service"]}


def test_an_interrupted_change_is_known_with_what_it_placed_and_owes(tmp_path: Path):
    Manifest(str(tmp_path)).begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    left = manifest(tmp_path)
    assert left["interrupted"]["s"] == {**NOTHING_OWED, "restart": ["x.service"]}
    assert left["systems"]["s"] == {**DECLARED, "placed": {}}


def test_a_change_that_was_taken_back_leaves_what_was_owed_before(tmp_path: Path):
    Manifest(str(tmp_path)).begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    before = manifest(tmp_path)
    record = Manifest(str(tmp_path), generation=7)
    record.begin("s", {**DECLARED, "paths": ["/c"]}, {**NOTHING_OWED, "reload": ["y.service"]})
    record.undone()
    assert manifest(tmp_path) == {**before, "generation": 7}


def test_a_settled_system_owes_nothing_and_a_departed_one_is_forgotten(tmp_path: Path):
    record = Manifest(str(tmp_path))
    record.begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    record.settle("s", DECLARED, {}, set())
    assert manifest(tmp_path)["interrupted"] == {}
    record.settle("s", None, {}, set())
    assert manifest(tmp_path)["systems"] == {}


def test_a_complete_apply_leaves_nothing_of_what_is_no_longer_declared(tmp_path: Path):
    record = Manifest(str(tmp_path))
    record.settle("s", DECLARED, {}, set())
    record.begin("gone", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    record.complete({"s": {}})
    assert manifest(tmp_path)["interrupted"] == {}
    assert set(manifest(tmp_path)["systems"]) == {"s"}


def test_records_are_for_root_only(tmp_path: Path):
    state = tmp_path / "state"
    Manifest(str(state)).settle("s", DECLARED, {}, set())
    Journal(str(state), "kari@desk", "nordlys").append(wave="ground", result="ok")
    Journal(str(state), "ola@laptop", "nordlys").append(wave="ground", result="failed")
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}
    lines = [json.loads(line) for line in (state / "journal.jsonl").read_text().splitlines()]
    assert [line["operator"] for line in lines] == ["kari@desk", "ola@laptop"]


def test_what_was_put_at_each_path_is_known_with_who_and_when(tmp_path: Path):
    there = {"/a": "aa", "/b": None}
    Manifest(str(tmp_path), "kari@desk", 1).settle("s", DECLARED, there, {"/a", "/b"})
    record = Manifest(str(tmp_path), "ola@laptop", 2)
    record.settle("s", DECLARED, {**there, "/a": "bb"}, {"/a"})
    placed = manifest(tmp_path)["systems"]["s"]["placed"]
    assert {path: (one["sha256"], one["operator"], one["generation"]) for path, one in placed.items()} == {
        "/a": ("bb", "ola@laptop", 2),
        "/b": (None, "kari@desk", 1),
    }
    assert manifest(tmp_path)["generation"] == 2


def test_a_mended_path_was_put_there_anew_and_an_untouched_one_was_not(tmp_path: Path):
    Manifest(str(tmp_path), "kari@desk", 1).settle("s", DECLARED, {"/a": "aa", "/b": "bb"}, {"/a", "/b"})
    Manifest(str(tmp_path), "ola@laptop", 2).settle("s", DECLARED, {"/a": "aa", "/b": "bb"}, {"/a"})
    placed = manifest(tmp_path)["systems"]["s"]["placed"]
    assert [placed[path]["operator"] for path in ("/a", "/b")] == ["ola@laptop", "kari@desk"]


def test_an_interrupted_change_that_proves_to_be_whole_is_known_as_placed(tmp_path: Path):
    Manifest(str(tmp_path), "kari@desk", 1).settle("s", DECLARED, {"/a": "aa", "/b": "bb"}, set())
    Manifest(str(tmp_path), "kari@desk", 2).begin("s", DECLARED, NOTHING_OWED)
    Manifest(str(tmp_path), "ola@laptop", 3).complete({"s": {"/a": "new", "/b": "bb"}})
    placed = manifest(tmp_path)["systems"]["s"]["placed"]
    assert [placed[path]["sha256"] for path in ("/a", "/b")] == ["new", "bb"]


def test_a_generation_has_a_number_of_its_own_whatever_the_operator_knew(tmp_path: Path):
    Manifest(str(tmp_path), "kari@desk", 7).settle("s", DECLARED, {}, set())
    assert Manifest(str(tmp_path), "kari@desk", 3).generation == 8
    assert Manifest(str(tmp_path), "kari@desk", 12).generation == 12


def test_a_manifest_of_the_first_version_is_taken_over(tmp_path: Path):
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1, "systems": {"s": DECLARED}, "interrupted": {}}))
    Manifest(str(tmp_path), "kari@desk", 1).settle("s", DECLARED, {"/a": "aa"}, {"/a"})
    left = manifest(tmp_path)
    assert left["version"] == 2
    assert left["systems"]["s"]["placed"]["/a"]["sha256"] == "aa"
