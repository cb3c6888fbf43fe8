"""What festning keeps on a host, damaged: a clear word with the place and a way out, and nothing is changed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from driven_machine import Machine, sealed, system
from test_apply_here import file

from festning.engine.agent.recall import history
from festning.engine.agent.records import Journal
from festning.engine.apply import Outcome
from festning.engine.connections import Connections
from festning.engine.endpoint import this_machine
from festning.engine.observe import observe
from festning.engine.recall import recall_generations, recall_histories
from festning.model.facts import Unreachable

SYSTEM = {"wave": "ground", "paths": ["/a"], "units": []}
NO_MANIFESTS: dict[str, Any] = {
    "empty": b"",
    "cut": b'{"version": 2, "generation": 1, "syst',
    "zeroes": bytes(300),
    "no text": b"\xff\xfe{}",
    "twice": b'{"version": 2}{"version": 2}',
    "deep": b"[" * 100_000,
    "a list": [],
    "no version": {"systems": {}},
    "a word for a number": {"version": 2, "generation": "x"},
    "a list of systems": {"version": 2, "systems": [SYSTEM]},
    "no system": {"version": 2, "systems": {"s": None}},
    "a word for paths": {"version": 2, "systems": {"s": {**SYSTEM, "paths": "/etc"}}},
    "a wave less": {"version": 2, "systems": {"s": {"paths": [], "units": []}}},
    "placed by a list": {"version": 2, "systems": {"s": {**SYSTEM, "placed": ["/a"]}}},
    "nothing owed": {"version": 2, "interrupted": {"s": {}}},
    "newer": {"version": 3},
    "a wave that is none": {"version": 2, "systems": {"s": {**SYSTEM, "wave": "sea"}}},
}


def octets(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "etc").mkdir()
    return Machine(this_machine("alpha"), str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def state(machine: Machine) -> Path:
    return Path(machine.state_directory)


def demo(state: Path, content: str):
    return system(file(state.parent / "etc/app.conf", content))


def everything(state: Path) -> dict[Path, bytes]:
    kept = [path for folder in (state, state.parent / "etc") for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in kept}


def looked(machine: Machine) -> Any:
    async def looking() -> Any:
        async with Connections([machine.endpoint]) as connections:
            closed = sealed("alpha", ())
            return (await observe({"alpha": closed}, connections, state_directory=machine.state_directory))["alpha"]

    return asyncio.run(looking())


def remembered(machine: Machine, number: int | None = None) -> Any:
    async def asking() -> Any:
        async with Connections([machine.endpoint]) as connections:
            if number is None:
                return await recall_histories(["alpha"], connections, state_directory=machine.state_directory)
            return await recall_generations({"alpha": number}, connections, state_directory=machine.state_directory)

    return asyncio.run(asking())["alpha"]


def assert_told(reason: str, hint: str, path: Path) -> None:
    assert reason.startswith(f"alpha: {path} ")
    assert len(reason.splitlines()) == 1
    assert "Traceback" not in reason
    assert "Error" not in reason
    assert hint


@pytest.mark.parametrize("damage", NO_MANIFESTS)
def test_a_manifest_that_is_none_is_told_by_a_look(machine: Machine, state: Path, damage: str):
    state.mkdir()
    path = state / "manifest.json"
    path.write_bytes(octets(NO_MANIFESTS[damage]))
    before = everything(state)
    facts = looked(machine)
    assert isinstance(facts, Unreachable)
    if damage == "a wave that is none":
        assert facts.reason.startswith("alpha: ")
    else:
        assert_told(facts.reason, facts.hint, path)
    assert everything(state) == before


def damaged_after_the_look(machine: Machine, state: Path, path: Path, content: bytes):
    """Apply a change, its host damaged once the plan has been made."""
    machine.converge(demo(state, "one\n"))
    found: dict[Path, bytes] = {}

    def damage() -> None:
        path.write_bytes(content)
        found.update(everything(state))

    machine.before_apply = damage
    _, result = machine.converge(demo(state, "two\n"))
    assert everything(state) == found
    return result.hosts[0]


@pytest.mark.parametrize("content", [b"", b'{"version": 2, "sys', b"[]", b"\xff"])
@pytest.mark.parametrize("name", ["manifest.json", "generations/1.json"])
def test_an_apply_changes_nothing_when_its_records_are_damaged(
    machine: Machine, state: Path, name: str, content: bytes
):
    host = damaged_after_the_look(machine, state, state / name, content)
    assert host.outcome is Outcome.FAILED
    assert_told(host.reason, host.hint, state / name)


def test_a_change_that_cannot_be_put_back_is_told(machine: Machine, state: Path):
    (state / "pending").mkdir(parents=True)
    undo = state / "pending/undo.json"
    host = damaged_after_the_look(machine, state, undo, b'{"boot": ')
    assert_told(host.reason, host.hint, undo)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "number": 2}', b'{"version": 9}'])
def test_a_damaged_generation_is_told_by_history_and_rollback(machine: Machine, state: Path, content: bytes):
    machine.converge(demo(state, "one\n"))
    path = state / "generations/1.json"
    path.write_bytes(content)
    for memory in (remembered(machine), remembered(machine, 1)):
        assert isinstance(memory, Unreachable)
        assert_told(memory.reason, memory.hint, path)


def test_a_generation_that_is_not_there_is_told(machine: Machine, state: Path):
    machine.converge(demo(state, "one\n"))
    assert "there is no such generation" in remembered(machine, 7).reason


def test_an_older_damaged_generation_hinders_no_apply_and_its_contents_stay(machine: Machine, state: Path):
    machine.converge(demo(state, "one\n"))
    kept = set((state / "blobs").iterdir())
    machine.converge(demo(state, "two\n"))
    (state / "generations/1.json").write_bytes(b"{")
    _, result = machine.converge(demo(state, "three\n"))
    assert result.complete
    assert kept < set((state / "blobs").iterdir())


def test_no_generation_is_written_over_when_the_manifest_was_lost(machine: Machine, state: Path):
    for content in ("one\n", "two\n"):
        machine.converge(demo(state, content))
    (state / "manifest.json").unlink()
    first = (state / "generations/1.json").read_bytes()
    machine.converge(demo(state, "three\n"))
    assert (state / "generations/1.json").read_bytes() == first
    assert sorted(path.name for path in (state / "generations").iterdir()) == ["1.json", "2.json", "3.json"]


def test_a_line_that_a_power_cut_tore_off_costs_nothing_but_itself(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(str(tmp_path), "kari@desk", "nordlys", 1)
    journal.append(result="failed", reason="first")
    journal.append(result="failed", reason="torn")
    path.write_bytes(path.read_bytes()[:-20])
    assert [one["reason"] for one in history(str(tmp_path))["attempts"]] == ["first"]
    journal.append(result="failed", reason="next")
    assert [one["reason"] for one in history(str(tmp_path))["attempts"]] == ["first", "next"]


@pytest.mark.parametrize("line", [b"42", b"null", b"[]", b'"x"', b"\xff\x00", b'{"result": "failed"}', b"[" * 100_000])
def test_lines_that_are_no_entries_are_passed_over(machine: Machine, state: Path, line: bytes):
    machine.converge(demo(state, "one\n"))
    with (state / "journal.jsonl").open("ab") as journal:
        journal.write(line + b"\n")
    assert remembered(machine)["attempts"] == []
