"""The machines on the way to hosts: one connection to each, which all hosts behind it share.

Knows when such a connection can still be used. Leaves the hosts' own connections to ``connections``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from festning.engine.endpoint import Endpoint
from festning.errors import HostUnreachableError

if TYPE_CHECKING:
    from festning.engine.ssh import SshConnection


class WaysThrough:
    """Connections to machines on the way, by where they are."""

    def __init__(self) -> None:
        self._open: dict[Endpoint, asyncio.Task[SshConnection]] = {}

    async def through(self, endpoint: Endpoint, *, again: bool = False) -> SshConnection | None:
        """The connection to go through to a host; ``None`` where the way is direct.

        One that has ended is opened anew; one that could not be opened only with ``again``. Raises
        :class:`HostUnreachableError` for the host when the machine on its way cannot be reached.
        """
        via = endpoint.via
        if via is None:
            return None
        task = self._open.get(via)
        if task is None or (task.done() and not _usable(task, again=again)):
            task = self._open[via] = asyncio.create_task(_connect(via))
        try:
            return await asyncio.shield(task)
        except HostUnreachableError as error:
            raise HostUnreachableError(endpoint.host, error.message, hint=error.hint) from error

    async def close(self) -> None:
        """Close them all; those of the hosts behind should be closed first."""
        tasks, self._open = list(self._open.values()), {}
        for task in tasks:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                await task.result().close()


async def _connect(via: Endpoint) -> SshConnection:
    from festning.engine.ssh import SshConnection  # noqa: PLC0415  asyncssh takes 0.1 s to import.

    return await SshConnection.open(via)


def _usable(task: asyncio.Task[SshConnection], *, again: bool) -> bool:
    if task.cancelled():
        return False
    if task.exception() is not None:
        return not again
    return not task.result().is_closed
