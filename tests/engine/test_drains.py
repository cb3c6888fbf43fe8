"""What is taken out of traffic before it restarts: the order of operations, of hosts, and what happens on failure."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_apply_waves import OK, ScriptedConnections, Stage, failed

from festning.engine.agent.part import Part, PartError
from festning.engine.apply import Outcome, apply
from festning.engine.drainplan import with_drains
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Drain, File, HostCatalog, Restart, SystemCatalog, Unit, Wave
from festning.model.facts import HostFacts, UnitFact
from festning.model.plan import Kind, Operation, Plan

RUNNING = UnitFact(load="loaded", active="active", sub="running", file_state="enabled")


def drain(name: str, *units: str) -> Drain:
    return Drain(name=name, units=units, begin="true", end="true")


def demo(*drains: Drain) -> SystemCatalog:
    reactions = (Restart("b.service"), Restart("a.service"), Restart("free.service"))
    items = (
        File(path="/etc/demo", content="new", on_change=reactions),
        *(Unit(name=unit) for unit in ("a.service", "b.service", "free.service")),
        *drains,
    )
    return SystemCatalog(system="demo", wave=Wave.SERVICES, items=items)


def operations(system: SystemCatalog, *, running: bool) -> list[tuple[Kind, str]]:
    units = dict.fromkeys(("a.service", "b.service", "free.service"), RUNNING) if running else {}
    facts = HostFacts(host="alpha", units=units)
    plan = plan_host(SealedCatalog(HostCatalog("alpha", (system,)), str), facts)
    return [(one.kind, one.target) for one in plan.operations]


def test_each_drain_is_around_its_own_units_one_after_another():
    found = operations(demo(drain("link a", "a.service"), drain("link b", "b.service")), running=True)
    assert found == [
        (Kind.WRITE, "/etc/demo"),
        (Kind.RESTART, "free.service"),
        (Kind.DRAIN, "link a"),
        (Kind.RESTART, "a.service"),
        (Kind.RESUME, "link a"),
        (Kind.DRAIN, "link b"),
        (Kind.RESTART, "b.service"),
        (Kind.RESUME, "link b"),
    ]


def test_where_nothing_runs_nothing_is_drained():
    found = operations(demo(drain("link a", "a.service")), running=False)
    assert Kind.DRAIN not in {kind for kind, _ in found}


def test_a_drain_says_why_and_is_no_change():
    reaction = Operation(wave=Wave.SERVICES, system="demo", kind=Kind.RELOAD, target="a.service", why="x")
    first, _, last = with_drains(demo(drain("door", "a.service")), [reaction])
    assert (first.why, last.why) == ("before a.service is reloaded", "after a.service is reloaded")
    facts = HostFacts(host="alpha", units={"a.service": RUNNING})
    sealed = SealedCatalog(HostCatalog("alpha", (demo(drain("door", "a.service")),)), str)
    plan = plan_host(sealed, facts)
    assert plan.changes == len([one for one in plan.operations if one.kind not in (Kind.DRAIN, Kind.RESUME)])


def carry_out(stage: Stage, drained: set[str], hosts: tuple[str, ...] = ("one", "two", "three")) -> dict[str, Outcome]:
    system = demo(drain("door", "a.service"))
    sealed = {host: SealedCatalog(HostCatalog(host, (system,)), str) for host in hosts}
    plans = tuple(
        plan_host(sealed[host], HostFacts(host=host, units={"a.service": RUNNING} if host in drained else {}))
        for host in hosts
    )
    result = asyncio.run(
        apply(Plan(fortress="demo", hosts=plans), sealed, ScriptedConnections(stage), operator="kari@desk")
    )
    return {host.host: host.outcome for host in result.hosts}


def test_hosts_that_drain_come_last_and_one_at_a_time():
    stage = Stage(lambda wave, host: OK)
    carry_out(stage, {"one", "two"})
    assert stage.log == [("services", "three"), ("services", "one"), ("services", "two")]


def test_hosts_behind_one_that_failed_while_drained_are_not_attempted():
    stage = Stage(lambda wave, host: failed("no") if host == "one" else OK)
    outcomes = carry_out(stage, {"one", "two"})
    assert outcomes["one"] is Outcome.FAILED
    assert outcomes["two"] is Outcome.SKIPPED
    assert outcomes["three"] is not Outcome.SKIPPED


def told(kind: str, folder: Path, *, begin: str = "true") -> dict[str, object]:
    scripts = {"begin": f"echo begin >> {folder}/log; {begin}", "end": f"echo end >> {folder}/log"}
    return {"kind": kind, "target": "door", "timeout_s": 5.0, **scripts}


def gate(check: str) -> dict[str, object]:
    return {"kind": "gate", "target": "there", "check": check, "timeout_s": 0.2}


def test_what_was_drained_is_put_back_once_when_the_change_fails(tmp_path: Path):
    part = Part([told("drain", tmp_path), gate("false"), told("resume", tmp_path)])
    with pytest.raises(PartError):
        part.carry_out()
    assert part.back() == []
    assert (tmp_path / "log").read_text().split() == ["begin", "end"]


def test_a_drain_that_fails_half_way_is_put_back(tmp_path: Path):
    part = Part([told("drain", tmp_path, begin="exit 3"), told("resume", tmp_path)])
    with pytest.raises(PartError, match="could not be drained"):
        part.carry_out()
    assert part.back() == []
    assert (tmp_path / "log").read_text().split() == ["begin", "end"]


def test_a_drain_that_was_ended_is_not_ended_again(tmp_path: Path):
    part = Part([told("drain", tmp_path), told("resume", tmp_path), gate("false")])
    with pytest.raises(PartError):
        part.carry_out()
    part.back()
    assert (tmp_path / "log").read_text().split() == ["begin", "end"]
