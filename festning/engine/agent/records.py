"""What festning keeps on a host: the lock while it changes something, the manifest of what it placed, the journal.

The manifest and the journal are readable by root only; neither holds a secret.
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


class Manifest:
    """What festning placed, by system, and which systems it began to change without coming to an end."""

    def __init__(self, state: str) -> None:
        os.makedirs(state, mode=0o700, exist_ok=True)
        self._path = os.path.join(state, "manifest.json")
        self._content: dict[str, Any] = {"version": 1, "systems": {}, "interrupted": {}}
        self._before = self._content
        if os.path.exists(self._path):
            with open(self._path, encoding="utf-8") as file:
                self._content.update(json.load(file))

    @property
    def temporaries(self) -> list[str]:
        """Temporary files that interrupted changes may have left."""
        return [path for one in self._content["interrupted"].values() for path in one["temporaries"]]

    def claimed(self, system: str, declared: dict[str, Any] | None, placed: set[str]) -> dict[str, Any] | None:
        """Of what is declared, what festning placed, now or before; only that may ever be taken away again.

        A unit that ran before festning came, such as sshd's, stays when the catalog no longer names it.
        """
        if declared is None:
            return None
        earlier = self._content["systems"].get(system, {"paths": [], "units": []})
        ours = placed | {*earlier["paths"], *earlier["units"]}
        return {
            "wave": declared["wave"],
            "paths": [path for path in declared["paths"] if path in ours],
            "units": [unit for unit in declared["units"] if unit in ours],
        }

    def begin(self, system: str, managed: dict[str, Any] | None, owed: dict[str, list[str]]) -> None:
        """Note, before anything is touched, what will be placed, and what is owed if this never comes to its end.

        ``owed`` holds ``restart``, ``reload`` and ``temporaries``. What an earlier interrupted change owes stays owed
        until the system is settled.
        """
        self._before = json.loads(json.dumps(self._content))
        placed = self._content["systems"].get(system)
        if managed is not None:
            # What was there before stays known until it is gone, after what is to come: both may be there for a while.
            self._content["systems"][system] = {
                **managed,
                "paths": _joined((placed or managed)["paths"], managed["paths"]),
                "units": _joined((placed or managed)["units"], managed["units"]),
            }
        before = self._content["interrupted"].get(system, {})
        self._content["interrupted"][system] = {key: _joined(before.get(key, []), more) for key, more in owed.items()}
        self._save()

    def settle(self, system: str, managed: dict[str, Any] | None) -> None:
        """The system is as it should be: ``managed`` is what it now has, ``None`` when it has left the host."""
        self._content["interrupted"].pop(system, None)
        self._content["systems"].pop(system, None)
        if managed is not None:
            self._content["systems"][system] = managed
        self._save()

    def complete(self, declared: list[str]) -> None:
        """A whole plan was carried out: it knew of all that was owed, and what is not ``declared`` has gone."""
        left = {name: one for name, one in self._content["systems"].items() if name in declared}
        if self._content["interrupted"] or left != self._content["systems"]:
            self._content.update(interrupted={}, systems=left)
            self._save()

    def undone(self) -> None:
        """What was begun last is as it was before, and what was owed before is still owed."""
        self._content = self._before
        self._save()

    def _save(self) -> None:
        write_atomically(self._path, json.dumps(self._content, indent=1))


def _joined(before: list[str], more: list[str]) -> list[str]:
    return list(dict.fromkeys([*before, *more]))


class Journal:
    """What was changed, when, by whom, and how it ended; one JSON document a line, only ever appended to."""

    def __init__(self, state: str, operator: str, fortress: str) -> None:
        self._path = os.path.join(state, "journal.jsonl")
        self._who = {"operator": operator, "fortress": fortress}

    def append(self, **entry: object) -> None:
        line = json.dumps({"at": utc_now(), **self._who, **entry}) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
