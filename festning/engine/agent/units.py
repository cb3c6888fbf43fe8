"""Changing the state of systemd units, several at a time, and finding out whether they stay up."""

from __future__ import annotations

import time

from festning.engine.agent.look import unit_facts, unit_query
from festning.engine.agent.processes import Command, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

START_TIMEOUT_S = 900.0
"""systemd's own TimeoutStartSec decides; a data node that receives a whole database may take long."""
SETTLE_S = 0.25
"""How long a service must stay up whose type tells systemd nothing about readiness."""
RESTART_PATIENCE_S = 5.0
_UNANNOUNCED = frozenset({"simple", "exec", "idle", ""})
_RESTARTING = frozenset({"auto-restart", "auto-restart-queued"})
_UNIT_DIRECTORIES = ("/etc/systemd/system/", "/run/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/")
_VERBS = {
    "unmask": ("--no-reload", "unmask"),
    "mask": ("--no-reload", "mask"),
    "enable": ("--no-reload", "enable"),
    "disable": ("--no-reload", "disable"),
    "start": ("start",),
    "stop": ("stop",),
    "restart": ("restart",),
    "reload": ("reload-or-restart",),
}


class UnitError(Exception):
    """A unit would not do as told; ``output`` is what systemd and the unit said."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def is_unit_file(path: str) -> bool:
    """Whether systemd reads ``path`` as (part of) a unit, and so must be told that it changed."""
    return path.startswith(_UNIT_DIRECTORIES)


def daemon_reload() -> None:
    _systemctl(("daemon-reload",))


def change(kind: str, units: list[str]) -> None:
    """Do ``kind`` (mask, unmask, enable, disable, start, stop, restart, reload) to all units at once.

    Raises :class:`UnitError`.
    """
    if kind in ("disable", "stop"):
        units = [unit for unit, fact in states(units).items() if fact["load"] != "not-found"]
    if units:
        _systemctl((*_VERBS[kind], "--", *units), units)
    if units and kind == "unmask":  # A mask until the next boot is another one.
        _systemctl(("--no-reload", "--runtime", "unmask", "--", *units), units)


def states(units: list[str]) -> dict[str, dict[str, Any]]:
    return unit_facts(units, run(unit_query(units))) if units else {}


def settle(units: list[str]) -> None:
    """Raise :class:`UnitError` unless all units that were just started stay up.

    A unit that fell and that systemd starts again has a few seconds to come up: what it needs may be starting as well.
    """
    deadline = time.monotonic() + RESTART_PATIENCE_S
    facts = states(units)
    if any(fact["type"] in _UNANNOUNCED for fact in facts.values()):
        time.sleep(SETTLE_S)
        facts = states(units)
    while any(fact["sub"] in _RESTARTING for fact in facts.values()) and time.monotonic() < deadline:
        time.sleep(SETTLE_S)
        facts = states(units)
    fallen = [unit for unit, fact in facts.items() if fact["active"] == "failed" or fact["sub"] in _RESTARTING]
    if fallen:
        raise UnitError(f"{', '.join(fallen)} did not stay up", _last_words(fallen))


def _systemctl(arguments: tuple[str, ...], units: list[str] | None = None) -> None:
    ended = run(Command(("systemctl", *arguments), timeout_s=START_TIMEOUT_S))
    if not ended.ok:
        output = "\n".join(part for part in (ended.output, _last_words(units or [])) if part)
        raise UnitError(f"systemctl {' '.join(arguments)} failed", output)


def _last_words(units: list[str]) -> str:
    if not units:
        return ""
    options = [option for unit in units for option in ("-u", unit)]
    return run(Command(("journalctl", "--no-pager", "-q", "-o", "short", "-n", "30", "-b", *options))).output
