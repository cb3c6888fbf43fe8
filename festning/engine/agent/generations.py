"""A host's generations: after each apply that changed something, what every system now is, and all file contents.

A generation is written before an apply changes anything, and again with each system that is settled, so that whatever
ends the apply, what was before it and what is settled can be come back to. A system that was put back keeps its earlier
snapshot. Contents are kept once each, by their digest. Only root may read any of it.
"""

from __future__ import annotations

import json
import os

from festning.engine.agent import remembered
from festning.engine.agent.look import digest, read
from festning.engine.agent.records import utc_now, write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

KEPT = 10
"""How many generations a host keeps."""
UNFINISHED, PARTIAL, COMPLETE = "unfinished", "partial", "complete"


class Blobs:
    """Contents of files by their SHA-256."""

    def __init__(self, state: str) -> None:
        self.directory = os.path.join(state, "blobs")

    def content(self, sha256: str) -> bytes:
        """Raises :class:`OSError` when it is not there, or not what its name says."""
        content = read(os.path.join(self.directory, sha256))
        if digest(content) != sha256:
            raise OSError(f"{self.directory}/{sha256} is damaged")
        return content

    def has(self, sha256: str) -> bool:
        try:
            self.content(sha256)
        except OSError:
            return False
        return True

    def keep(self, files: dict[str, str]) -> None:
        """Keep what is at each path, unless it is kept already or not what is meant. ``files``: path to digest."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        fresh = []
        for path, sha256 in files.items():
            kept = os.path.join(self.directory, sha256)
            if os.path.exists(kept) or kept in fresh or (content := _content_at(path)) is None:
                continue
            if digest(content) == sha256:
                _write(kept + ".new", content)
                fresh.append(kept)
        for kept in fresh:
            _sync(kept + ".new")
            os.rename(kept + ".new", kept)
        if fresh:
            _sync(self.directory)

    def prune(self, needed: set[str]) -> None:
        for name in set(os.listdir(self.directory)) - needed if os.path.isdir(self.directory) else ():
            os.unlink(os.path.join(self.directory, name))


class Shelf:
    """The generations that a host has kept."""

    def __init__(self, state: str) -> None:
        self.directory = os.path.join(state, "generations")

    def numbers(self) -> list[int]:
        """In ascending order."""
        try:
            names = os.listdir(self.directory)
        except FileNotFoundError:
            return []
        return sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdecimal())

    def load(self, number: int) -> dict[str, Any]:
        """Raises :class:`remembered.DamagedError`."""
        return remembered.generation(self._path(number))

    def save(self, document: dict[str, Any]) -> None:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        write_atomically(self._path(document["number"]), json.dumps(document))
        _sync(self.directory)

    def forget_unchanged(self, number: int) -> None:
        """Forget a generation in which nothing was settled; its apply was put back."""
        if number in self.numbers() and not self.load(number)["changed"]:
            self.forget(number)

    def forget(self, number: int) -> None:
        if os.path.exists(self._path(number)):
            os.unlink(self._path(number))

    def _path(self, number: int) -> str:
        return os.path.join(self.directory, f"{number}.json")


class Generation:
    """The generation that an apply makes, if it comes to change something."""

    def __init__(self, request: dict[str, Any], number: int) -> None:
        self._shelf, self._blobs = Shelf(request["state"]), Blobs(request["state"])
        self._declared: dict[str, dict[str, Any]] = request["systems"]
        earlier = self._shelf.numbers()
        before = self._shelf.load(earlier[-1]) if earlier else {"systems": {}, "packages": {}}
        unchanged = {name: one for name, one in self._declared.items() if name not in request["changing"]}
        self._written = False
        self._earlier: dict[str, Any] = before["systems"]
        self._document: dict[str, Any] = {
            "version": remembered.GENERATION_VERSION,
            "number": number,
            "before": earlier[-1] if earlier else 0,
            "at": utc_now(),
            "operator": request["operator"],
            "fortress": request["fortress"],
            "rolled_back_to": request.get("rolled_back_to"),
            "result": UNFINISHED,
            "changes": 0,
            "changed": [],
            "failures": [],
            "packages": before["packages"],
            "systems": {**before["systems"], **unchanged},
        }

    @property
    def begun(self) -> bool:
        """Whether this apply has changed anything so far."""
        return bool(self._document["changed"])

    def begin(self) -> None:
        """Something is about to be changed; as long as nothing is settled, all is as before."""
        if not self._written:
            self._shelf.save({**self._document, "systems": self._earlier})
            self._written = True

    def settle(self, system: str, changes: int) -> None:
        """A system is as declared (or has left the host)."""
        self._changed(
            {"systems": _with(self._document["systems"], system, self._declared.get(system))}, system, changes
        )

    def installed(self, changes: int) -> None:
        """Packages were installed."""
        self._changed({}, "packages", changes)

    def unsettled(self, system: str, changes: int) -> None:
        """A system was put back after all: it keeps its earlier snapshot."""
        document = self._document
        if system not in document["changed"]:
            return
        left = [name for name in document["changed"] if name != system]
        document.update(systems=_with(document["systems"], system, self._earlier.get(system)), changed=left)
        document["changes"] -= changes
        self._shelf.save(document)

    def fail(self, system: str, reason: str, back: list[str]) -> None:
        """Something did not work: what was settled before stays, and the generation is a partial one, if it is one."""
        if self._written and not self._document["changed"]:
            self._shelf.forget(self._document["number"])
            self._written = False
        elif self._written:
            self._document["failures"].append({"system": system, "reason": reason, "back": back})
            self._end(PARTIAL)

    def complete(self, packages: dict[str, str]) -> None:
        """Everything is as declared, and nothing else is left."""
        if self._document["changed"]:
            left = {name: one for name, one in self._document["systems"].items() if name in self._declared}
            self._document.update(systems=left, packages=packages)
            self._end(COMPLETE)

    def _changed(self, more: dict[str, Any], system: str, changes: int) -> None:
        document = {**self._document, **more}
        document["changed"] = [*document["changed"], system]
        document["changes"] += changes
        self._blobs.keep(_files(document))
        self._shelf.save(document)
        self._document, self._written = document, True

    def _end(self, result: str) -> None:
        self._document["result"] = result
        self._shelf.save(self._document)
        for number in self._shelf.numbers()[:-KEPT]:
            self._shelf.forget(number)
        self._prune()

    def _prune(self) -> None:
        try:
            documents = [self._shelf.load(number) for number in self._shelf.numbers()]
        except remembered.DamagedError:  # Nobody knows what an earlier one needs: all is kept until it has gone.
            return
        self._blobs.prune({sha256 for document in documents for sha256 in _files(document).values()})


def files_of(snapshot: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The files of one system's snapshot."""
    return (item for item in snapshot["items"] if item["item"] == "file")


def _files(document: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["sha256"] for one in document["systems"].values() for file in files_of(one)}


def _with(systems: dict[str, Any], name: str, snapshot: dict[str, Any] | None) -> dict[str, Any]:
    without = {other: one for other, one in systems.items() if other != name}
    return without if snapshot is None else {**without, name: snapshot}


def _content_at(path: str) -> bytes | None:
    try:
        return read(path)
    except OSError:  # Gone, or a link by now: then it is not what was declared either.
        return None


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.fsync(descriptor)
    os.close(descriptor)
