"""The verb ``apply``: hold the lock, then carry out one wave after another as the operator hands them over.

A wave on a host is all or nothing up to the first system that fails: everything is staged and validated before
anything is changed, each system's part is taken back when it fails, and the systems after it are not attempted. When
the operator goes away, the part at hand is finished and nothing new is begun.
"""

from __future__ import annotations

import os
import pwd
import signal

from festning.engine.agent import packages
from festning.engine.agent.generations import Blobs, Generation
from festning.engine.agent.manifest import Manifest
from festning.engine.agent.moved import moved
from festning.engine.agent.part import PATH_KINDS, Part, PartError, with_purge
from festning.engine.agent.processes import Command, run
from festning.engine.agent.records import Journal, Lock
from festning.engine.agent.stage import Stage
from festning.engine.agent.swap import NEW, beside
from festning.engine.agent.wire import Inbox, emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WAITING = frozenset({"gate", "drain", "resume"})
_PLACING = frozenset({"mkdir", "write", "enable", "start"})
PATIENCE_S = 45.0
"""How long to wait without any word: an operator who waits for other hosts says so every few seconds."""


class Session:
    """One operator's apply on this host."""

    def __init__(self, request: dict[str, Any], inbox: Inbox) -> None:
        self._inbox = inbox
        self._run: str = request["run"]
        self._declared: dict[str, dict[str, Any]] = request["systems"]
        self._manifest = Manifest(request["state"], request["operator"], request["generation"])
        who = {key: request[key] for key in ("operator", "fortress")}
        self._journal = Journal(request["state"], **who, generation=self._manifest.generation)
        self._generation = Generation(request, self._manifest.generation)
        self._blobs = Blobs(request["state"])
        self._packages: list[str] = request["packages"]
        for path in self._manifest.temporaries:
            if path.endswith(NEW) and os.path.lexists(path):
                os.unlink(path)
        packages.forget_policy()

    def wave(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one wave; how it ended."""
        parts: list[dict[str, Any]] = order["parts"]
        stage: Stage | None = None
        try:
            self._install(order["install"])
            for part in parts:
                self._accounts(part)
                self._fetch(part)
                part["operations"] = with_purge(part)
            stage = Stage(self._run)
            _validate(stage, parts)
        except (PartError, OSError) as error:
            return self._failure(order["wave"], "", error, ["nothing was changed"])
        finally:
            if stage is not None:
                stage.clear()
        for part in parts:
            if self._inbox.gone():
                return {"result": "failed", "reason": "the operator went away", "output": "", "back": []}
            problem = self._part(order["wave"], part)
            if problem is not None:
                return problem
        return {"result": "ok"}

    def complete(self) -> None:
        """All waves came to a good end."""
        self._generation.complete(packages.versions(self._packages) if self._generation.begun else {})
        self._manifest.complete({name: self._contents(name) for name in self._declared})

    def incomplete(self, reason: str) -> None:
        """The operator begins nothing more here, for a reason that this host is not to blame for."""
        self._generation.fail("", reason, [])

    def _part(self, wave: str, part: dict[str, Any]) -> dict[str, Any] | None:
        operations = part["operations"]
        owed = {
            "restart": [one["target"] for one in operations if one["kind"] == "restart"],
            "reload": [one["target"] for one in operations if one["kind"] == "reload"],
            "temporaries": [beside(one["target"], NEW) for one in operations if one["kind"] == "write"],
        }
        named = _named([*part["accounts"], *operations])
        placed = {one["target"] for one in operations if one["kind"] in _PLACING}
        changed = {one["target"] for one in operations if one["kind"] == "chmod"}
        managed = self._manifest.claimed(part["system"], part["declared"], placed)
        work = Part(operations)
        try:
            self._manifest.begin(part["system"], managed, owed)
            work.carry_out()
            self._generation.settle(part["system"], _changes(named))
            self._manifest.settle(part["system"], managed, self._contents(part["system"]), placed | changed)
            self._journal.append(wave=wave, system=part["system"], operations=named, result="ok")
        except (PartError, OSError) as error:
            problems = work.back()
            if not problems:
                problems += self._undone(part["system"], _changes(named))
            return self._failure(wave, part["system"], error, problems or ["put back as it was"], named)
        return None

    def _contents(self, system: str) -> dict[str, str | None]:
        """What the system declares for its paths: the SHA-256 of each file, ``None`` for each directory."""
        items = self._declared.get(system, {"items": []})["items"]
        return {item["path"]: item.get("sha256") for item in items if "path" in item}

    def _undone(self, system: str, changes: int) -> list[str]:
        try:
            self._generation.unsettled(system, changes)
            self._manifest.undone()
        except OSError as error:
            return [f"the records: {error}"]
        return []

    def _failure(
        self,
        wave: str,
        system: str,
        error: Exception,
        back: list[str],
        operations: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        entry = {"wave": wave, "system": system, "operations": operations or [], "back": back}
        try:
            self._journal.append(**entry, result="failed", reason=str(error))
            self._manifest.attempted()
            self._generation.fail(system, str(error), back)
        except OSError as unwritten:  # A full disk may be why it failed; the operator hears of both.
            back = [*back, f"the records: {unwritten}"]
        output = getattr(error, "output", "")
        return {"result": "failed", "system": system, "reason": str(error), "output": output, "back": back}

    def _install(self, names: list[str]) -> None:
        if not names:
            return
        for name in names:
            emit({"event": "start", "kind": "install", "target": name})
        ended = packages.install(names)
        if not ended.ok:
            raise PartError(f"apt-get could not install {' '.join(names)}", ended.output)
        operations = [{"kind": "install", "target": name} for name in names]
        self._journal.append(wave="ground", system="", operations=operations, result="ok")
        self._generation.installed(len(names))
        for name in names:
            emit({"event": "done", "kind": "install", "target": name})

    def _fetch(self, part: dict[str, Any]) -> None:
        """Contents that are kept here already. Raises :class:`OSError` when one is not, or is damaged."""
        for operation in part["operations"]:
            if "blob" in operation:
                operation["content"] = self._blobs.content(operation["blob"])

    def _accounts(self, part: dict[str, Any]) -> None:
        """Accounts come before staging, as staged files may belong to them; a new account harms nobody."""
        part["accounts"] = [one for one in part["operations"] if one["kind"] == "account"]
        for one in part["accounts"]:
            emit({"event": "start", "kind": "account", "target": one["target"]})
            _make_account(one["target"], one["home"])
            emit({"event": "done", "kind": "account", "target": one["target"]})
        part["operations"] = [one for one in part["operations"] if one["kind"] != "account"]


def _make_account(name: str, home: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        options = ("--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin")
        ended = run(Command(("useradd", *options, "--", name)))
        if not ended.ok:
            raise PartError(f"account {name} could not be made", ended.output) from None


def _validate(stage: Stage, parts: list[dict[str, Any]]) -> None:
    """Stage every path of the wave, then run every validator once in that view. Raises :class:`PartError`."""
    for part in parts:
        for operation in part["operations"]:
            if operation["kind"] in PATH_KINDS - {"chmod"}:
                stage.add(operation)
    commands = dict.fromkeys(tuple(command) for part in parts for command in part["validate"])
    for command in commands:
        ended = stage.validate(list(command))
        if not ended.ok:
            raise PartError(f"{' '.join(command)} refuses the new files", ended.output)


def _named(operations: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"kind": operation["kind"], "target": operation["target"]} for operation in operations]


def _changes(named: list[dict[str, str]]) -> int:
    """How many operations change something."""
    return sum(one["kind"] not in _WAITING for one in named)


def main() -> None:
    """Begin, then wave after wave until the operator closes the connection."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(0o022)
    inbox = Inbox()
    begin = inbox.next()
    if begin is None:
        return
    lock = Lock(begin["run"])
    holder = lock.take(begin["operator"])
    if holder is not None:
        emit({"locked": holder})
        return
    stale = moved(begin["seen"], begin["state"])
    if stale:
        emit({"moved": stale})
        return
    try:
        session = Session(begin, inbox)
        emit({"ready": True})
        while (order := inbox.next(PATIENCE_S)) is not None:
            if "wave" in order:
                emit(session.wave(order))
            elif "complete" in order:
                session.complete()
                emit({"completed": True})
            elif "incomplete" in order:
                session.incomplete(order["incomplete"])
    except (OSError, ValueError) as error:
        # The records cannot be read or written: a full disk, or a hand in them.
        emit({"error": f"{type(error).__name__}: {error}"})
