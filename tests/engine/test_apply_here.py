"""Observe, plan and apply for real, on the machine that runs the tests, below a directory of the test's own."""

from __future__ import annotations

import asyncio
import getpass
import grp
import json
import os
import time
from pathlib import Path

import pytest
from driven_machine import PASSWORD, Machine, system

from festning.engine.apply import ApplyResult, LockedError, Outcome
from festning.engine.endpoint import this_machine
from festning.model.catalog import Directory, File, Gate, Step
from festning.model.reference import secret

OWNER = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}


def file(path: Path, content: str, **more: object) -> File:
    return File(path=str(path), content=content, **OWNER, **more)  # type: ignore[arg-type]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "etc").mkdir()
    return Machine(this_machine("alpha"), str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def root(machine: Machine) -> Path:
    return Path(machine.state_directory).parent


def test_the_first_apply_makes_it_and_the_second_has_nothing_to_do(machine: Machine, root: Path):
    etc, mark = root / "etc", root / "mark"
    demo = system(
        Directory(path=str(etc / "d"), mode=0o750, **OWNER),
        file(etc / "d/app.conf", f"password={secret('pw')}\n", mode=0o600),
        Step(name="mark", check=f"grep -q {secret('pw')} {mark}", do=f"echo {secret('pw')} > {mark}"),
        Gate(name="there", check=f"test -s {mark}"),
    )
    plan, result = machine.converge(demo)
    assert plan.changes == 3
    assert result.complete
    assert result.hosts[0].outcome is Outcome.CHANGED
    assert (etc / "d/app.conf").read_text() == f"password={PASSWORD}\n"
    assert [(one.event, one.kind) for one in machine.events][-2:] == [("start", "gate"), ("done", "gate")]
    again, result = machine.converge(demo)
    assert again.changes == 0
    assert result.hosts[0].outcome is Outcome.OK
    records = (root / "state/journal.jsonl").read_text() + (root / "state/manifest.json").read_text()
    assert "kari@desk" in records
    assert PASSWORD not in records + repr(plan) + json.dumps(plan.document())


def test_a_step_that_fails_takes_the_files_back_and_says_why_without_the_secret(machine: Machine, root: Path):
    conf = root / "etc/app.conf"
    conf.write_text("before\n")
    demo = system(file(conf, "after\n"), Step(name="broken", check="false", do=f"echo denied {secret('pw')}; exit 7"))
    later = system(file(root / "etc/later", "x"), name="later")
    _, result = machine.converge(demo, later)
    (host,) = result.hosts
    assert host.outcome is Outcome.FAILED
    assert host.reason == "step 'broken' failed with status 7"
    assert host.output == f"denied {secret('pw')}"
    assert host.system == "demo"
    assert host.back == ("put back as it was",)
    assert conf.read_text() == "before\n"
    assert not (root / "etc/later").exists()
    assert not result.complete


def test_a_gate_that_stays_shut_takes_the_files_back(machine: Machine, root: Path):
    conf = root / "etc/app.conf"
    gate = Gate(name="healthy", check="echo not yet; false", timeout_s=0.5)
    _, result = machine.converge(system(file(conf, "x"), gate))
    assert result.hosts[0].reason == "'healthy' was not so within 0.5 s"
    assert result.hosts[0].output == "not yet"
    assert not conf.exists()


def test_a_gate_waits(machine: Machine, root: Path):
    tries = root / "tries"
    gate = Gate(name="third time", check=f"echo x >> {tries}; test $(wc -l < {tries}) -ge 3", timeout_s=5)
    _, result = machine.converge(system(file(root / "etc/a", "x"), gate))
    assert result.complete


def test_a_step_that_an_earlier_one_made_needless_is_not_done(machine: Machine, root: Path):
    mark, second = root / "mark", root / "second"
    steps = (
        Step(name="one", check=f"test -e {mark}", do=f"touch {mark}"),
        Step(name="two", check=f"test -e {mark}", do=f"touch {second}"),
    )
    _, result = machine.converge(system(*steps))
    assert result.complete
    assert not second.exists()


def test_what_leaves_the_catalog_leaves_the_host_and_what_was_there_before_stays(machine: Machine, root: Path):
    etc = root / "etc"
    machine.converge(system(Directory(path=str(etc), **OWNER), file(etc / "a", "x"), file(etc / "n/b", "y")))
    plan, result = machine.converge(system(file(etc / "a", "x")))
    assert result.complete
    assert [operation.target for operation in plan.hosts[0].operations] == [str(etc / "n/b")]
    plan, result = machine.converge()
    assert [operation.target for operation in plan.hosts[0].operations] == [str(etc / "a")]
    assert etc.is_dir()
    assert machine.plan().changes == 0


def test_a_directory_leaves_a_purged_one_with_the_files_that_were_declared_in_it(machine: Machine, root: Path):
    above = Directory(path=str(root / "etc/srv"), purge=True, **OWNER)
    inside = (Directory(path=str(root / "etc/srv/app"), **OWNER), file(root / "etc/srv/app/deep/x", "x"))
    assert machine.converge(system(above, *inside))[1].complete
    _, result = machine.converge(system(above))
    assert result.complete, result
    assert list((root / "etc/srv").iterdir()) == []


def test_a_purged_directory_holds_only_what_is_declared(machine: Machine, root: Path):
    folder = root / "etc/conf.d"
    folder.mkdir()
    (folder / "stray.conf").write_text("x")
    (folder / "deep").mkdir()
    (folder / "deep/file").write_text("y")
    demo = system(Directory(path=str(folder), purge=True, **OWNER), file(folder / "ours.conf", "z"))
    _, result = machine.converge(demo)
    assert result.complete
    assert [path.name for path in folder.iterdir()] == ["ours.conf"]
    assert machine.plan(demo).changes == 0


def test_a_file_that_moved_since_the_plan_is_not_touched(machine: Machine, root: Path):
    conf = root / "etc/app.conf"
    machine.before_apply = lambda: conf.write_text("somebody was here\n")
    _, result = machine.converge(system(file(conf, "ours\n")))
    assert result.hosts[0].outcome is Outcome.FAILED
    assert result.hosts[0].reason == f"changed since the plan was made: {conf}"
    assert conf.read_text() == "somebody was here\n"


def test_the_second_operator_is_told_who_is_at_it(machine: Machine, root: Path):
    go = root / "go"
    slow = system(Step(name="slow", check="false", do=f"until [ -e {go} ]; do sleep 0.05; done; false"))

    async def both() -> None:
        first = asyncio.create_task(machine.converging(slow))
        await machine.step_begun.wait()
        with pytest.raises(LockedError, match="kari@desk has been changing this host since") as refused:
            await machine.converging(system(file(root / "etc/b", "x")), operator="ola@laptop")
        assert refused.value.operator == "kari@desk"
        assert not (root / "etc/b").exists()
        go.touch()
        await first

    asyncio.run(both())
    _, result = machine.converge(system(file(root / "etc/b", "x")), operator="ola@laptop")
    assert result.complete


def test_an_agent_that_is_killed_leaves_whole_files_and_the_next_apply_completes(machine: Machine, root: Path):
    etc = root / "etc"
    (etc / "a").write_text("old\n")
    mark = root / "mark"
    demo = system(
        file(etc / "a", "new\n"),
        file(etc / "b", "new\n"),
        Step(name="s", check=f"test -e {mark}", do=f"sleep 30; touch {mark}"),
    )

    async def kill() -> ApplyResult:
        work = asyncio.create_task(machine.converging(demo))
        await machine.step_begun.wait()
        os.kill(json.loads((root / "run/lock").read_text())["pid"], 9)
        return (await work)[1]

    result = asyncio.run(kill())
    assert result.hosts[0].outcome is not Outcome.CHANGED
    assert (etc / "a").read_text() == "new\n"
    quick = system(*demo.items[:2], Step(name="s", check=f"test -e {mark}", do=f"touch {mark}"))
    plan, result = machine.converge(quick)
    assert [operation.kind.value for operation in plan.hosts[0].operations] == ["step"]
    assert result.complete
    assert not list(etc.glob(".*"))
    assert json.loads((root / "state/manifest.json").read_text())["interrupted"] == {}


def test_an_operator_who_leaves_lets_the_part_end_and_nothing_new_begin(machine: Machine, root: Path):
    etc = root / "etc"
    first = system(file(etc / "a", "x"), Step(name="s", check=f"test -e {etc}/mark", do=f"sleep 0.6; touch {etc}/mark"))
    second = system(file(etc / "b", "x"), name="second")

    async def leave() -> None:
        work = asyncio.create_task(machine.converging(first, second))
        await machine.step_begun.wait()
        pid = json.loads((root / "run/lock").read_text())["pid"]
        os.kill(pid, 0)
        work.cancel()
        await asyncio.wait([work])

    asyncio.run(leave())
    deadline = time.monotonic() + 5
    while not (etc / "mark").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    assert (etc / "mark").exists()
    assert not (etc / "b").exists()
    _, result = machine.converge(first, second)
    assert result.complete
