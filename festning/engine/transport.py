"""The tiny interface between the engine and whatever carries it to a host, and the way without a network.

Knows how to start a program and talk to it; leaves what is said to ``conversation``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from festning.engine.endpoint import Endpoint
from festning.errors import HostUnreachableError

if TYPE_CHECKING:
    from festning.engine.ssh import SshConnection


class Channel(Protocol):
    """A program that runs on a host. All methods raise :class:`HostUnreachableError` when the host goes away."""

    async def write(self, data: bytes) -> None:
        """Give it input."""

    async def end(self) -> None:
        """Close its input."""

    async def readline(self) -> bytes:
        """Its next line of output, empty at the end."""

    async def wait(self) -> tuple[int | None, str]:
        """Its exit status (``None`` when it was killed) and the last of what it wrote to standard error."""

    async def close(self) -> None:
        """Leave it, whatever it does."""


class Connection(Protocol):
    """A host that answers."""

    async def start(self, argv: tuple[str, ...]) -> Channel:
        """Start a program there."""

    async def close(self) -> None:
        """Say goodbye."""


async def connect(endpoint: Endpoint, through: SshConnection | None = None) -> Connection:
    """Open the connection that the endpoint asks for, ``through`` the machine on the way where there is one.

    Raises :class:`HostUnreachableError`.
    """
    if endpoint.local:
        return LocalConnection(endpoint.host)
    from festning.engine.ssh import SshConnection  # noqa: PLC0415  asyncssh takes 0.1 s to import.

    return await SshConnection.open(endpoint, through)


def load(endpoints: Iterable[Endpoint]) -> None:
    """Load what connecting to these takes, so that all of them begin at the same time."""
    if not all(endpoint.local for endpoint in endpoints):
        from festning.engine import ssh  # noqa: F401, PLC0415


class LocalConnection:
    """Programs on the operator's own machine."""

    def __init__(self, host: str) -> None:
        self._host = host

    async def start(self, argv: tuple[str, ...]) -> Channel:
        pipe = asyncio.subprocess.PIPE
        # In a session of its own: Ctrl-C is for festning, which then takes leave in its own way.
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE_LIMIT, start_new_session=True
        )
        return _LocalChannel(self._host, process)

    async def close(self) -> None:
        """Nothing was opened."""


LEAVE_PATIENCE_S = 60.0
LINE_LIMIT = 256 * 1024 * 1024
"""The longest line that an agent may answer with, in bytes: facts of a host with many changed files."""


class _LocalChannel:
    def __init__(self, host: str, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise HostUnreachableError(host, "a program was started without pipes")
        self._host = host
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr

    async def write(self, data: bytes) -> None:
        try:
            self._stdin.write(data)
            await self._stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise HostUnreachableError(self._host, "the agent ended early") from error

    async def end(self) -> None:
        self._stdin.close()

    async def readline(self) -> bytes:
        return await self._stdout.readline()

    async def wait(self) -> tuple[int | None, str]:
        stderr = await self._stderr.read()
        return await self._process.wait(), stderr.decode("utf-8", "replace")

    async def close(self) -> None:
        """As over SSH, a program that is left behind may come to its own end; here it is waited for."""
        self._stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), LEAVE_PATIENCE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):  # It may end by itself between the question and the signal.
                self._process.kill()
            await self._process.wait()
