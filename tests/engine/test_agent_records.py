"""The lock, the manifest and the journal that festning keeps on a host."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from festning.engine.agent.records import Journal, Lock, Manifest

DECLARED = {"wave": "ground", "paths": ["/a", "/b"], "units": ["x.service", "ssh.service"]}
NOTHING_OWED: dict[str, list[str]] = {"restart": [], "reload": [], "temporaries": []}


def manifest(state: Path) -> dict[str, dict[str, object]]:
    return json.loads((state / "manifest.json").read_text())  # type: ignore[no-any-return]


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
    record.settle("s", claimed)
    again = Manifest(str(tmp_path)).claimed("s", DECLARED, {"/b"})
    assert again == {"wave": "ground", "paths": ["/a", "/b"], "units": ["x.service"]}


def test_an_interrupted_change_is_known_with_what_it_placed_and_owes(tmp_path: Path):
    Manifest(str(tmp_path)).begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    left = manifest(tmp_path)
    assert left["interrupted"]["s"] == {**NOTHING_OWED, "restart": ["x.service"]}
    assert left["systems"]["s"] == DECLARED


def test_a_change_that_was_taken_back_leaves_what_was_owed_before(tmp_path: Path):
    Manifest(str(tmp_path)).begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    before = manifest(tmp_path)
    record = Manifest(str(tmp_path))
    record.begin("s", {**DECLARED, "paths": ["/c"]}, {**NOTHING_OWED, "reload": ["y.service"]})
    record.undone()
    assert manifest(tmp_path) == before


def test_a_settled_system_owes_nothing_and_a_departed_one_is_forgotten(tmp_path: Path):
    record = Manifest(str(tmp_path))
    record.begin("s", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    record.settle("s", DECLARED)
    assert manifest(tmp_path)["interrupted"] == {}
    record.settle("s", None)
    assert manifest(tmp_path)["systems"] == {}


def test_a_complete_apply_leaves_nothing_of_what_is_no_longer_declared(tmp_path: Path):
    record = Manifest(str(tmp_path))
    record.settle("s", DECLARED)
    record.begin("gone", DECLARED, {**NOTHING_OWED, "restart": ["x.service"]})
    record.complete(["s"])
    assert manifest(tmp_path)["interrupted"] == {}
    assert set(manifest(tmp_path)["systems"]) == {"s"}


def test_records_are_for_root_only(tmp_path: Path):
    state = tmp_path / "state"
    Manifest(str(state)).settle("s", DECLARED)
    Journal(str(state), "kari@desk", "nordlys").append(wave="ground", result="ok")
    Journal(str(state), "ola@laptop", "nordlys").append(wave="ground", result="failed")
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}
    lines = [json.loads(line) for line in (state / "journal.jsonl").read_text().splitlines()]
    assert [line["operator"] for line in lines] == ["kari@desk", "ola@laptop"]
