"""A bench that was stopped goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.failover.ledger import Ledger, code_of
from tests.bench.failover_runs import run

CODE = {"festning": "now", "2014": "then"}


def test_every_run_is_in_the_file_as_soon_as_it_is_there(tmp_path: Path):
    file = tmp_path / "build" / "runs.json"
    ledger = Ledger(file, CODE)
    ledger.add(run(number=1))
    assert Ledger(file, CODE).of("festning", "kill-database") == (run(number=1),)
    ledger.add(run(number=2))
    again = Ledger(file, CODE)
    assert again.has("festning", "kill-database", 2)
    assert not again.has("festning", "kill-database", 3)
    assert not again.has("2014", "kill-database", 1)
    assert [one.name for one in file.parent.iterdir()] == ["runs.json"], "nothing half-written is left"


def test_runs_of_another_code_are_kept_and_not_counted(tmp_path: Path):
    file = tmp_path / "runs.json"
    Ledger(file, {"festning": "before"}).add(run(number=1, code="before"))
    ledger = Ledger(file, CODE)
    assert ledger.of("festning", "kill-database") == ()
    assert ledger.left_out == 1
    ledger.add(run(number=1))
    assert [one.label.code for one in Ledger(file, CODE).of("festning", "kill-database")] == ["now"]
    assert Ledger(file, {"festning": "before"}).has("festning", "kill-database", 1)


def test_without_a_file_runs_are_only_remembered():
    ledger = Ledger(None, CODE)
    ledger.add(run())
    assert ledger.has("festning", "kill-database", 1)


@pytest.mark.parametrize("text", ["", "{}", '{"runs": [{"label": 1}]}', '{"runs": [{}]}'])
def test_another_file_is_not_taken_for_a_ledger(tmp_path: Path, text: str):
    file = tmp_path / "runs.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="has no runs of this bench"):
        Ledger(file, CODE)


def test_a_code_changes_with_any_source_and_setting_and_with_nothing_else(tmp_path: Path):
    (tmp_path / "a.py").write_text("1\n")
    before = code_of([tmp_path], 3.0)
    (tmp_path / "a.pyc").write_text("2\n")
    assert code_of([tmp_path], 3.0) == before
    assert code_of([tmp_path], 4.0) != before
    (tmp_path / "b.j2").write_text("")
    assert code_of([tmp_path], 3.0) != before
