"""Processes by pid and start time, so that a number the kernel has given to another program is never signalled."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its pid, and when it started (clock ticks after boot, proc(5), field 22 of ``stat``)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has the pid now; ``None`` when there is none, or only a dead one not yet waited for."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state_in(stat) in "ZX" else cls(pid, start_in(stat))

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def kill(self) -> None:
        """Send SIGKILL, unless it is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def children(self) -> tuple[int, ...]:
        """The pids of its direct children; none when it is gone."""
        return children_of(self.pid) if self.alive else ()

    def wait(self, timeout: float) -> bool:
        """Wait for its end, at most ``timeout`` seconds; whether it has ended."""
        deadline = time.monotonic() + timeout
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def children_of(pid: int) -> tuple[int, ...]:
    """The pids of a process's direct children."""
    try:
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return ()


def start_in(stat: str) -> int:
    """The start time in the text of ``/proc/PID/stat``."""
    return int(_after_name(stat)[19])


def state_in(stat: str) -> str:
    """The state letter in the text of ``/proc/PID/stat``."""
    return _after_name(stat)[0]


def _after_name(stat: str) -> list[str]:
    # The second field is the program's name in parentheses, and may hold blanks and parentheses itself.
    return stat[stat.rindex(")") + 2 :].split()
