"""Load on a fortress that is up: starts it, listens to it, stops it, and judges what came of it.

Knows which doors and services a fortress has, where the load's programs run, and how data nodes are asked; what an
outcome means is ``proof``'s. Knows nothing of what is done to the fortress meanwhile: a program whose machine dies has
told what it has told. Another stack on the same hosts can be loaded as well, by :class:`Places` of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from festning.engine.bundle import BOOTSTRAP
from festning.engine.connections import Connections
from festning.engine.transport import Channel
from festning.errors import FestningError
from festning.model.check import CLIENT
from festning.model.drill import Checked, Fate, Kind, Outcome
from festning.model.fortress import Fortress, Host, Service
from festning.model.material import Authority
from festning.model.repeating import keyed
from festning.proof.histories.minority import Cut
from festning.proof.histories.operation import Row
from festning.proof.load.books import (
    CLOCKS_S,
    ONE_CLOCK_S,
    ORDERS,
    Books,
    InTheEnd,
    books_of,
    judged,
    lost,
    with_unheard,
)
from festning.proof.load.hearing import Hearing, Latest
from festning.proof.load.programs import program
from festning.proof.load.stream import Stream
from festning.proof.load.tables import ACCOUNTS, Tables, read, whole
from festning.systems.services.names import environment_path
from festning.workflows.opening import Opened

PATIENCE_S = 15.0
CONNECTING_S = 3.0
STATEMENT_S = 2.0
DRAINING_S = 30.0
"""For which a program may take to end, once it was told to: longer than the patience of its last request."""
ASKING_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How much load, and bounds within which it ends by itself.

    ``per_second`` is requests in each stream, ``sql_per_second`` turns (of one to three statements) at each core;
    ``seconds`` and ``most`` (requests) bound each program.
    """

    per_second: float = 3.0
    sql_per_second: float = 20.0
    seconds: float = 600.0
    most: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of a load. ``lost`` are the acknowledged writes that a data node does not have, of those that could be
    asked; ``retries`` are attempts that failed and that the client itself made good; ``broken`` are the programs that
    did not come to their end, by where they ran, and why."""

    outcomes: tuple[Outcome, ...]
    checked: tuple[Checked, ...]
    lost: tuple[str, ...]
    retries: int
    broken: Mapping[str, str]
    books: Books
    end: InTheEnd

    def of(self, fate: Fate, kind: Kind | None = None) -> tuple[Outcome, ...]:
        """The requests that came to this."""
        return tuple(one for one in self.outcomes if one.fate is fate and kind in (None, one.kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a load goes in, on a stack that stands on the hosts of ``fortress``.

    ``authority`` (PEM) is who signed what front doors show. ``schema`` is the database in which the load makes its own
    tables, ``None`` where there is none; ``sessions`` are the hosts on which programs speak to that database, each with
    the file that tells them how.
    """

    fortress: Fortress
    streams: tuple[Stream, ...]
    authority: str
    schema: str | None = None
    sessions: Mapping[str, str] = field(default_factory=dict)


def places_of(opened: Opened, per_second: float) -> Places:
    """Where a load goes in on a fortress: every front door, and the database on every core that a service has it on."""
    service, hosts = _sql_places(opened.fortress)
    return Places(
        fortress=opened.fortress,
        streams=streams_of(opened.fortress, per_second),
        authority=opened.vault.lookup(Authority.WEB.certificate),
        schema=service.schema if service else None,
        sessions={host.name: environment_path(service) for host in hosts} if service else {},
    )


def places_by_name(opened: Opened, per_second: float) -> Places:
    """The same for people who come by the services' names, wherever those lead."""
    return replace(places_of(opened, per_second), streams=streams_by_name(opened.fortress, per_second))


WRITES_KEPT = 4
"""How many times as often as everything else writes are sent over kept connections, which cost least: the time between
two is what a gap is measured to."""


def streams_of(fortress: Fortress, per_second: float) -> tuple[Stream, ...]:
    """Each service through each front door, over kept and new connections: reads, and writes where it has a probe."""
    return tuple(
        stream
        for door in (*fortress.cores, *fortress.edges)
        if not door.leaving
        for service in fortress.services
        for stream in _streams(service, per_second, door=door.name, address=str(door.address))
    )


VISITORS = 2
"""Of each kind, when they come by name: several of them are at several doors at the same time."""


def streams_by_name(fortress: Fortress, per_second: float) -> tuple[Stream, ...]:
    """Each service by its name, in the same ways; the door that outcomes name is the name that was asked for."""
    return tuple(
        stream
        for service in fortress.services
        for stream in _streams(service, per_second, door=service.host, address="")
        for _ in range(VISITORS)
    )


def _streams(service: Service, per_second: float, *, door: str, address: str) -> Iterator[Stream]:
    for method, path, book in _requests(service):
        for keep in (True, False):
            yield Stream(
                door=door,
                address=address,
                host=service.host,
                method=method,
                path=path,
                keep=keep,
                per_second=per_second * (WRITES_KEPT if book and keep else 1),
                book=book,
                header=keyed("{token}") if book and service.idempotency_key else "",
            )


def sql_door(host: str) -> str:
    """How outcomes name the database as services on a host have it."""
    return f"{host}: 3306"


def _requests(service: Service) -> list[tuple[str, str, str]]:
    reading = [("GET", "/", "")]
    if service.probe is None:
        return reading
    return [*reading, (service.probe.method, service.probe.path, f"{ORDERS}{service.name}")]


class Load:
    """A load that runs. Use :meth:`begin` and :meth:`end`; :meth:`latest` tells between them how it goes."""

    def __init__(
        self,
        places: Places,
        connections: Connections,
        prefix: str,
        volume: Volume,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``prefix`` begins the number of every order; it must be new each time."""
        self._places = places
        self._fortress = places.fortress
        self._connections = connections
        self._prefix = prefix
        self._volume = volume
        self._clock = clock
        self._tables = Tables(places.schema, prefix) if places.schema else None
        self._programs: dict[str, _Program] = {}
        self._directs = 0

    async def begin(self) -> None:
        """Make the load's tables, start its programs, and wait until they run.

        Raises :class:`FestningError` when no data node takes the tables, or a program cannot be started.
        """
        if self._tables is not None:
            await self._make(self._tables)
        try:
            async with asyncio.TaskGroup() as group:
                for place, (host, name, prefix, orders) in self._wanted().items():
                    group.create_task(self._start(place, host, program(name, orders), Hearing(prefix)))
        except* FestningError as errors:
            await self.abandon()
            raise errors.exceptions[0] from errors

    def latest(self) -> Mapping[tuple[str, Kind], Latest]:
        """What was heard last, by door and kind of request."""
        return {key: latest for each in self._programs.values() for key, latest in each.hearing.latest().items()}

    def direct(self, host: str, seconds: float, per_second: float = 4.0) -> str:
        """The text of a program for a data node that writes to its own server, whatever becomes of the node's group.

        For ``python3 -I -u -``, as root, by a way that works while the host is cut off; it ends by itself, and what it
        prints is for :meth:`end`. Raises :class:`FestningError` where there is no database for it.
        """
        if self._tables is None:
            raise FestningError("the load has no tables: no service on a core has a database")
        self._directs += 1
        orders = {
            "host": host,
            "schema": self._tables.schema,
            "table": self._tables.names["numbers"],
            "prefix": f"{host}:direct{self._directs}",
            "per_second": per_second,
            "seconds": seconds,
            "patience_s": STATEMENT_S,
        }
        return program("minority", orders)

    async def end(self, direct: Mapping[str, Iterable[str]] | None = None, cuts: Sequence[Cut] = ()) -> Loaded:
        """Stop it, wait for every outcome, ask every data node what it has, and judge.

        ``direct`` is what the programs of :meth:`direct` printed, by host, and ``cuts`` says when which data nodes were
        cut off from the majority. Data nodes that cannot be asked make verdicts unknown.
        """
        await self._stop()
        hearings = [each.hearing for each in self._programs.values()]
        heard = [*hearings, *map(self._heard, (direct or {}).values())]
        books = books_of(heard)
        end = InTheEnd(orders=await self._orders(books), has=await self._has())
        books = with_unheard(books, end, heard)
        found = Loaded(
            outcomes=tuple(outcome for hearing in hearings for outcome in hearing.outcomes()),
            checked=judged(books, end, cuts, clocks_s=ONE_CLOCK_S if self._fortress.lab else CLOCKS_S),
            lost=lost(books, end),
            retries=sum(attempt.more for hearing in hearings for attempt in hearing.attempts()),
            broken={place: each.hearing.broken for place, each in self._programs.items() if each.hearing.broken},
            books=books,
            end=end,
        )
        await self._drop()
        return found

    async def abandon(self) -> None:
        """Stop it without a judgement, and leave nothing behind: for whoever gives up."""
        await asyncio.gather(*(each.leave() for each in self._programs.values()))
        await self._drop()

    async def _drop(self) -> None:
        if self._tables is not None:
            await self._first(self._tables.drop())

    def _wanted(self) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
        """The programs: by a name for the place, the host, the program, what begins all it writes, and its orders."""
        bounds = {"seconds": self._volume.seconds, "most": self._volume.most, "patience_s": PATIENCE_S}
        streams = [asdict(stream) for stream in self._places.streams]
        told = {"streams": streams, "authority": self._places.authority, "connecting_s": CONNECTING_S}
        wanted = {CLIENT: (CLIENT, "visitors", self._prefix, {**told, "prefix": self._prefix, **bounds})}
        for host, environment in self._places.sessions.items():
            assert self._tables is not None
            door = sql_door(host)
            orders = {
                "environment": environment,
                "door": door,
                "prefix": host,
                "tables": self._tables.names,
                "accounts": list(ACCOUNTS),
                "per_second": self._volume.sql_per_second,
                **bounds,
            }
            wanted[door] = (host, "sessions", host, orders)
        return wanted

    async def _start(self, place: str, host: str, text: str, hearing: Hearing) -> None:
        source = text.encode()
        connection = await self._connections.to(host)
        channel = await connection.start(("python3", "-I", "-u", "-c", BOOTSTRAP))
        try:
            asked = self._clock()
            await channel.write(f"{len(source):08x}".encode() + source)
            first = await channel.readline()
            if not hearing.begin(first, asked, self._clock()):
                _, said = await channel.wait()
                raise FestningError(f"{host}: the load did not start: {said.strip()[-300:]}")
        except BaseException:
            await channel.close()
            raise
        self._programs[place] = _Program(channel, hearing, asyncio.create_task(_listen(channel, hearing)))

    async def _stop(self) -> None:
        await asyncio.gather(*(each.end() for each in self._programs.values()))

    def _heard(self, lines: Iterable[str]) -> Hearing:
        hearing = Hearing("")
        for line in lines:
            if not hearing.began:
                hearing.begin(line, 0.0, self._clock())
            hearing.hear(line)
        for attempt in hearing.attempts():
            hearing.prefix = str(attempt.value).rpartition("-")[0]
        return hearing

    async def _make(self, tables: Tables) -> None:
        refused = await self._first(tables.make())
        if refused:
            said = "; ".join(f"{node}: {words}" for node, words in refused.items())
            raise FestningError(f"no data node took the load's tables: {said}", hint="is it well? festning verify")

    async def _first(self, script: str) -> dict[str, str]:
        """Run a script on the first data node on which it comes to its end; nothing, or what each said instead."""
        said: dict[str, str] = {}
        for core in self._fortress.cores:
            answer = (await self._ask([core.name], script))[core.name]
            if whole(answer):
                return {}
            said[core.name] = "could not be asked" if answer is None else answer.strip()[-200:] or "said nothing"
        return said

    async def _has(self) -> dict[str, Any]:
        if self._tables is None:
            return {}
        answers = await self._ask_nodes(self._tables.tell())
        return {node: read(answer) for node, answer in answers.items()}

    async def _orders(self, books: Books) -> dict[str, dict[str, Sequence[Row] | None]]:
        found = {}
        for service in self._fortress.services:
            if service.probe is not None and service.name in books.orders:
                numbers = [write.value for write in books.orders[service.name].writes]
                answers = await self._ask_nodes(_counting(service, service.probe.row, numbers))
                found[service.name] = {node: _counted(numbers, answer) for node, answer in answers.items()}
        return found

    async def _ask_nodes(self, script: str) -> dict[str, str | None]:
        """What each data node answers. One that does not is asked once more, over a new connection: it may have been
        away since the old one was opened."""
        cores = [core.name for core in self._fortress.cores]
        answers = await self._ask(cores, script)
        silent = [name for name in cores if not whole(answers[name])]
        for name in silent:
            await self._connections.forget(name)
        return answers | await self._ask(silent, script)

    async def _ask(self, hosts: Iterable[str], script: str) -> dict[str, str | None]:
        names = tuple(hosts)
        answers = await asyncio.gather(*(self._printed(name, script) for name in names))
        return dict(zip(names, answers, strict=True))

    async def _printed(self, host: str, script: str) -> str | None:
        """All that a script prints, however long that is; ``None`` where the host cannot be asked."""
        try:
            async with asyncio.timeout(ASKING_S):
                connection = await self._connections.to(host)
                return await _output(await connection.start(("sh",)), script)
        except (FestningError, TimeoutError):
            return None  # Nobody knows then what the node has, and whoever judges says so.


@dataclass(frozen=True, slots=True)
class _Program:
    """A program of the load that runs, and what is heard of it."""

    channel: Channel
    hearing: Hearing
    listening: asyncio.Task[None]

    async def end(self) -> None:
        """Tell it to end, and wait for it. One that is gone, or does not end, is broken."""
        with suppress(FestningError):  # What is not heard any more is known from listening.
            await self.channel.end()
        try:
            await asyncio.wait_for(self.listening, DRAINING_S)
        except TimeoutError:
            self.hearing.broken = f"it did not end within {DRAINING_S:g} s"
        finally:
            await self.channel.close()

    async def leave(self) -> None:
        """Go away without waiting: its input ends, and so does it, soon."""
        self.listening.cancel()
        await asyncio.wait([self.listening])
        await self.channel.close()


async def _output(channel: Channel, script: str) -> str:
    try:
        await channel.write(script.encode())
        await channel.end()
        lines = []
        while line := await channel.readline():
            lines.append(line.decode("utf-8", "replace"))
        return "".join(lines)
    finally:
        await channel.close()


async def _listen(channel: Channel, hearing: Hearing) -> None:
    """Hear a program out. When its machine dies, that is not an error here: it is what the load is there to see."""
    try:
        while line := await channel.readline():
            hearing.hear(line)
        if not hearing.finished:
            _, said = await channel.wait()
            hearing.broken = f"it ended before its time: {said.strip()[-300:]}"
    except FestningError as error:
        hearing.broken = error.message


def _sql_places(fortress: Fortress) -> tuple[Service | None, tuple[Host, ...]]:
    """A service with a database, and the cores that it runs on: data nodes have the driver."""
    for service in fortress.services:
        places = tuple(host for host in fortress.hosts_of(service) if host in fortress.cores)
        if service.database and places:
            return service, places
    return None, ()


def _counting(service: Service, row: str, numbers: Sequence[str]) -> str:
    selects = "\n".join(row.replace("{token}", number) + ";" for number in numbers)
    return f"""set -e
mariadb --skip-column-names --batch {service.schema} <<'SQL'
SET SESSION wsrep_sync_wait = 1;
{selects}
SQL
echo 'everything was told'
"""


def _counted(numbers: Sequence[str], answer: str | None) -> Sequence[Row] | None:
    """The rows that a data node has; ``None`` when it did not say."""
    if answer is None or not whole(answer):
        return None
    counts = map(int, answer.splitlines()[:-1])
    return [Row(number) for number, count in zip(numbers, counts, strict=True) for _ in range(count)]
