"""The verb ``apply``: hold the lock, then carry out one wave after another as the operator hands them over.

A wave on a host is all or nothing up to the first system that fails: everything is staged and validated before
anything is changed, each system's part is taken back when it fails, and the systems after it are not attempted. When
the operator goes away, the part at hand is finished and nothing new is begun.
"""

from __future__ import annotations

import os
import pwd
import signal
import time

from festning.engine.agent import guard, hold, packages
from festning.engine.agent.generations import Blobs
from festning.engine.agent.ledger import Ledger
from festning.engine.agent.moved import moved
from festning.engine.agent.part import PATH_KINDS, Part, PartError, with_purge
from festning.engine.agent.pending import NOBODY_CAME, PUT_BACK, Pending
from festning.engine.agent.processes import Command, run
from festning.engine.agent.records import Lock
from festning.engine.agent.stage import Stage
from festning.engine.agent.wire import Inbox, emit, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE_S = 45.0
"""How long to wait without any word: an operator who waits for other hosts says so every few seconds."""
GIVING_UP_S = 60.0
"""How long a decision over an unconfirmed change is left to its watchdog."""


class Session:
    """One operator's apply on this host."""

    def __init__(self, request: dict[str, Any], inbox: Inbox) -> None:
        self._inbox = inbox
        self._run: str = request["run"]
        self._ledger = Ledger(request)
        self._blobs = Blobs(request["state"])
        self._pending = Pending(request["state"])
        for path in self._ledger.temporaries:
            if os.path.lexists(path):
                os.unlink(path)
        packages.forget_policy()

    def wave(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one wave; how it ended."""
        parts: list[dict[str, Any]] = order["parts"]
        wave: str = order["wave"]
        try:
            self._prepare(order)
            # All or nothing: what goes with a risky part is put back with it.
            guarded = parts if any(guard.risky(part) for part in parts) else []
            if guarded:
                about = {**self._ledger.who, "wave": wave, "records": self._ledger.records(guarded)}
                guard.arm(self._pending, order["watchdog"], about, guarded)
        except packages.InstallError as error:
            return self._ledger.failed(wave, None, error, [error.left])
        except (PartError, OSError) as error:
            return self._ledger.failed(wave, None, error, ["nothing was changed"])
        unconfirmed: list[dict[str, Any]] = []
        ended = self._carry_out(wave, parts, guarded, unconfirmed)
        return self._confirmed(wave, unconfirmed, ended) if guarded else ended

    def complete(self) -> None:
        """All waves came to a good end. Only then is let go of what packages brought and nobody declared."""
        self._ledger.disabled(hold.release())
        self._ledger.complete()

    def incomplete(self, reason: str) -> None:
        """The operator begins nothing more here, for a reason that this host is not to blame for."""
        self._ledger.incomplete(reason)

    def _prepare(self, order: dict[str, Any]) -> None:
        """All that can be found out before anything is changed. Raises :class:`PartError` or :class:`OSError`."""
        self._install(order["install"], order["preferences"])
        for part in order["parts"]:
            self._accounts(part)
            self._fetch(part)
            part["operations"] = with_purge(part)
        stage = Stage(self._run)
        try:
            _validate(stage, order["parts"])
        finally:
            stage.clear()

    def _carry_out(
        self, wave: str, parts: list[dict[str, Any]], guarded: list[dict[str, Any]], unconfirmed: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Part after part; those that are guarded and worked are added to ``unconfirmed``."""
        for part in parts:
            if self._inbox.gone():
                return {"result": "failed", "reason": "the operator went away", "output": "", "back": []}
            problem = self._part(wave, part, settle=part not in guarded)
            if problem is not None:
                return problem
            if part in guarded:
                unconfirmed.append(part)
        return {"result": "ok"}

    def _part(self, wave: str, part: dict[str, Any], *, settle: bool) -> dict[str, Any] | None:
        work = Part(part["operations"], (part["declared"] or {"units": []})["units"])
        try:
            self._ledger.begin(part)
            work.carry_out()
            if settle:
                self._ledger.settle(wave, part)
        except (PartError, OSError) as error:
            problems = work.back()
            if not problems:
                problems += self._ledger.undone(part)
            return self._ledger.failed(wave, part, error, problems or [PUT_BACK])
        return None

    def _confirmed(self, wave: str, unconfirmed: list[dict[str, Any]], ended: dict[str, Any]) -> dict[str, Any]:
        """``ended``, once somebody has got in anew; otherwise that all guarded parts were put back."""
        if not unconfirmed and ended["back"] in ([], [PUT_BACK]):
            guard.stand_down(self._pending)  # Nothing of it is left.
        elif self._decided() == "confirmed":
            self._pending.clear()
            return self._kept(wave, unconfirmed, ended)
        else:
            return self._reverted(", ".join(part["system"] for part in unconfirmed), ended)
        self._pending.clear()
        return ended

    def _decided(self) -> str:
        """Wait for a confirmation over a new connection, the operator's word that there is none, or the watchdog."""
        self._pending.rest()
        emit({"confirm": True})
        last = time.monotonic() + GIVING_UP_S
        while self._pending.armed and time.monotonic() < last:
            word = self._inbox.next(0.05)
            if word is None and self._inbox.gone():
                time.sleep(0.05)
            if word is not None and "revert" in word:
                break
        return guard.put_back(self._pending, NOBODY_CAME)

    def _kept(self, wave: str, unconfirmed: list[dict[str, Any]], ended: dict[str, Any]) -> dict[str, Any]:
        try:
            for part in unconfirmed:
                self._ledger.settle(wave, part)
        except OSError as error:
            return self._ledger.failed(wave, None, error, ["the change is confirmed and stays; apply again"])
        return ended

    def _reverted(self, systems: str, ended: dict[str, Any]) -> dict[str, Any]:
        self._ledger.reverted(systems, NOBODY_CAME, [PUT_BACK])
        self._pending.tidy()
        failed = {"result": "failed", "system": systems, "output": "", "back": [PUT_BACK]}
        earlier = f"{ended['reason']}; then " if ended["result"] != "ok" else ""
        return {**failed, "output": ended.get("output", ""), "reason": earlier + NOBODY_CAME}

    def _install(self, names: list[str], preferences: str) -> None:
        if not names:
            return
        for name in names:
            emit({"event": "start", "kind": "install", "target": name})
        packages.install(names, preferences, self._run)
        self._ledger.installed(names)
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
    try:
        refusal = _refusal(begin)
        if refusal is not None:
            emit(refusal)
            return
        _serve(Session(begin, inbox), inbox)
    except (OSError, ValueError) as error:
        # The records cannot be read or written: a full disk, or a hand in them.
        emit(fault(error))


def _refusal(begin: dict[str, Any]) -> dict[str, Any] | None:
    """Why this apply may not begin, if so: a change is unconfirmed, or the host is not as the plan saw it."""
    unconfirmed = guard.left_over(Pending(begin["state"]))
    if unconfirmed is not None:
        return {"locked": unconfirmed}
    stale = moved(begin["seen"], begin["state"])
    return {"moved": stale} if stale else None


def _serve(session: Session, inbox: Inbox) -> None:
    """Order after order. After a wave that failed nothing more will be asked, and the lock is free for the next."""
    emit({"ready": True})
    while (order := inbox.next(PATIENCE_S)) is not None:
        if "wave" in order:
            ended = session.wave(order)
            emit(ended)
            if ended["result"] != "ok":
                return
        elif "complete" in order:
            session.complete()
            emit({"completed": True})
        elif "incomplete" in order:
            session.incomplete(order["incomplete"])
