"""A change that is not confirmed yet: how to undo it, on disk before anything is touched.

``undo.json`` is there as long as nobody has decided. Whoever decides (a confirmation over a new connection, the agent,
the watchdog, the next boot) does so under one lock, by renaming it: to ``confirmed``, or, once all is put back, to
``reverted``. Only root may read any of it, and the contents of files go as soon as it is decided.
"""

from __future__ import annotations

import fcntl
import json
import os

from festning.engine.agent import remembered, undo
from festning.engine.agent.generations import Shelf
from festning.engine.agent.manifest import restore
from festning.engine.agent.part import MANAGER, UNIT_KINDS
from festning.engine.agent.records import Journal, utc_now, write_atomically
from festning.engine.agent.swap import remove_quietly
from festning.engine.agent.units import UnitError, change, daemon_reload, is_unit_file, states

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOBODY_CAME = "nobody could connect anew"
WENT_DOWN = "the host went down before anybody could connect anew"
PUT_BACK = "put back as it was"


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.readline().strip()


class Pending:
    """What is pending in a state directory, if anything is."""

    def __init__(self, state: str) -> None:
        self._state = state
        self.directory = os.path.join(state, "pending")
        self._contents = os.path.join(self.directory, "contents")
        self._undo = os.path.join(self.directory, "undo.json")
        self._work: int | None = None

    @property
    def armed(self) -> bool:
        """Whether a change awaits its confirmation."""
        return os.path.exists(self._undo)

    @property
    def being_put_back(self) -> bool:
        """Whether somebody began to undo it, and may have been killed since."""
        return os.path.exists(self._place("reverting"))

    @property
    def outcome(self) -> str:
        """How it was decided: ``confirmed``, ``reverted``, or ``""`` as long as it was not."""
        return next((one for one in ("confirmed", "reverted") if os.path.exists(self._place(one))), "")

    def document(self) -> dict[str, Any]:
        """How to undo it. Raises :class:`remembered.DamagedError`."""
        return remembered.undo(self._undo)

    def arm(self, about: dict[str, Any], parts: list[dict[str, Any]]) -> None:
        """Write down how to undo what ``parts`` will do, and be at work. Raises :class:`OSError`.

        ``about`` has ``operator``, ``fortress``, ``generation``, ``wave``, and the systems' ``records`` as they are.
        """
        self.clear()
        os.makedirs(self._contents, mode=0o700, exist_ok=True)
        operations = [operation for part in parts for operation in part["operations"]]
        named = [{"kind": one["kind"], "target": one["target"]} for one in operations]
        units = {
            kind: [one["target"] for one in operations if one["kind"] == kind and one["target"] != MANAGER]
            for kind in UNIT_KINDS
        }
        document = {
            **about,
            "since": utc_now(),
            "boot": boot_id(),
            "systems": [part["system"] for part in parts],
            "operations": named,
            "paths": undo.note(operations, self._contents),
            "units": units,
        }
        self._work = os.open(self._place("work"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._work, fcntl.LOCK_EX)
        write_atomically(self._undo, json.dumps(document))
        for directory in (self._contents, self.directory):
            _sync(directory)

    def rest(self) -> None:
        """The work is done; from now on it must be confirmed."""
        if self._work is not None:
            os.close(self._work)
            self._work = None

    def at_work(self) -> bool:
        """Whether the agent that changes things lives and is still at it."""
        try:
            descriptor = os.open(self._place("work"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def confirm(self) -> str:
        """Keep the change, unless it was decided otherwise; what was decided."""
        if self.being_put_back:  # Half of it is undone already.
            return self.revert(NOBODY_CAME)
        return self._decide(lambda: self._settle("confirmed"))

    def revert(self, reason: str, *, booting: bool = False) -> str:
        """Put everything back, unless it was decided otherwise; what was decided."""

        def put_back() -> None:
            document = self.document()
            os.close(os.open(self._place("reverting"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            problems = _put_back(document, booting=booting)
            restore(self._state, document["records"], document["generation"])
            Shelf(self._state).forget_unchanged(document["generation"])
            journal = Journal(self._state, document["operator"], document["fortress"], document["generation"])
            journal.append(
                wave=document["wave"],
                system=", ".join(document["systems"]),
                operations=document["operations"],
                result="reverted",
                reason=reason,
                back=problems or [PUT_BACK],
            )
            self._settle("reverted")

        return self._decide(put_back)

    def clear(self) -> None:
        """Forget what was decided."""
        self.tidy()
        for outcome in ("confirmed", "reverted"):
            remove_quietly(self._place(outcome))

    def tidy(self) -> None:
        """Leave only what was decided, for an operator who lost the connection and comes to ask."""
        for name in ("reverting", "work", "program.py"):
            remove_quietly(self._place(name))
        self._forget_contents()

    def _decide(self, decision: Callable[[], None]) -> str:
        if not os.path.isdir(self.directory):
            return ""
        descriptor = os.open(self._place("decision"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self.armed:
                decision()
            return self.outcome
        finally:
            os.close(descriptor)

    def _settle(self, outcome: str) -> None:
        os.rename(self._undo, self._place(outcome))
        remove_quietly(self._place("reverting"))
        _sync(self.directory)
        self._forget_contents()

    def _forget_contents(self) -> None:
        if os.path.isdir(self._contents):
            for name in os.listdir(self._contents):
                os.unlink(os.path.join(self._contents, name))
            os.rmdir(self._contents)

    def _place(self, name: str) -> str:
        return os.path.join(self.directory, name)


def _put_back(document: dict[str, Any], *, booting: bool) -> list[str]:
    """Undo in the order in which a failed part is undone; while booting, what is to run will be started as it is."""
    problems: list[str] = []
    done: dict[str, list[str]] = document["units"]
    if not booting:
        _units(problems, "stop", done["start"])
    _units(problems, "disable", done["enable"])
    undo.put_back(document["paths"])
    _units(problems, "mask", done["unmask"])
    lasting = done["enable"] or done["disable"] or done["unmask"]
    if lasting or any(is_unit_file(entry["path"]) for entry in document["paths"]):
        daemon_reload()
    _units(problems, "enable", done["disable"])
    if booting:
        early = states([*done["restart"], *done["reload"]])
        _units(problems, "restart", [unit for unit, fact in early.items() if fact["active"] == "active"])
        return problems
    _units(problems, "start", done["stop"])
    _units(problems, "restart", done["restart"])
    _units(problems, "reload", done["reload"])
    return problems


def _units(problems: list[str], kind: str, units: list[str]) -> None:
    try:
        change(kind, units)
    except UnitError as error:
        problems.append(str(error))


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)
