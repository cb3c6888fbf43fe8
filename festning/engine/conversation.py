"""What is said to an agent and what it answers: a program, a request, JSON lines back.

Knows how an agent is started and how it fails; leaves what the requests mean to ``observe``, ``apply`` and ``probes``.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from festning.engine.bundle import BOOTSTRAP, Verb, program
from festning.engine.transport import Channel, Connection
from festning.errors import FestningError, HostUnreachableError

STATE_DIRECTORY = "/var/lib/festning"
"""Where a host keeps its manifest and journal."""
RUN_DIRECTORY = "/run/festning"
"""Where a host keeps its lock, and files while they are staged: in memory, for root only."""

LAST_WORDS_S = 5.0
"""How long to wait for what a program says that was no longer there to be told more."""
_PYTHON = "festning needs python3 on every host: apt-get install python3-minimal"
_SUDOERS = (
    "visudo -f /etc/sudoers.d/festning, as root on that host, with the line: USER ALL=(ALL:ALL) NOPASSWD: ALL, for the "
    "user that admin.ssh_user names; no later line there may ask that user for a password again"
)
_ARGV = ("python3", "-I", "-S", "-c", BOOTSTRAP)


class AgentError(FestningError):
    """The agent on a host ended without an answer, or with an error of its own."""

    def __init__(self, host: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{host}: {message}", hint=hint)
        self.host = host


class Conversation:
    """A running agent. Use :func:`begin`."""

    def __init__(self, host: str, channel: Channel) -> None:
        self._host = host
        self._channel = channel

    async def say(self, request: dict[str, Any]) -> None:
        """Send a request."""
        await self.write(json.dumps(request).encode() + b"\n")

    async def write(self, data: bytes) -> None:
        """Give the agent what it reads; of one that ended before it read all of it, what it said is raised."""
        try:
            await self._channel.write(data)
        except HostUnreachableError as error:
            raise await self._ended_early(error) from error

    async def hear(self) -> dict[str, Any]:
        """The next answer. Raises :class:`AgentError` when there is none."""
        line = await self._channel.readline()
        if not line.endswith(b"\n"):
            raise await self._failure()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            hint = "does the login shell print something before it runs a command?"
            raise AgentError(self._host, f"an answer that is none: {line[:80]!r}", hint=hint) from error
        if "error" in answer:
            raise AgentError(self._host, answer["error"], hint=answer.get("hint"))
        return answer

    async def finish(self) -> None:
        """Nothing more will be asked; wait until the agent has left the host."""
        await self._channel.end()
        await self._channel.wait()

    async def leave(self) -> None:
        """Go away without waiting: the agent finishes the part at hand and begins nothing new."""
        await self._channel.close()

    async def _ended_early(self, error: HostUnreachableError) -> FestningError:
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                status, stderr = await self._channel.wait()
        except (TimeoutError, HostUnreachableError):
            return error
        return error if status is None else self._explained(status, stderr)

    async def _failure(self) -> FestningError:
        return self._explained(*await self._channel.wait())

    def _explained(self, status: int | None, stderr: str) -> FestningError:
        words = stderr.strip().splitlines()
        last = words[-1] if words else ""
        if refused := _sudo_refusal(self._host, stderr):
            return refused
        if status == 127:
            return HostUnreachableError(self._host, "there is no python3", hint=_PYTHON)
        if status is None:
            return HostUnreachableError(self._host, "the agent was killed, or the host went away", hint="run it again")
        return AgentError(self._host, f"the agent ended with status {status}: {last}")


# What sudo -n says when it does not let the command run (sudo(8)); its warnings begin with the same word.
_SUDO_REFUSES = (
    "a password is required",
    "a terminal is required",
    "must have a tty",
    "not in the sudoers file",
    "not allowed to",
    "may not run sudo",
)


def _sudo_refusal(host: str, stderr: str) -> HostUnreachableError | None:
    """What to say when it was sudo that ended the agent, before it began; ``None`` when it was not."""
    lines = [line for line in stderr.splitlines() if "sudo" in line]
    if any("sudo: command not found" in line or "sudo: not found" in line for line in lines):
        hint = "apt-get install sudo, as root on that host; or admin.ssh_user: root"
        return HostUnreachableError(host, "there is no sudo, and admin.ssh_user is not root", hint=hint)
    if any("python3: command not found" in line for line in lines):
        return HostUnreachableError(host, "there is no python3", hint=_PYTHON)
    for line in lines:
        if any(words in line for words in _SUDO_REFUSES):
            return HostUnreachableError(host, f"admin.ssh_user may not sudo without a password: {line}", hint=_SUDOERS)
    return None


async def start(host: str, connection: Connection, verb: Verb) -> Conversation:
    """Start an agent, which then waits for its first request."""
    return await _started(host, connection, program(verb))


async def begin(host: str, connection: Connection, verb: Verb, request: dict[str, Any]) -> Conversation:
    """Start an agent and make the first request."""
    return await _started(host, connection, program(verb) + json.dumps(request).encode() + b"\n")


async def _started(host: str, connection: Connection, told: bytes) -> Conversation:
    conversation = Conversation(host, await connection.start(_ARGV))
    try:
        await conversation.write(told)
    except BaseException:
        await conversation.leave()
        raise
    return conversation


async def ask(host: str, connection: Connection, verb: Verb, request: dict[str, Any]) -> dict[str, Any]:
    """One request, one answer."""
    return await ask_started(await start(host, connection, verb), request)


async def ask_started(conversation: Conversation, request: dict[str, Any]) -> dict[str, Any]:
    """One request to an agent that was started before, one answer, and it leaves."""
    try:
        await conversation.say(request)
        return await conversation.hear()
    finally:
        await conversation.leave()
