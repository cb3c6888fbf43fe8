"""How a watch is told: to people in lines, to programs as JSON, to systemd as a unit."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from festning.cli import watch, watch_lines
from festning.cli.app import app
from festning.cli.screen import Screen
from festning.errors import UsageError
from festning.scaling.deciding import Decision, Kind
from festning.scaling.measured import Seen
from festning.workflows.autoscaling import Said, Word

EXAMPLE = Path(__file__).parents[2] / "examples" / "nordlys" / "fortress.yaml"
KEEP = Decision(Kind.KEEP, 2, "2 edges are right for 22/s")
GROW = Decision(Kind.GROW, 3, "2 edges are too few")
SEEN = (Seen(edge="edge1", requests=22.0, p99_ms=14.0, alive_since=1), Seen(edge="edge2", dead_since=5))
NOW = datetime(2026, 11, 26, 12, 0, 0, 500_000, UTC)


def said(word: Word, *, dry_run: bool = False) -> list[str]:
    return list(watch_lines.lines(word, dry_run=dry_run))


def test_a_look_is_told_with_its_figures_its_decision_and_who_is_missing() -> None:
    word = Word(said=Said.DECIDED, group="edge", decision=KEEP, seen=SEEN, notes={"edge2": "nobody hears it"})
    assert said(word) == [
        "edge: 2 edges, 22.0 requests/s at 1 of them, 99 of 100 within 14 ms: keep: 2 edges are right for 22/s",
        "edge: edge2: nobody hears it",
    ]
    assert "nothing measured" in said(Word(said=Said.DECIDED, decision=KEEP, seen=SEEN[1:]))[0]


def test_a_dry_run_says_that_it_would() -> None:
    word = Word(said=Said.DECIDED, group="edge", decision=GROW, seen=SEEN)
    assert ": would grow to 3: " in said(word, dry_run=True)[0]
    assert ": grow to 3: " in said(word)[0]


def test_acts_are_told_with_what_came_of_them() -> None:
    replace = Decision(Kind.REPLACE, 2, "", "edge2")
    assert said(Word(said=Said.BEGUN, group="edge", decision=replace)) == ["edge: begins to replace edge2"]
    done = Word(said=Said.DONE, group="edge", decision=GROW, seconds=85.6, message="edge3 made")
    assert said(done) == ["edge: done in 86 s: grow to 3: edge3 made"]
    failed = Word(said=Said.FAILED, group="edge", decision=GROW, again_s=600, message="no quota", hint="ask for more")
    assert said(failed) == ["edge: failed to grow to 3: no quota; tried again in 600 s (ask for more)"]
    trouble = Word(said=Said.TROUBLE, message="the lab is not up", hint="festning --lab up")
    assert said(trouble) == ["cannot look: the lab is not up; trying again (festning --lab up)"]


def test_people_hear_what_is_news_and_programs_hear_every_look(capsys: pytest.CaptureFixture[str]) -> None:
    words = [Word(said=Said.DECIDED, group="edge", decision=KEEP, seen=SEEN, fresh=fresh) for fresh in (True, False)]
    for word in words:
        watch_lines.teller(Screen(as_json=False), lambda: NOW, dry_run=False)(word)
    assert len(capsys.readouterr().out.splitlines()) == 1
    for word in words:
        watch_lines.teller(Screen(as_json=True), lambda: NOW, dry_run=False)(word)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["fresh"], second["fresh"]) == (True, False)
    assert first["at"] == "2026-11-26T12:00:00.500+00:00"
    assert first["edges"][1] == {
        "edge": "edge2",
        "requests": None,
        "p99_ms": None,
        "answers": False,
        "dead": True,
        "note": "",
    }
    assert (first["decision"], first["count"]) == ("keep", 2)


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    text = watch_lines.unit(Path('/srv/a "b" 5%/fortress.yaml'), lab=False, group="edge", every="10s")
    assert '"/srv/a \\"b\\" 5%%/fortress.yaml"' in text
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    file = tmp_path / "festning-watch.service"
    file.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    assert "festning-watch.service" not in done.stderr, done.stderr


def test_a_call_that_cannot_work_is_told_why_and_a_unit_needs_no_fortress_that_is_up() -> None:
    assert watch.SHORTEST_S == 2
    result = CliRunner().invoke(app, ["--file", str(EXAMPLE), "--lab", "watch", "--every", "1s"])
    assert isinstance(result.exception, UsageError)
    assert "too often" in result.exception.message
    result = CliRunner().invoke(app, ["--file", str(EXAMPLE), "--lab", "watch", "--every", "soon"])
    assert isinstance(result.exception, UsageError)
    assert "such as 250ms" in result.exception.message
    result = CliRunner().invoke(app, ["--file", str(EXAMPLE), "watch", "--unit"])
    assert result.exit_code == 0
    assert "ExecStart=" in result.stdout
