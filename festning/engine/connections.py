"""One connection for each host, opened when it is first needed and reused until the work is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType

from festning.engine.bundle import Verb
from festning.engine.conversation import Conversation, start
from festning.engine.endpoint import Endpoint
from festning.engine.transport import Connection, connect, load
from festning.engine.ways_through import WaysThrough
from festning.errors import HostUnreachableError


class Connections:
    """Connections by host name; an async context manager that closes them all.

    A host that could not be reached is not tried again: every later use says so at once. Hosts behind one machine share
    one connection to it.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._endpoints = {endpoint.host: endpoint for endpoint in endpoints}
        self._open: dict[str, asyncio.Task[Connection]] = {}
        self._started: dict[tuple[str, Verb], asyncio.Task[Conversation]] = {}
        self._ways = WaysThrough()

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(self._endpoints)

    def begin(self, verb: Verb) -> None:
        """Begin to connect to every host and to start an agent there, while the caller does other work.

        How it goes is told by :meth:`to` and :meth:`agent`.
        """
        load(self._endpoints.values())
        for host in self._endpoints:
            if host not in self._open:
                self._started[host, verb] = asyncio.create_task(self._start(host, verb))

    async def agent(self, host: str, verb: Verb) -> Conversation:
        """An agent on ``host`` that waits for its first request: the one that was begun, or a new one.

        Raises :class:`HostUnreachableError`.
        """
        begun = self._started.pop((host, verb), None)
        return await (begun or self._start(host, verb))

    async def _start(self, host: str, verb: Verb) -> Conversation:
        return await start(host, await self.to(host), verb)

    async def to(self, host: str) -> Connection:
        """The connection to ``host``. Raises :class:`HostUnreachableError`."""
        if host not in self._endpoints:
            raise HostUnreachableError(host, "nothing is known of how to reach it")
        return await asyncio.shield(self._connecting(host))

    async def anew(self, host: str) -> Connection:
        """One more connection to ``host``, by the same way, for the caller to close. Raises HostUnreachableError."""
        endpoint = self._endpoints[host]
        return await connect(endpoint, await self._ways.through(endpoint, again=True))

    async def _connect(self, host: str) -> Connection:
        endpoint = self._endpoints[host]
        return await connect(endpoint, await self._ways.through(endpoint))

    def _connecting(self, host: str) -> asyncio.Task[Connection]:
        if host not in self._open:
            self._open[host] = asyncio.create_task(self._connect(host))
        return self._open[host]

    async def forget(self, host: str) -> None:
        """Close the connection to ``host``, if there is one; the next use opens a new one."""
        task = self._open.pop(host, None)
        if task is not None:
            await _close(task)

    async def __aenter__(self) -> Connections:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        begun, self._started = list(self._started.values()), {}
        for one in begun:  # Nobody came to ask them anything; their connections are closed next.
            one.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        tasks, self._open = list(self._open.values()), {}
        await asyncio.gather(*(_close(task) for task in tasks))
        await self._ways.close()


async def _close(task: asyncio.Task[Connection]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None:
        await task.result().close()
