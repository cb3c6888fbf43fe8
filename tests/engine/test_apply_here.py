"""Observe, plan and apply for real, on the machine that runs the tests, below a directory of the test's own."""

from __future__ import annotations

import asyncio
import getpass
import grp
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from festning.engine.apply import ApplyResult, LockedError, Outcome, Progress, apply
from festning.engine.connections import Connections
from festning.engine.endpoint import this_machine
from festning.engine.observe import observe
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File, Gate, HostCatalog, Item, Step, SystemCatalog, Wave
from festning.model.facts import HostFacts
from festning.model.plan import Plan
from festning.model.reference import secret

OWNER = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
PASSWORD = "correct-horse-battery"


def file(path: Path, content: str, **more: object) -> File:
    return File(path=str(path), content=content, **OWNER, **more)  # type: ignore[arg-type]


@dataclass
class Machine:
    """This machine as a host, with records below ``root``."""

    root: Path
    events: list[Progress] = field(default_factory=list)
    step_begun: asyncio.Event = field(default_factory=asyncio.Event)
    before_apply: Callable[[], None] = lambda: None

    @property
    def directories(self) -> dict[str, str]:
        return {"state_directory": str(self.root / "state"), "run_directory": str(self.root / "run")}

    def hear(self, event: Progress) -> None:
        self.events.append(event)
        if event.kind == "step":
            self.step_begun.set()

    def converge(self, *systems: SystemCatalog, operator: str = "kari@desk") -> tuple[Plan, ApplyResult]:
        return asyncio.run(self._converge(systems, operator))

    def plan(self, *systems: SystemCatalog) -> Plan:
        return asyncio.run(self._plan(systems))

    async def _plan(self, systems: tuple[SystemCatalog, ...]) -> Plan:
        sealed = self.sealed(systems)
        async with Connections([this_machine("alpha")]) as connections:
            return self._planned(sealed, await self._facts(sealed, connections))

    async def _converge(self, systems: tuple[SystemCatalog, ...], operator: str) -> tuple[Plan, ApplyResult]:
        sealed = self.sealed(systems)
        async with Connections([this_machine("alpha")]) as connections:
            plan = self._planned(sealed, await self._facts(sealed, connections))
            self.before_apply()
            result = await apply(
                plan,
                {"alpha": sealed},
                connections,
                operator=operator,
                progress=self.hear,
                **self.directories,
            )
        return plan, result

    @staticmethod
    def sealed(systems: tuple[SystemCatalog, ...]) -> SealedCatalog:
        return SealedCatalog(HostCatalog("alpha", systems), {"pw": PASSWORD}.__getitem__)

    async def _facts(self, sealed: SealedCatalog, connections: Connections) -> HostFacts:
        state = self.directories["state_directory"]
        facts = (await observe({"alpha": sealed}, connections, state_directory=state))["alpha"]
        assert isinstance(facts, HostFacts)
        return facts

    @staticmethod
    def _planned(sealed: SealedCatalog, facts: HostFacts) -> Plan:
        return Plan(fortress="nordlys", hosts=(plan_host(sealed, facts),))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "etc").mkdir()
    return Machine(tmp_path)


def system(*items: Item, name: str = "demo", wave: Wave = Wave.GROUND) -> SystemCatalog:
    return SystemCatalog(system=name, wave=wave, items=items)


def test_the_first_apply_makes_it_and_the_second_has_nothing_to_do(machine: Machine):
    etc, mark = machine.root / "etc", machine.root / "mark"
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
    records = (machine.root / "state/journal.jsonl").read_text() + (machine.root / "state/manifest.json").read_text()
    assert "kari@desk" in records
    assert PASSWORD not in records + repr(plan) + json.dumps(plan.document())


def test_a_step_that_fails_takes_the_files_back_and_says_why_without_the_secret(machine: Machine):
    conf = machine.root / "etc/app.conf"
    conf.write_text("before\n")
    demo = system(file(conf, "after\n"), Step(name="broken", check="false", do=f"echo denied {secret('pw')}; exit 7"))
    later = system(file(machine.root / "etc/later", "x"), name="later")
    _, result = machine.converge(demo, later)
    (host,) = result.hosts
    assert host.outcome is Outcome.FAILED
    assert host.reason == "step 'broken' failed with status 7"
    assert host.output == f"denied {secret('pw')}"
    assert host.system == "demo"
    assert host.back == ("put back as it was",)
    assert conf.read_text() == "before\n"
    assert not (machine.root / "etc/later").exists()
    assert not result.complete


def test_a_gate_that_stays_shut_takes_the_files_back(machine: Machine):
    conf = machine.root / "etc/app.conf"
    gate = Gate(name="healthy", check="echo not yet; false", timeout_s=0.5)
    _, result = machine.converge(system(file(conf, "x"), gate))
    assert result.hosts[0].reason == "'healthy' was not so within 0.5 s"
    assert result.hosts[0].output == "not yet"
    assert not conf.exists()


def test_a_gate_waits(machine: Machine):
    tries = machine.root / "tries"
    gate = Gate(name="third time", check=f"echo x >> {tries}; test $(wc -l < {tries}) -ge 3", timeout_s=5)
    _, result = machine.converge(system(file(machine.root / "etc/a", "x"), gate))
    assert result.complete


def test_a_step_that_an_earlier_one_made_needless_is_not_done(machine: Machine):
    mark, second = machine.root / "mark", machine.root / "second"
    steps = (
        Step(name="one", check=f"test -e {mark}", do=f"touch {mark}"),
        Step(name="two", check=f"test -e {mark}", do=f"touch {second}"),
    )
    _, result = machine.converge(system(*steps))
    assert result.complete
    assert not second.exists()


def test_what_leaves_the_catalog_leaves_the_host_and_what_was_there_before_stays(machine: Machine):
    etc = machine.root / "etc"
    machine.converge(system(Directory(path=str(etc), **OWNER), file(etc / "a", "x"), file(etc / "n/b", "y")))
    plan, result = machine.converge(system(file(etc / "a", "x")))
    assert result.complete
    assert [operation.target for operation in plan.hosts[0].operations] == [str(etc / "n/b")]
    plan, result = machine.converge()
    assert [operation.target for operation in plan.hosts[0].operations] == [str(etc / "a")]
    assert etc.is_dir()
    assert machine.plan().changes == 0


def test_a_purged_directory_holds_only_what_is_declared(machine: Machine):
    folder = machine.root / "etc/conf.d"
    folder.mkdir()
    (folder / "stray.conf").write_text("x")
    (folder / "deep").mkdir()
    (folder / "deep/file").write_text("y")
    demo = system(Directory(path=str(folder), purge=True, **OWNER), file(folder / "ours.conf", "z"))
    _, result = machine.converge(demo)
    assert result.complete
    assert [path.name for path in folder.iterdir()] == ["ours.conf"]
    assert machine.plan(demo).changes == 0


def test_a_file_that_moved_since_the_plan_is_not_touched(machine: Machine):
    conf = machine.root / "etc/app.conf"
    machine.before_apply = lambda: [conf.write_text("somebody was here\n"), None][1]
    _, result = machine.converge(system(file(conf, "ours\n")))
    assert result.hosts[0].outcome is Outcome.FAILED
    assert result.hosts[0].reason == f"changed since the plan was made: {conf}"
    assert conf.read_text() == "somebody was here\n"


def test_the_second_operator_is_told_who_is_at_it(machine: Machine):
    slow = system(Step(name="slow", check="false", do="sleep 1.5; false"))

    async def both() -> None:
        first = asyncio.create_task(machine._converge((slow,), "kari@desk"))
        await machine.step_begun.wait()
        with pytest.raises(LockedError, match="kari@desk has been changing this host since") as refused:
            await machine._converge((system(file(machine.root / "etc/b", "x")),), "ola@laptop")
        assert refused.value.operator == "kari@desk"
        assert not (machine.root / "etc/b").exists()
        await first

    asyncio.run(both())
    _, result = machine.converge(system(file(machine.root / "etc/b", "x")), operator="ola@laptop")
    assert result.complete


def test_an_agent_that_is_killed_leaves_whole_files_and_the_next_apply_completes(machine: Machine):
    etc = machine.root / "etc"
    (etc / "a").write_text("old\n")
    mark = machine.root / "mark"
    demo = system(
        file(etc / "a", "new\n"),
        file(etc / "b", "new\n"),
        Step(name="s", check=f"test -e {mark}", do=f"sleep 30; touch {mark}"),
    )

    async def kill() -> ApplyResult:
        work = asyncio.create_task(machine._converge((demo,), "kari@desk"))
        await machine.step_begun.wait()
        os.kill(json.loads((machine.root / "run/lock").read_text())["pid"], 9)
        return (await work)[1]

    result = asyncio.run(kill())
    assert result.hosts[0].outcome is not Outcome.CHANGED
    assert (etc / "a").read_text() == "new\n"
    quick = system(*demo.items[:2], Step(name="s", check=f"test -e {mark}", do=f"touch {mark}"))
    plan, result = machine.converge(quick)
    assert [operation.kind.value for operation in plan.hosts[0].operations] == ["step"]
    assert result.complete
    assert not list(etc.glob(".*"))
    assert json.loads((machine.root / "state/manifest.json").read_text())["interrupted"] == {}


def test_an_operator_who_leaves_lets_the_part_end_and_nothing_new_begin(machine: Machine):
    etc = machine.root / "etc"
    first = system(file(etc / "a", "x"), Step(name="s", check=f"test -e {etc}/mark", do=f"sleep 0.6; touch {etc}/mark"))
    second = system(file(etc / "b", "x"), name="second")

    async def leave() -> None:
        work = asyncio.create_task(machine._converge((first, second), "kari@desk"))
        await machine.step_begun.wait()
        pid = json.loads((machine.root / "run/lock").read_text())["pid"]
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
