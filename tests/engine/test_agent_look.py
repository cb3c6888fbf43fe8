"""Looking at paths and units."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from festning.engine.agent.look import CONTENT_LIMIT, digest, foreign, look, unit_facts
from festning.engine.agent.processes import Ended


def test_a_file_that_is_as_expected_is_not_read_out(tmp_path: Path):
    (tmp_path / "a").write_text("one")
    assert "content" not in (look(str(tmp_path / "a"), digest(b"one"), want_content=True) or {})
    assert (look(str(tmp_path / "a"), digest(b"two"), want_content=True) or {})["content"] == "one"
    assert "content" not in (look(str(tmp_path / "a"), digest(b"two")) or {})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b", b"x" * (CONTENT_LIMIT + 1)])
def test_what_is_not_text_or_too_long_is_not_read_out(tmp_path: Path, content: bytes):
    (tmp_path / "a").write_bytes(content)
    fact = look(str(tmp_path / "a"), "other", want_content=True)
    assert fact is not None
    assert fact["content"] is None
    assert fact["sha256"] == digest(content)


def test_kinds_of_paths(tmp_path: Path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "through").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    kinds = {name: (look(str(tmp_path / name)) or {}).get("kind") for name in ("link", "through", "pipe", "none")}
    assert kinds == {"link": "symlink", "through": "directory", "pipe": "other", "none": None}
    assert look(str(tmp_path / "pipe/below")) is None


def test_foreign_is_what_is_not_declared_and_leads_to_nothing_declared(tmp_path: Path):
    for name in ("declared", "stray"):
        (tmp_path / name).write_text("")
    (tmp_path / "parent").mkdir()
    assert foreign(str(tmp_path), [f"{tmp_path}/declared", f"{tmp_path}/parent/child"]) == [f"{tmp_path}/stray"]
    assert foreign(str(tmp_path / "missing"), []) == []


def shown(**properties: str) -> str:
    usual = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled"}
    return "\n".join(f"{key}={value}" for key, value in (usual | properties).items())


def test_units_are_read_in_the_order_in_which_they_were_asked():
    text = "\n\n".join([shown(Type="notify"), shown(ActiveState="inactive", ConditionResult="no")]) + "\n"
    facts = unit_facts(["a.service", "b.service"], Ended(0, text, "", 0.0, 0.0))
    assert facts["a.service"]["type"] == "notify"
    assert facts["b.service"]["active"] == "inactive"


def test_a_condition_that_was_never_looked_at_has_not_failed():
    never = shown(ConditionResult="no", ConditionTimestampMonotonic="0")
    looked = shown(ConditionResult="no", ConditionTimestampMonotonic="12345")
    facts = unit_facts(["a", "b"], Ended(0, f"{never}\n\n{looked}\n", "", 0.0, 0.0))
    assert not facts["a"]["condition_failed"]
    assert facts["b"]["condition_failed"]


def test_a_systemctl_that_fails_is_an_error_and_not_a_stopped_unit():
    with pytest.raises(RuntimeError, match="no bus"):
        unit_facts(["a"], Ended(1, "", "no bus", 0.0, 0.0))
