"""What the lab remembers, and whom it lets change things."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from festning.errors import UsageError
from festning.providers.lab.doors import free_ports
from festning.providers.lab.lab import MachineState, state_of
from festning.providers.lab.process import Process
from festning.providers.lab.state import DoorRecord, MachineRecord, State, door_record, machine_record


def this_process() -> Process:
    found = Process.of(os.getpid())
    assert found is not None
    return found


def test_records_come_back_as_they_were():
    machine = MachineRecord(Process(17, 4), "seed", "/images/x", cut=True)
    door = DoorRecord(Process(18, 5), 8443, "198.18.16.17")
    assert machine_record(json.dumps(asdict(machine))) == machine
    assert door_record(json.dumps(asdict(door))) == door


def test_a_record_is_believed_only_with_its_process_alive():
    record = MachineRecord(this_process(), "seed", "/images/x")
    another = Process(record.process.pid, record.process.started + 1)
    assert state_of(None) is MachineState.ABSENT
    assert state_of(record) is MachineState.RUNNING
    assert state_of(replace(record, process=another)) is MachineState.ENDED
    assert state_of(replace(record, cut=True)) is MachineState.CUT


def test_a_dead_process_not_yet_waited_for_does_not_live():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = Process.of(child.pid)
        assert process is not None
        assert process.alive
        process.kill()
        assert process.wait(5)
    assert Process.of(child.pid) is None


def test_files_are_for_their_owner_only(tmp_path):
    state = State("x", tmp_path)
    state.folder.mkdir()
    state.write("key", "one")
    assert state.write("key", "two").stat().st_mode & 0o777 == 0o600
    assert state.read("key") == "two"
    assert state.read("another") is None
    assert [file.name for file in state.folder.iterdir()] == ["key"]


def test_one_changes_the_lab_at_a_time(tmp_path):
    state, other = State("x", tmp_path / "run"), State("x", tmp_path / "run")
    with state.locked(), pytest.raises(UsageError, match="another festning"), other.locked():
        pass
    with (
        state.locked(alone=False),
        other.locked(alone=False),
        pytest.raises(UsageError),
        State("x", tmp_path / "run").locked(),
    ):
        pass
    with state.locked():
        state.remove_lock()
    assert not (tmp_path / "run").exists()


def test_a_port_in_use_is_passed_over():
    ports = free_ports(())
    first = next(ports)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert next(free_ports(())) != first
    assert next(free_ports({first})) > first
