"""A load on machines that are played: it outlives the death of any of them, and says what it could not find out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from festning.engine.transport import LocalConnection
from festning.errors import FestningError, HostUnreachableError
from festning.model.check import Verdict
from festning.model.drill import Fate, Kind
from festning.model.load import load_fortress
from festning.proof.histories.minority import Cut
from festning.proof.load.tables import OPENING
from festning.providers.lab.placement import relocate
from festning.workflows.loading import Load, Places, Volume, places_of, sql_door, streams_by_name, streams_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "nordlys" / "fortress.yaml"
FORTRESS = relocate(load_fortress(EXAMPLE))
WELL = "everything was told\n"


@dataclass
class Channel:
    """A program that is played: its lines are given, then it ends, or its machine dies."""

    host: str
    lines: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    dead: bool = False
    source: bytes = b""
    at_end: Callable[[], None] = lambda: None
    closed: bool = False

    async def write(self, data: bytes) -> None:
        self.source += data

    async def end(self) -> None:
        if self.dead:
            raise HostUnreachableError(self.host, "went away")
        self.at_end()

    async def readline(self) -> bytes:
        line = await self.lines.get()
        if line is None:
            if self.dead:
                raise HostUnreachableError(self.host, "went away")
            return b""
        return line.encode() + b"\n"

    async def wait(self) -> tuple[int | None, str]:
        return 1, "Traceback\nImportError: no driver"

    async def close(self) -> None:
        self.closed = True

    def tell(self, **told: Any) -> None:
        self.lines.put_nowait(json.dumps(told))

    def begin(self, number: int, book: str, function: str, value: Any, door: str = "") -> None:
        kind = "read" if function == "read" else "write"
        about = {"door": door or f"{self.host}: 3306", "kind": kind, "book": book, "function": function}
        self.tell(begin=number, request=number, **about, value=value, due=number, at=number)

    def finish(self, number: int, found: Any = None) -> None:
        self.tell(end=number, at=number + 0.5, fate="ok", why="", node="core1", value=found, more=False)

    def leave(self, sent: int) -> None:
        self.tell(sent=sent)
        self.lines.put_nowait(None)

    def die(self) -> None:
        self.dead = True
        self.lines.put_nowait(None)


class Machines:
    """Connections to machines that are played."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.forgotten: list[str] = []
        self.scripts: list[tuple[str, str]] = []
        self.silent: set[str] = set()
        self.answers: dict[str, str] = {}
        self.first = json.dumps({"began": 1.0})

    async def to(self, host: str) -> Any:
        async def start(_argv: tuple[str, ...]) -> Channel:
            channel = Channel(host)
            channel.lines.put_nowait(self.first)
            if self.first == "":
                channel.lines.put_nowait(None)
            channel.at_end = lambda: channel.leave(0)
            self.channels[host] = channel
            return channel

        return SimpleNamespace(start=start)

    async def forget(self, host: str) -> None:
        self.forgotten.append(host)
        self.silent.discard(f"{host} once")

    async def printed(self, _load: Load, host: str, script: str) -> str | None:
        self.scripts.append((host, script))
        if self.silent & {host, f"{host} once"}:
            return None
        if "COUNT(*)" in script:
            return "1\n" * script.count("COUNT(*)") + WELL
        return self.answers.get(host, balances()) if "'balance'" in script else WELL


def balances() -> str:
    return "".join(f"balance\t{account}\t{balance}\n" for account, balance in OPENING.items()) + WELL


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Machines:
    played = Machines()

    async def printed(load: Load, host: str, script: str) -> str | None:
        return await played.printed(load, host, script)

    monkeypatch.setattr(Load, "_printed", printed)
    return played


def the_load(machines: Machines) -> Load:
    opened = SimpleNamespace(fortress=FORTRESS, vault=SimpleNamespace(lookup=lambda _name: "PEM"))
    volume = Volume(seconds=5)
    places = places_of(cast("Any", opened), volume.per_second)
    return Load(places, cast("Any", machines), "L1-", volume, clock=lambda: 1.0)


def test_a_load_goes_in_where_it_is_told(machines: Machines):
    streams = tuple(one for one in streams_of(FORTRESS, 2.0) if one.door == "core1")
    places = Places(
        fortress=FORTRESS, streams=streams, authority="PEM", schema="store", sessions={"core2": "/etc/2014/shop.env"}
    )

    async def work() -> None:
        load = Load(places, cast("Any", machines), "L1-", Volume(seconds=5), clock=lambda: 1.0)
        await load.begin()
        await load.abandon()

    asyncio.run(work())
    assert set(machines.channels) == {"client", "core2"}
    assert b"/etc/2014/shop.env" in machines.channels["core2"].source
    assert b"'edge1'" not in machines.channels["client"].source
    assert "store" in machines.scripts[0][1]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_every_door_is_visited_to_read_and_to_write_over_kept_and_new_connections():
    streams = streams_of(FORTRESS, 2.0)
    assert {one.door for one in streams} == {"core1", "core2", "edge1", "edge2"}
    shop = {(one.door, one.method, one.keep) for one in streams if one.host == "shop.nordlys.example"}
    assert len(shop) == 4 * 2 * 2
    assert {one.book for one in streams} == {"", "orders: shop"}
    assert all((one.method == "POST") == (one.book != "") for one in streams)


def test_nobody_visits_an_edge_that_is_leaving():
    leaving = replace(FORTRESS, hosts=tuple(replace(host, leaving=host.name == "edge2") for host in FORTRESS.hosts))
    assert {one.door for one in streams_of(leaving, 2.0)} == {"core1", "core2", "edge1"}


def test_people_who_come_by_name_do_the_same_wherever_the_names_lead():
    streams = streams_by_name(FORTRESS, 2.0)
    assert {(one.door, one.host, one.address) for one in streams} == {
        (service.host, service.host, "") for service in FORTRESS.services
    }
    at_doors = {
        (one.host, one.method, one.path, one.keep, one.per_second, one.book) for one in streams_of(FORTRESS, 2.0)
    }
    assert {(one.host, one.method, one.path, one.keep, one.per_second, one.book) for one in streams} == at_doors


def test_an_undisturbed_load_is_judged_and_leaves_nothing(machines: Machines):
    async def work() -> Any:
        load = the_load(machines)
        await load.begin()
        assert set(machines.channels) == {"client", "core1", "core2"}
        client, core1 = machines.channels["client"], machines.channels["core1"]
        client.begin(1, "orders: shop", "write", "L1-1", door="edge1")
        client.finish(1)
        core1.begin(1, "bank", "transfer", ["account0", "account1", 3])
        core1.finish(1)
        await settle()
        latest = load.latest()
        assert latest["edge1", Kind.WRITE].good == latest[sql_door("core1"), Kind.WRITE].good == 1.5
        assert not latest["edge1", Kind.WRITE].ended
        return await load.end()

    loaded = asyncio.run(work())
    assert loaded.broken == {}
    assert loaded.lost == ()
    assert len(loaded.of(Fate.OK)) == len(loaded.of(Fate.OK, Kind.WRITE)) == 2
    verdicts = {one.checker: one.verdict for one in loaded.checked}
    assert verdicts["unique writes: shop"] is verdicts["bank"] is Verdict.PASS
    hosts = [host for host, script in machines.scripts if "DROP TABLE" in script]
    assert hosts == ["core1", "core1"], "what an earlier load left, and at the end its own"
    assert machines.forgotten == []


def test_what_a_dead_machine_told_counts_and_what_was_under_way_is_unknown(machines: Machines):
    async def work() -> Any:
        load = the_load(machines)
        await load.begin()
        core1 = machines.channels["core1"]
        core1.begin(1, "set", "add", ["7", "core1-1"])
        core1.finish(1)
        core1.begin(2, "set", "add", ["7", "core1-2"])
        core1.die()
        await settle()
        assert load.latest()[sql_door("core1"), Kind.WRITE].ended
        # Its last lines were lost with it, but not the last item.
        machines.answers = dict.fromkeys(("core1", "core2"), "item\t7\tcore1-1\nitem\t7\tcore1-3\n" + balances())
        machines.silent = {"core1 once"}
        return await load.end()

    loaded = asyncio.run(work())
    assert loaded.broken == {"core1: 3306": "core1: went away"}
    assert [one.fate for one in loaded.outcomes] == [Fate.OK, Fate.UNKNOWN]
    assert {one.checker: one.verdict for one in loaded.checked}["set"] is Verdict.PASS
    assert machines.forgotten == ["core1"], "it was asked again over a new connection"


def test_a_program_that_ends_before_its_time_is_told_with_its_words(machines: Machines):
    async def work() -> Any:
        load = the_load(machines)
        await load.begin()
        machines.channels["core2"].lines.put_nowait(None)
        await settle()
        return await load.end()

    assert asyncio.run(work()).broken == {"core2: 3306": "it ended before its time: Traceback\nImportError: no driver"}


def test_a_data_node_that_cannot_be_asked_makes_it_unknown(machines: Machines):
    async def work() -> Any:
        load = the_load(machines)
        await load.begin()
        machines.channels["core1"].begin(1, "numbers", "write", "core1-1")
        machines.channels["core1"].finish(1)
        machines.answers["core1"] = "number\tcore1-1\t1.0\n" + balances()
        machines.silent = {"core2"}
        return await load.end()

    loaded = asyncio.run(work())
    (sql,) = [one for one in loaded.checked if one.checker == "unique writes: SQL"]
    assert (sql.verdict, sql.problems) == (Verdict.UNKNOWN, ("core2 could not be asked what it has in the end",))
    assert loaded.lost == ()


def test_writes_straight_to_a_node_that_was_cut_off_are_judged_with_the_rest(machines: Machines):
    told = [
        json.dumps({"began": 0.9}),
        *(
            json.dumps(line)
            for number, fate in ((1, "failed"), (2, "ok"))
            for line in (
                {"begin": number, "request": number, "door": "core1", "kind": "write", "book": "numbers",
                 "function": "write", "value": f"core1:direct1-{number}", "due": 11.0, "at": 11.0},
                {"end": number, "at": 12.0, "fate": fate, "why": "1047", "node": "core1", "value": None, "more": False},
            )
        ),
    ]  # fmt: skip

    async def work() -> Any:
        load = the_load(machines)
        await load.begin()
        text = load.direct("core1", 5.0)
        assert "festning_load_numbers_L1" in text
        assert "core1:direct1" in text
        return await load.end({"core1": told}, [Cut("core1", 10, 20)])

    loaded = asyncio.run(work())
    found = {one.checker: one for one in loaded.checked}
    assert found["minority"].verdict is Verdict.FAIL
    assert found["minority"].looked_at == 2
    assert loaded.lost == ("core1:direct1-2",)
    assert loaded.outcomes == (), "nobody who uses the fortress felt those"


def test_what_cannot_be_started_is_said_and_nothing_is_left_running(machines: Machines):
    machines.first = ""

    async def work() -> None:
        await the_load(machines).begin()

    with pytest.raises(FestningError, match="the load did not start"):
        asyncio.run(work())
    assert all(channel.closed for channel in machines.channels.values())
    assert "DROP TABLE" in machines.scripts[-1][1]
    machines.silent = {"core1", "core2"}
    with pytest.raises(FestningError, match="took the load's tables: core1: could not be asked; core2: could not"):
        asyncio.run(work())


def test_one_data_node_that_answers_is_enough_to_begin(machines: Machines):
    machines.silent = {"core1"}
    asyncio.run(the_load(machines).begin())
    assert [host for host, _ in machines.scripts] == ["core1", "core2"]


def test_who_gives_up_leaves_nothing_behind(machines: Machines):
    async def work() -> None:
        load = the_load(machines)
        await load.begin()
        await load.abandon()

    asyncio.run(work())
    assert all(channel.closed for channel in machines.channels.values())
    assert [host for host, script in machines.scripts if "DROP TABLE" in script] == ["core1", "core1"]


def test_all_that_a_data_node_has_is_heard_however_much_it_is():
    class Here:
        async def to(self, host: str) -> LocalConnection:
            return LocalConnection(host)

    async def work() -> str | None:
        load = the_load(cast("Any", Here()))
        return await load._printed("here", "seq 300000\n")

    told = asyncio.run(work())
    assert told is not None
    assert told.splitlines()[-1] == "300000"
