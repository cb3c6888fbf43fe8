"""Programs run side by side, each in its own process group, with bounded output and bounded time.

Stands in for ``subprocess``, which takes 11 ms to import (measured, Python 3.13): more than a whole look at a host
costs.
"""

from __future__ import annotations

import os
import select
import sys
import time

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": os.environ.get("HOME", "/root"),
    "SYSTEMD_PAGER": "",
    "SYSTEMD_COLORS": "0",
}
_HANGUP, _KILL, _PIPE, _TERMINATE = 1, 9, 13, 15
"""signal(7), the same on every Linux. ``signal`` would bring enumerations with it: 3 ms of each look at a host."""
OUTPUT_LIMIT = 64 * 1024
CUT_MARK = b"\n[cut: the rest of the output is left out]\n"
# This very Python: an operator's machine may have several, and by its name alone one would look for another's library.
_SHELLS = {"sh": ("/bin/sh",), "python3": (sys.executable or "python3", "-I", "-")}


class Command:
    """What to run. Scripts go over standard input, so that nobody sees them in the process list."""

    def __init__(
        self,
        argv: tuple[str, ...] | list[str],
        stdin: str = "",
        timeout_s: float = 60.0,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self.stdin = stdin
        self.timeout_s = timeout_s
        self.environment = {**ENVIRONMENT, **(environment or {})}


def script(text: str, timeout_s: float = 60.0, interpreter: str = "sh") -> Command:
    """A command that gives ``text`` to an interpreter (``sh`` or ``python3``)."""
    return Command(_SHELLS[interpreter], text, timeout_s)


class Ended:
    """How a command ended. ``status`` is ``None`` when its time was up, and 127 when there is no such program."""

    def __init__(self, status: int | None, stdout: str, stderr: str, seconds: float, started: float) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds
        self.started = started

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def output(self) -> str:
        """Both streams, for a person."""
        return "\n".join(part for part in (self.stdout.strip(), self.stderr.strip()) if part)


class _Stream:
    def __init__(self) -> None:
        self.source, self.sink = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.source, False)
        self.kept = b""
        self.cut = False
        self.open = True

    def drain(self) -> None:
        """Take what is there; beyond the limit it is read and forgotten, so that the writer never blocks."""
        while self.open:
            try:
                data = os.read(self.source, 65536)
            except BlockingIOError:
                return
            if not data:
                self.close()
            room = OUTPUT_LIMIT - len(self.kept)
            self.cut = self.cut or len(data) > room
            self.kept += data[:room]

    def close(self) -> None:
        if self.open:
            os.close(self.source)
            self.open = False

    @property
    def text(self) -> str:
        return (self.kept + (CUT_MARK if self.cut else b"")).decode("utf-8", "replace")


class _Running:
    def __init__(self, command: Command) -> None:
        self.started = time.monotonic()
        self.deadline = self.started + command.timeout_s
        self.out, self.err = _Stream(), _Stream()
        self.ended: Ended | None = None
        stdin = os.memfd_create("stdin")
        os.write(stdin, command.stdin.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        try:
            self.pid = os.posix_spawnp(
                command.argv[0],
                command.argv,
                command.environment,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, stdin, 0),
                    (os.POSIX_SPAWN_DUP2, self.out.sink, 1),
                    (os.POSIX_SPAWN_DUP2, self.err.sink, 2),
                ],
                setpgroup=0,
                setsigdef=[_PIPE, _HANGUP, _TERMINATE],
            )
            self.process = os.pidfd_open(self.pid)
        except OSError as error:
            self._close()
            self.ended = Ended(127, "", f"{command.argv[0]}: {error.strerror}", 0.0, self.started)
        finally:
            os.close(stdin)
            os.close(self.out.sink)
            os.close(self.err.sink)

    def descriptors(self) -> list[int]:
        return [self.process, *(stream.source for stream in (self.out, self.err) if stream.open)]

    def advance(self) -> bool:
        """Take in what happened; true when the command has ended."""
        self.out.drain()
        self.err.drain()
        waited, status = os.waitpid(self.pid, os.WNOHANG)
        now = time.monotonic()
        if not waited and now < self.deadline:
            return False
        code: int | None = os.waitstatus_to_exitcode(status) if waited else None
        if not waited:
            os.killpg(self.pid, _KILL)
            os.waitpid(self.pid, 0)
        self.out.drain()
        self.err.drain()
        self._close()
        os.close(self.process)
        self.ended = Ended(code, self.out.text, self.err.text, now - self.started, self.started)
        return True

    def _close(self) -> None:
        self.out.close()
        self.err.close()


def run_all(commands: list[Command], at_once: int = 8) -> list[Ended]:
    """Run every command, at most ``at_once`` at a time; the results are in the order of the commands."""
    waiting = list(reversed(commands))
    everything: list[_Running] = []
    running: list[_Running] = []
    while waiting or running:
        while waiting and len(running) < at_once:
            begun = _Running(waiting.pop())
            everything.append(begun)
            if begun.ended is None:
                running.append(begun)
        _wait(running)
        running = [one for one in running if not one.advance()]
    return [one.ended for one in everything if one.ended is not None]


def run(command: Command) -> Ended:
    """Run one command to its end."""
    return run_all([command])[0]


def _wait(running: list[_Running]) -> None:
    if not running:
        return
    poll = select.poll()
    for one in running:
        for descriptor in one.descriptors():
            poll.register(descriptor, select.POLLIN | select.POLLHUP)
    poll.poll(max(0.0, min(one.deadline for one in running) - time.monotonic()) * 1000 + 1)
