"""One system's part of a wave: its operations in order, and all of them taken back when one fails."""

from __future__ import annotations

from itertools import groupby

from festning.engine.agent import hold
from festning.engine.agent.look import foreign
from festning.engine.agent.processes import Ended, run, script
from festning.engine.agent.swap import Swap
from festning.engine.agent.units import UnitError, change, daemon_reload, is_unit_file, settle
from festning.engine.agent.waiting import wait_until
from festning.engine.agent.wire import emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATH_KINDS = frozenset({"mkdir", "write", "chmod", "remove"})
UNIT_KINDS = frozenset({"unmask", "enable", "disable", "start", "stop", "restart", "reload"})
_LASTING = frozenset({"unmask", "enable", "disable"})
"""What changes links on the disk, which systemd must read again."""
MANAGER = "systemd"
"""The target of a reload that makes systemd itself read its unit files again."""


class PartError(Exception):
    """An operation failed; ``output`` is what the program said."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def with_purge(part: dict[str, Any]) -> list[dict[str, Any]]:
    """The part's operations, with removals for what is in its purged directories by now.

    A package that was installed meanwhile may have brought files that nobody could see when the plan was made.
    """
    operations: list[dict[str, Any]] = part["operations"]
    planned = {operation["target"] for operation in operations if operation["kind"] == "remove"}
    found = [path for directory, declared in part["purge"].items() for path in foreign(directory, declared)]
    removals = [
        {"kind": "remove", "target": path, "only_if_empty": False, "mute": True}
        for path in found
        if path not in planned
    ]
    paths = [operation for operation in operations if operation["kind"] in PATH_KINDS]
    at = operations.index(paths[-1]) + 1 if paths else 0
    return operations[:at] + removals + operations[at:]


class Part:
    """Carries out one part. After :class:`PartError`, ``back`` restores what was before."""

    def __init__(self, operations: list[dict[str, Any]], units: list[str] | tuple[str, ...] = ()) -> None:
        """Take what is to be done, and the units that are configured once its paths are in place."""
        self._operations = operations
        self._configured = [*units, *(one["target"] for one in operations if one["kind"] in UNIT_KINDS)]
        self._lifted: list[str] = []
        self._swap = Swap()
        self._done: list[tuple[str, list[str]]] = []
        self._drained: list[dict[str, Any]] = []
        self._unsettled: list[str] = []
        self._unit_files = False
        self._stale = False

    def carry_out(self) -> None:
        """Do it all. Raises :class:`PartError`."""
        for kind, group in groupby(self._operations, key=_phase):
            operations = list(group)
            _announce("start", operations)
            self._attempt(self._carry_out, kind, operations)
            _announce("done", operations)
        self._attempt(self._settle)

    def back(self) -> list[str]:
        """Take everything back, as far as possible; what could not be taken back is said."""
        problems: list[str] = []
        done = dict(self._done[::-1])
        self._undo_units(problems, "stop", done.get("start", []))
        self._undo_units(problems, "disable", done.get("enable", []))
        try:
            self._swap.back()
            if done.get("unmask"):
                change("mask", done["unmask"])
            if self._unit_files or done.keys() & _LASTING:
                daemon_reload()
            hold.again(self._lifted)
        except (OSError, UnitError) as error:
            problems.append(str(error))
        self._undo_units(problems, "enable", done.get("disable", []))
        self._undo_units(problems, "start", done.get("stop", []))
        self._undo_units(problems, "restart", done.get("restart", []))
        self._undo_units(problems, "reload", done.get("reload", []))
        while self._drained:
            ended = _end(self._drained.pop())
            problems += [] if ended.ok else [f"back into traffic: {ended.output}"]
        return problems

    @staticmethod
    def _attempt(work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except PartError:
            raise
        except UnitError as error:
            raise PartError(str(error), error.output) from error
        except Exception as error:
            # Whatever it is, what was done so far must be taken back.
            raise PartError(f"{type(error).__name__}: {error}") from error

    def _settle(self) -> None:
        """Systemd must know its units, and those that were touched must be up, before anything is asked of them."""
        self._read_again()
        units, self._unsettled = self._unsettled, []
        settle(units)

    def _carry_out(self, kind: str, operations: list[dict[str, Any]]) -> None:
        targets = [operation["target"] for operation in operations]
        if kind not in ("path", "stop", "disable"):
            self._lifted += hold.lift(self._configured)
        if kind == "path":
            self._unit_files = any(is_unit_file(target) for target in targets) or self._unit_files
            self._stale = self._unit_files or self._stale
            self._swap.apply(operations)
        elif kind in UNIT_KINDS:
            self._units(kind, targets)
        else:
            self._settle()
            scripts = {"step": _step, "gate": _gate, "drain": self._drain, "resume": self._resume}
            for operation in operations:
                scripts[kind](operation)

    def _units(self, kind: str, units: list[str]) -> None:
        if MANAGER in units:
            self._stale = True
            units = [unit for unit in units if unit != MANAGER]
        if kind not in _LASTING:
            self._read_again()
        self._done.append((kind, [*dict(self._done).get(kind, []), *units]))
        change(kind, units)
        if kind in _LASTING:
            self._stale = True
        elif kind != "stop":
            self._unsettled += units

    def _drain(self, operation: dict[str, Any]) -> None:
        # Noted first: a drain that fails half way is put back as well.
        self._drained.append(operation)
        timeout = operation["timeout_s"]
        ended = run(script(operation["begin"], timeout))
        if not ended.ok:
            raise PartError(f"{operation['target']!r} could not be drained: it {_ending(ended, timeout)}", ended.output)

    def _resume(self, operation: dict[str, Any]) -> None:
        self._drained = [one for one in self._drained if one["target"] != operation["target"]]
        ended = _end(operation)
        if not ended.ok:
            ending = _ending(ended, operation["timeout_s"])
            raise PartError(f"{operation['target']!r} did not come back: it {ending}", ended.output)

    def _read_again(self) -> None:
        """Make systemd read its unit files, once for all that changed: it takes a tenth of a second and more."""
        if self._stale:
            daemon_reload()
            self._stale = False

    @staticmethod
    def _undo_units(problems: list[str], kind: str, units: list[str]) -> None:
        try:
            change(kind, units)
        except UnitError as error:
            problems.append(str(error))


def _phase(operation: dict[str, Any]) -> str:
    """What is done together: all paths, all units of one kind, steps in their order."""
    kind: str = operation["kind"]
    if kind in PATH_KINDS:
        return "path"
    return kind


def _announce(event: str, operations: list[dict[str, Any]]) -> None:
    for operation in operations:
        if not operation.get("mute"):
            emit({"event": event, "kind": operation["kind"], "target": operation["target"]})


def _step(operation: dict[str, Any]) -> None:
    """Check, do, check again: a step that an earlier one made needless is not done."""
    name, timeout = operation["target"], operation["timeout_s"]
    if run(script(operation["check"], timeout)).ok:
        return
    done = run(script(operation["do"], timeout))
    if not done.ok:
        raise PartError(f"step {name!r} {_ending(done, timeout)}", done.output)
    checked = run(script(operation["check"], timeout))
    if not checked.ok:
        raise PartError(f"step {name!r} was done, and its check still says no", checked.output or done.output)


def _gate(operation: dict[str, Any]) -> None:
    last = wait_until(operation["check"], operation["timeout_s"])
    if not last.ok:
        raise PartError(f"{operation['target']!r} was not so within {operation['timeout_s']:g} s", last.output)


def _end(operation: dict[str, Any]) -> Ended:
    return run(script(operation["end"], operation["timeout_s"]))


def _ending(ended: Ended, timeout_s: float) -> str:
    return f"took longer than {timeout_s:g} s" if ended.status is None else f"failed with status {ended.status}"
