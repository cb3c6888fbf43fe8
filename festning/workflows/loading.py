"""Load on a lab that is up: starts it, stops it, and accounts for it.

Knows which doors and services a fortress has and where the load's programs run; what an outcome means is ``proof``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from festning.engine.bundle import BOOTSTRAP
from festning.engine.connections import Connections
from festning.engine.questions import ask_all
from festning.engine.transport import Channel
from festning.errors import FestningError
from festning.model.check import CLIENT, Probe
from festning.model.fortress import Fortress, Host, Service
from festning.model.material import Authority
from festning.proof.load.account import Account, Stream, account_of_session, account_of_visitors, missing
from festning.proof.load.session import TABLE
from festning.systems.services.names import environment_path
from festning.workflows.opening import Opened

PATIENCE_S = 15.0
DRAINING_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How much load: requests a second in each stream, and bounds within which it ends by itself."""

    per_second: float = 3.0
    seconds: float = 600.0
    most: int = 100_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load. ``lost`` says which acknowledged writes are not there exactly once, and on which node."""

    visitors: Account
    session: Account | None
    lost: tuple[str, ...]


def streams_of(fortress: Fortress, per_second: float) -> tuple[Stream, ...]:
    """Each service through each front door, over kept and new connections: reads, and writes where it has a probe."""
    return tuple(
        Stream(
            door=door.name,
            address=str(door.address),
            host=service.host,
            method=method,
            path=path,
            keep=keep,
            per_second=per_second,
            writes=writes,
        )
        for door in (*fortress.cores, *fortress.edges)
        for service in fortress.services
        for method, path, writes in _requests(service)
        for keep in (True, False)
    )


def _requests(service: Service) -> list[tuple[str, str, bool]]:
    reading = [("GET", "/", False)]
    return reading if service.probe is None else [*reading, (service.probe.method, service.probe.path, True)]


class Load:
    """A load that runs. Use :meth:`begin` and :meth:`end`."""

    def __init__(self, opened: Opened, connections: Connections, prefix: str, volume: Volume) -> None:
        """``prefix`` begins the number of every write; it must be new each time."""
        self._opened = opened
        self._connections = connections
        self._prefix = prefix
        self._volume = volume
        self._streams = streams_of(opened.fortress, volume.per_second)
        self._programs: dict[str, _Running] = {}

    async def begin(self) -> None:
        """Start it, and wait until it runs."""
        bounds = {"seconds": self._volume.seconds, "most": self._volume.most}
        orders = {
            "streams": [asdict(stream) for stream in self._streams],
            "authority": self._opened.vault.lookup(Authority.WEB.certificate),
            "prefix": self._prefix,
            "patience_s": PATIENCE_S,
            **bounds,
        }
        self._programs["visitors"] = await _start(self._connections, CLIENT, "visitors", orders)
        place = _session_place(self._opened.fortress)
        if place is not None:
            host, service = place
            told = {"environment": environment_path(service), "prefix": self._prefix, "per_second": 20, **bounds}
            self._programs["session"] = await _start(self._connections, host.name, "session", told)

    async def end(self) -> Loaded:
        """Stop it, wait for every outcome, and look for what was acknowledged on every data node.

        Raises :class:`FestningError` when a data node cannot be asked.
        """
        lines = {name: await program.end() for name, program in self._programs.items()}
        visitors = account_of_visitors(self._streams, lines["visitors"])
        session = account_of_session(lines["session"]) if "session" in lines else None
        return Loaded(visitors, session, await self._lost(visitors, session))

    async def _lost(self, visitors: Account, session: Account | None) -> tuple[str, ...]:
        fortress = self._opened.fortress
        writing = [service for service in fortress.services if service.probe is not None]
        found: tuple[str, ...] = ()
        for service in writing:
            assert service.probe is not None
            of_service = [write.number for write in visitors.acknowledged if write.host == service.host]
            found += missing(of_service, await self._rows(service, service.probe.row, of_service))
        place = _session_place(fortress)
        if session is not None and place is not None:
            row = f"SELECT COUNT(*) FROM {TABLE} WHERE number = '{{token}}'"  # noqa: S608 (a constant)
            numbers = [write.number for write in session.acknowledged]
            found += missing(numbers, await self._rows(place[1], row, numbers))
            await ask_all([Probe(host=fortress.cores[0].name, script=_drop(place[1]))], self._connections)
        return found

    async def _rows(self, service: Service, row: str, numbers: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each data node, how often it has each number."""
        selects = "\n".join(row.replace("{token}", number) + ";" for number in numbers)
        script = f"""mariadb --skip-column-names --batch {service.schema} <<'SQL'
SET SESSION wsrep_sync_wait = 1;
{selects}
SQL
"""
        probes = [Probe(host=core.name, script=script, timeout_s=120) for core in self._opened.fortress.cores]
        answers = await ask_all(probes, self._connections)
        return {host: _counted(host, numbers, answer) for host, answer in answers.items()}


def _counted(host: str, numbers: Sequence[str], answer: str | None) -> dict[str, int]:
    """Raises :class:`FestningError` where a node did not answer: what it has is then not known."""
    counts = (answer or "").split()
    if len(counts) != len(numbers):
        raise FestningError(f"{host} did not say which of {len(numbers)} acknowledged writes it has")
    return dict(zip(numbers, map(int, counts), strict=True))


def _drop(service: Service) -> str:
    return f"mariadb {service.schema} -e 'DROP TABLE IF EXISTS {TABLE}'\n"


def _session_place(fortress: Fortress) -> tuple[Host, Service] | None:
    """A core that runs a service with a database: data nodes have the driver."""
    for service in fortress.services:
        for host in fortress.hosts_of(service):
            if service.database and host in fortress.cores:
                return host, service
    return None


@dataclass(frozen=True, slots=True)
class _Running:
    """A program of the load with what it prints."""

    channel: Channel
    lines: asyncio.Task[list[str]]

    async def end(self) -> list[str]:
        await self.channel.end()
        try:
            return await asyncio.wait_for(self.lines, DRAINING_S)
        finally:
            await self.channel.close()


async def _start(connections: Connections, host: str, program: str, orders: dict[str, Any]) -> _Running:
    text = files("festning.proof.load").joinpath(f"{program}.py").read_text(encoding="utf-8")
    source = text.replace("ORDERS: dict[str, Any] = {}", f"ORDERS: dict[str, Any] = {orders!r}", 1).encode()
    source += b"" if b"__main__" in source else b"main()"
    connection = await connections.to(host)
    channel = await connection.start(("python3", "-I", "-u", "-c", BOOTSTRAP))
    await channel.write(f"{len(source):08x}".encode() + source)
    first = await channel.readline()
    if not first:
        _, said = await channel.wait()
        raise FestningError(f"{host}: the load did not start: {said.strip()[-300:]}")
    return _Running(channel, asyncio.create_task(_lines(channel)))


async def _lines(channel: Channel) -> list[str]:
    found = []
    while line := await channel.readline():
        found.append(line.decode())
    return found
