"""Waves over many hosts: the order, who is left out, who goes on. Hosts here are scripted ends of a conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from festning.engine.apply import ApplyResult, LockedError, Outcome, apply
from festning.engine.connections import Connections
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.engine.transport import Channel, Connection
from festning.errors import HostUnreachableError
from festning.model.catalog import HostCatalog, Step, SystemCatalog, Wave
from festning.model.facts import HostFacts, Unreachable
from festning.model.plan import Plan

Answer = Callable[[str, str], dict[str, object] | None]
OK: dict[str, object] = {"result": "ok"}


def failed(reason: str) -> dict[str, object]:
    return {"result": "failed", "reason": reason, "output": "", "back": []}


@dataclass
class Stage:
    """All hosts, what they answer to a wave (``None``: they die), and in what order they were asked."""

    answer: Answer
    log: list[tuple[str, str]] = field(default_factory=list)
    locked: tuple[str, ...] = ()


@dataclass
class ScriptedHost:
    """A connection and its channel in one."""

    host: str
    stage: Stage
    answers: asyncio.Queue[dict[str, object] | None] = field(default_factory=asyncio.Queue)

    async def start(self, argv: tuple[str, ...]) -> Channel:
        return self

    async def write(self, data: bytes) -> None:
        request = json.loads(data[data.rindex(b"\n", 0, -1) + 1 :] if data.count(b"\n") > 1 else data)
        if "operator" in request:
            holder = {"operator": "ola", "since": "noon"}
            self.answers.put_nowait({"locked": holder} if self.host in self.stage.locked else {"ready": True})
        elif "complete" in request:
            self.answers.put_nowait({"completed": True})
        elif "wave" in request:
            await asyncio.sleep(0.01)
            self.stage.log.append((request["wave"], self.host))
            self.answers.put_nowait(self.stage.answer(request["wave"], self.host))

    async def readline(self) -> bytes:
        answer = await self.answers.get()
        if answer is None:
            raise HostUnreachableError(self.host, "went away")
        return json.dumps(answer).encode() + b"\n"

    async def end(self) -> None: ...

    async def wait(self) -> tuple[int | None, str]:
        return 0, ""

    async def close(self) -> None: ...


class ScriptedConnections(Connections):
    def __init__(self, stage: Stage) -> None:
        super().__init__([])
        self._stage = stage

    async def to(self, host: str) -> Connection:
        return ScriptedHost(host, self._stage)


def catalog(host: str, *waves: Wave) -> SealedCatalog:
    step = Step(name="s", check="false", do="true")
    systems = [
        SystemCatalog(system=wave.name, wave=wave, items=(Step(name=wave.name, check=step.check, do=step.do),))
        for wave in waves
    ]
    return SealedCatalog(HostCatalog(host, tuple(systems)), str)


CORE = (Wave.GROUND, Wave.DATABASE, Wave.SERVICES)
EDGE = (Wave.GROUND, Wave.SERVICES)


def run(stage: Stage, *, order: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> ApplyResult:
    catalogs = {"core1": catalog("core1", *CORE), "core2": catalog("core2", *CORE), "edge": catalog("edge", *EDGE)}
    hosts = tuple(
        plan_host(sealed, Unreachable(host=name, reason="no answer") if name in missing else HostFacts(host=name))
        for name, sealed in catalogs.items()
    )
    return asyncio.run(
        apply(
            Plan(fortress="t", hosts=hosts), catalogs, ScriptedConnections(stage), operator="kari", serial_order=order
        )
    )


def outcomes(result: ApplyResult) -> dict[str, str]:
    return {host.host: host.outcome.value for host in result.hosts}


def test_a_wave_begins_when_the_one_before_it_has_ended_everywhere():
    stage = Stage(lambda _wave, _host: OK)
    run(stage)
    assert [wave for wave, _ in stage.log] == ["ground"] * 3 + ["database"] * 2 + ["services"] * 3


def test_hosts_go_in_the_given_order_in_a_serial_wave():
    stage = Stage(lambda _wave, _host: OK)
    result = run(stage, order=("core2", "core1"))
    assert [host for wave, host in stage.log if wave == "database"] == ["core2", "core1"]
    assert [host.host for host in result.hosts] == ["core1", "core2", "edge"]


def test_a_failed_data_node_stops_the_next_one_and_nobody_else():
    stage = Stage(lambda wave, host: failed("not synced") if (wave, host) == ("database", "core1") else OK)
    result = run(stage)
    assert outcomes(result) == {"core1": "failed", "core2": "skipped", "edge": "ok"}
    assert "core1 did not come through" in result.hosts[1].reason
    assert [host for wave, host in stage.log if wave == "services"] == ["edge"]


def test_a_host_that_dies_halfway_does_not_hold_up_the_others():
    stage = Stage(lambda wave, host: None if (wave, host) == ("ground", "edge") else OK)
    result = run(stage)
    assert outcomes(result) == {"core1": "ok", "core2": "ok", "edge": "unreachable"}
    assert ("services", "core2") in stage.log
    assert result.having(Outcome.UNREACHABLE)[0].host == "edge"
    assert not result.complete


def test_a_data_node_that_dies_in_its_turn_keeps_the_other_as_it_is():
    stage = Stage(lambda wave, host: None if (wave, host) == ("database", "core1") else OK)
    assert outcomes(run(stage)) == {"core1": "unreachable", "core2": "skipped", "edge": "ok"}


def test_a_host_that_was_unreachable_when_planned_is_reported_at_the_end():
    stage = Stage(lambda _wave, _host: OK)
    result = run(stage, missing=("core1",))
    assert outcomes(result) == {"core1": "unreachable", "core2": "ok", "edge": "ok"}
    assert result.hosts[0].reason == "no answer"


def test_one_locked_host_and_nothing_is_changed_anywhere():
    stage = Stage(lambda _wave, _host: OK, locked=("edge",))
    with pytest.raises(LockedError, match="edge: ola has been changing this host since noon"):
        run(stage)
    assert stage.log == []
