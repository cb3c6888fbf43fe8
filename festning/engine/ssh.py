"""SSH as a transport, by asyncssh: one connection for each host, reused for everything that is done there.

Knows algorithms, keys, and how one connection goes through another. Leaves what to think of host keys to ``hostkeys``,
and why a login did not work to ``login``.
"""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from festning.engine.endpoint import Endpoint
from festning.engine.hostkeys import Doorkeeper
from festning.engine.lean_asyncssh import asyncssh
from festning.engine.login import SilentPortError, explained, nowhere
from festning.engine.transport import Channel
from festning.errors import HostUnreachableError

_DEFAULT_PORT = 22
LOGIN_TIMEOUT_S = 10.0
PORT_TIMEOUT_S = 3.0
"""For each port but the last: a firewall that drops must not use up the time in which a change is confirmed."""
KEEPALIVE_INTERVAL_S = 2.0
KEEPALIVE_COUNT = 4
"""A host that dies in the middle is given up after 8 to 10 s of silence."""

_ALGORITHMS: dict[str, Any] = {
    # The fastest handshake first; what follows is for hosts that have been hardened in their own way.
    "kex_algs": ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384"],
    "encryption_algs": [
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
        "aes128-ctr",
        "aes256-ctr",
    ],
    "compression_algs": ["none"],
}


class SshConnection:
    """An open SSH connection."""

    def __init__(self, endpoint: Endpoint, connection: asyncssh.SSHClientConnection) -> None:
        self._endpoint = endpoint
        self._connection = connection

    @classmethod
    async def open(cls, endpoint: Endpoint, through: SshConnection | None = None) -> SshConnection:
        """Log in, at the first of the endpoint's ports where something answers; ``through`` a machine on the way.

        Raises :class:`HostUnreachableError` with what to do about it.
        """
        ports = (endpoint.port, *endpoint.other_ports)
        doubts: list[SilentPortError] = []
        for port in ports:
            patience_s = LOGIN_TIMEOUT_S if port == ports[-1] else PORT_TIMEOUT_S
            try:
                return await cls._at(replace(endpoint, port=port), through, patience_s)
            except SilentPortError as doubt:
                doubts.append(doubt)
        raise doubts[0] if len(ports) == 1 else nowhere(doubts[0], ports)

    @classmethod
    async def _at(cls, endpoint: Endpoint, through: SshConnection | None, patience_s: float) -> SshConnection:
        doorkeeper = Doorkeeper()
        try:
            async with asyncio.timeout(patience_s):
                options = await _options(endpoint)
                if through is not None:
                    options["tunnel"] = through._connection
                return cls(endpoint, await asyncssh.connect(client_factory=lambda: doorkeeper, **options))
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as error:
            raise explained(endpoint, error, doorkeeper, patience_s) from error

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, by whichever end."""
        return bool(self._connection.is_closed())

    async def start(self, argv: tuple[str, ...]) -> Channel:
        command = shlex.join(("sudo", "-n", "--", *argv) if self._endpoint.sudo else argv)
        try:
            process = await self._connection.create_process(command, encoding=None)
        except (asyncssh.Error, OSError) as error:
            raise _lost(self._endpoint.host, error) from error
        return _SshChannel(self._endpoint.host, process)

    async def close(self) -> None:
        self._connection.abort()
        await self._connection.wait_closed()


class _SshChannel:
    def __init__(self, host: str, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._host = host
        self._process = process

    async def write(self, data: bytes) -> None:
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (asyncssh.Error, OSError) as error:
            raise _lost(self._host, error) from error

    async def end(self) -> None:
        try:
            self._process.stdin.write_eof()
        except OSError as error:
            raise _lost(self._host, error) from error

    async def readline(self) -> bytes:
        try:
            return await self._line()
        except (asyncssh.Error, OSError) as error:
            raise _lost(self._host, error) from error

    async def _line(self) -> bytes:
        pieces: list[bytes] = []
        # A line longer than a window comes in pieces; readline() would look for its end from the beginning each time.
        while True:
            try:
                return b"".join([*pieces, await self._process.stdout.readuntil(b"\n")])
            except asyncio.IncompleteReadError as error:
                pieces.append(error.partial)
                if self._process.stdout.at_eof():
                    return b"".join(pieces)

    async def wait(self) -> tuple[int | None, str]:
        try:
            completed = await self._process.wait(check=False)
        except (asyncssh.Error, OSError) as error:
            raise _lost(self._host, error) from error
        stderr = completed.stderr or b""
        return completed.exit_status, stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else str(stderr)

    async def close(self) -> None:
        self._process.close()


async def _options(endpoint: Endpoint) -> dict[str, Any]:
    options: dict[str, Any] = {
        **_ALGORITHMS,
        "host": endpoint.address,
        "username": endpoint.user,
        "login_timeout": LOGIN_TIMEOUT_S,
        "keepalive_interval": KEEPALIVE_INTERVAL_S,
        "keepalive_count_max": KEEPALIVE_COUNT,
        "preferred_auth": "publickey",
        "gss_host": None,
        "host_based_auth": False,
        "x509_trusted_certs": None,
    }
    if endpoint.port != _DEFAULT_PORT or endpoint.other_ports or endpoint.client_key is not None:
        options["port"] = endpoint.port  # Otherwise a port in ~/.ssh/config would have no say.
    if endpoint.known_host_key is not None:
        key = asyncssh.import_public_key(endpoint.known_host_key)
        options["known_hosts"] = ([key], [], [])
    if endpoint.client_key is not None:
        # Nothing of the operator's own is looked at: not the configuration, not the agent, not the default keys.
        options |= {
            "client_keys": [asyncssh.import_private_key(endpoint.client_key)],
            "agent_path": None,
            "config": None,
        }
    if endpoint.open_socket is not None:
        options["sock"] = await asyncio.to_thread(endpoint.open_socket)
    return options


def _lost(host: str, error: Exception) -> HostUnreachableError:
    return HostUnreachableError(host, f"went away: {error or type(error).__name__}", hint="run the same command again")
