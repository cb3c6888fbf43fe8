"""SSH servers of asyncssh's own on this machine's loopback, as the other end of logins."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncssh

from festning.engine.endpoint import Endpoint

CLIENT = asyncssh.generate_private_key("ssh-ed25519")
CLIENT_KEY = CLIENT.export_private_key().decode()
OTHER = asyncssh.generate_private_key("ssh-ed25519")
USER = "kari"


def line_of(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


@dataclass
class Server:
    """An sshd: what came to it, and what it lets through."""

    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    forwards: bool = True
    says: str = ""
    port: int = 0
    logins: list[str] = field(default_factory=list)
    open: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    @property
    def line(self) -> str:
        return line_of(self.key)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        accepted = asyncssh.import_authorized_keys(line_of(CLIENT))
        listener = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Sshd(self),
            server_host_keys=[self.key],
            authorized_client_keys=accepted,
            process_factory=self._run,
        )
        self.port = listener.get_port()
        try:
            yield self
        finally:
            listener.close()
            await listener.wait_closed()

    async def _run(self, process: asyncssh.SSHServerProcess[str]) -> None:
        process.stderr.write(self.says)
        process.exit(1)


class _Sshd(asyncssh.SSHServer):
    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.open.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._server.logins.append(username)
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        del dest_host, dest_port, orig_host, orig_port
        if not self._server.forwards:  # As OpenSSH does with AllowTcpForwarding no.
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


def to(server: Server, **changes: object) -> Endpoint:
    fields: dict[str, object] = {
        "host": "core1",
        "address": "127.0.0.1",
        "port": server.port,
        "user": USER,
        "known_host_key": server.line,
        "key_source": "hosts.core1.host_key",
        "client_key": CLIENT_KEY,
    }
    return Endpoint(**{**fields, **changes})  # type: ignore[arg-type]


def nobody() -> int:
    """A port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def meeting(*servers: Server, what: Callable[[], Awaitable[None]]) -> None:
    async def go() -> None:
        async with AsyncExitStack() as stack:
            for server in servers:
                await stack.enter_async_context(server.running())
            await what()

    asyncio.run(go())
