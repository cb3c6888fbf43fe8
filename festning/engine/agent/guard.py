"""Keeps a change that could lock the operator out from lasting, unless somebody can still get in.

Before anything is touched: how to undo it is on disk, a unit that undoes it at the next boot is enabled, and a watchdog
runs that depends neither on this agent nor on sshd. All three go when it is decided.
"""

from __future__ import annotations

import os
import sys

from festning.engine.agent.part import PATH_KINDS, UNIT_KINDS
from festning.engine.agent.pending import WENT_DOWN, Pending, boot_id
from festning.engine.agent.processes import Command, run
from festning.engine.agent.records import write_atomically
from festning.engine.agent.swap import remove_quietly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WINDOW_S = 18.0
"""How long after the work a confirmation is waited for. Putting back takes some seconds more; all within 30 s."""
UNITS = "/etc/systemd/system"
RUN_UNITS = "/run/systemd/system"
WATCHDOG = "festning-watchdog.service"
NEXT_BOOT = "festning-unconfirmed.service"
_WATCHDOG_TEXT = """\
[Unit]
Description=festning: puts a change back that nobody confirms
DefaultDependencies=no
StartLimitIntervalSec=0
[Service]
Type=exec
ExecStart={python} -I -S {program} watch
Restart=on-failure
"""
_NEXT_BOOT_TEXT = """\
# Placed by festning while a change is not confirmed: a power cut puts it back, before there is a network.
[Unit]
Description=festning: puts an unconfirmed change back
DefaultDependencies=no
RequiresMountsFor={directory}
ConditionPathExists={directory}/undo.json
After=local-fs.target
Before=sysinit.target network-pre.target nftables.service systemd-networkd.service systemd-sysctl.service
[Service]
Type=oneshot
ExecStart={python} -I -S {program} boot
"""


def risky(part: dict[str, Any]) -> bool:
    """Whether a part could lock the operator out: of a guarded system, with something to change."""
    return part["guarded"] and any(one["kind"] in PATH_KINDS | UNIT_KINDS for one in part["operations"])


def arm(pending: Pending, program: str, about: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    """Have everything that is needed to undo ``parts``, whatever happens. Raises :class:`OSError` when it cannot be."""
    pending.arm(about, parts)
    try:
        _enable_next_boot(pending, program)
        _start_watchdog(pending)
    except OSError:
        stand_down(pending)
        raise


def stand_down(pending: Pending) -> str:
    """Nothing is left to be confirmed, or it was; what was decided."""
    pending.rest()
    outcome = pending.confirm()
    _forget_next_boot()
    return outcome


def put_back(pending: Pending, reason: str, *, booting: bool = False) -> str:
    """Undo now; what was decided."""
    pending.rest()
    outcome = pending.revert(reason, booting=booting)
    _forget_next_boot()
    return outcome


def left_over(pending: Pending) -> dict[str, str] | None:
    """Whose change is still to be decided, and since when: an agent was killed. Its watchdog is seen to.

    What an earlier boot left is put back here and now, if that boot's unit could not.
    """
    if not pending.armed:
        _forget_next_boot()
        pending.clear()
        return None
    document = pending.document()
    if document["boot"] != boot_id():
        put_back(pending, WENT_DOWN)
    elif not pending.at_work():
        _systemctl("start")
    return {"operator": document["operator"], "since": document["since"]}


def _program(pending: Pending) -> str:
    return os.path.join(pending.directory, "program.py")


def _python() -> str:
    return sys.executable or "/usr/bin/python3"


def _enable_next_boot(pending: Pending, program: str) -> None:
    write_atomically(_program(pending), program)
    text = _NEXT_BOOT_TEXT.format(directory=pending.directory, python=_python(), program=_program(pending))
    write_atomically(os.path.join(UNITS, NEXT_BOOT), text)
    wants = os.path.join(UNITS, "sysinit.target.wants")
    os.makedirs(wants, exist_ok=True)
    link = os.path.join(wants, NEXT_BOOT)
    if not os.path.lexists(link):
        os.symlink(f"../{NEXT_BOOT}", link)
    for directory in (UNITS, wants):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


def _forget_next_boot() -> None:
    remove_quietly(os.path.join(UNITS, "sysinit.target.wants", NEXT_BOOT))
    remove_quietly(os.path.join(UNITS, NEXT_BOOT))


def _start_watchdog(pending: Pending) -> None:
    """A service of its own, by a unit that is not on disk: the boot after a power cut has the other one."""
    path = os.path.join(RUN_UNITS, WATCHDOG)
    text = _WATCHDOG_TEXT.format(python=_python(), program=_program(pending))
    if _text(path) != text:
        known = os.path.exists(path)
        os.makedirs(RUN_UNITS, exist_ok=True)
        write_atomically(path, text)
        if known:
            run(Command(("systemctl", "daemon-reload")))
    _systemctl("restart")  # One that has just been released may be about to end, and would not take this on.


def _systemctl(verb: str) -> None:
    started = run(Command(("systemctl", verb, WATCHDOG), timeout_s=20.0))
    if not started.ok:
        raise OSError(f"the watchdog over the change could not be started: {started.output}")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
