"""What festning keeps on a host: the lock while it changes something, and the journal of what it changed.

Both are readable by root only; neither holds a secret.
"""

from __future__ import annotations

import fcntl
import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def utc_now() -> str:
    """The host's own time, ISO 8601, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def write_atomically(path: str, text: str) -> None:
    """Replace a record so that a power cut leaves the old one or the new one."""
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


class Lock:
    """One operator at a time. The kernel drops the lock when its holder dies, so that it can never be stale."""

    def __init__(self, run: str) -> None:
        os.makedirs(run, mode=0o700, exist_ok=True)
        self._descriptor = os.open(os.path.join(run, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, operator: str) -> dict[str, Any] | None:
        """Take the lock; when somebody else has it, who and since when."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._holder()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(
            self._descriptor, json.dumps({"operator": operator, "since": utc_now(), "pid": os.getpid()}).encode(), 0
        )
        return None

    def _holder(self) -> dict[str, Any]:
        try:
            holder: dict[str, Any] = json.loads(os.pread(self._descriptor, 4096, 0))
        except ValueError:
            # Taken, and its holder has not written who it is yet.
            return {"operator": "somebody", "since": utc_now()}
        return holder


class Journal:
    """What was changed, when, by whom, and how it ended; one JSON document a line, only ever appended to."""

    def __init__(self, state: str, operator: str, fortress: str, generation: int = 0) -> None:
        self._path = os.path.join(state, "journal.jsonl")
        self._who = {"operator": operator, "fortress": fortress, "generation": generation}

    def append(self, **entry: object) -> None:
        line = json.dumps({"at": utc_now(), **self._who, **entry}) + "\n"
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(line if _ends_a_line(descriptor) else "\n" + line)
            file.flush()
            os.fsync(file.fileno())


def _ends_a_line(descriptor: int) -> bool:
    """Whether the file is empty or ends with a whole line; a power cut may have torn the last one."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
