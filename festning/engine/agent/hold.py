"""Keeping what packages bring from starting before it is configured: across reboots, and power cuts at any instant.

Debian enables and starts what it installs. A policy-rc.d hinders the start, and nothing hinders the next boot. So,
before anything is installed, a generator of systemd's (systemd.generator(7)) is placed. systemd runs it at every boot
and reload, and it gives each unit that was not there when it was placed, and that was not lifted since, a condition
that is never met. A condition and not a mask: maintainers' scripts then succeed, enabling works, and what Debian
records of it is right when the package is upgraded. All of it vanishes with the generator.
"""

from __future__ import annotations

import os

from festning.engine.agent.look import HOLD
from festning.engine.agent.processes import Command, run
from festning.engine.agent.units import UnitError, daemon_reload

UNITS = "/usr/lib/systemd/system"
SCRIPTS = "/etc/init.d"
WANTED = "/etc/systemd/system"
_KINDS = (".service", ".socket", ".timer", ".path")
_FREE = "free='"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")
_TEXT = """\
#!/bin/sh
# Placed by festning while it installs packages, and gone when what they brought is configured. Until then nothing of it
# starts, not even by a reboot: each unit that is not named here waits. `festning apply` goes on where it stopped.
free='%s '
printf '[Unit]\\nConditionPathExists=/this-waits-for-festning-apply\\n' >"$1/festning-hold.conf"
for path in %s/* %s/*; do
    [ -e "$path" ] || continue
    name=${path##*/}
    case $path in %s/*) name=$name.service ;; esac
    case $name in *.service | *.socket | *.timer | *.path) ;; *) continue ;; esac
    case $free in *" $name "*) continue ;; esac
    mkdir -p "$1/$name.d"
    ln -sf "$1/festning-hold.conf" "$1/$name.d/zz-festning-hold.conf"
done
"""


def begin() -> None:
    """From here on, units that are not on this host yet do not start. An interrupted hold goes on as it was."""
    if not os.path.exists(HOLD):
        _place(_present())


def held() -> list[str]:
    """The units that are held now, sorted."""
    free = _free()
    return [] if free is None else sorted(_present() - free)


def lift(units: list[str]) -> list[str]:
    """Let these units start, by whatever name: they are configured. Returns what was held of them."""
    free = _free()
    if free is None:
        return []
    wanted = {name for unit in units for name in (unit, _template(unit))}
    lifted = sorted(name for name in _present() - free if name in wanted or _target(name) in wanted)
    if lifted:
        _place(free.union(lifted))
        daemon_reload()
    return lifted


def again(units: list[str]) -> None:
    """Hold these units again: their configuration was taken back."""
    free = _free()
    if free is not None and units:
        _place(free.difference(units))
        daemon_reload()


def release() -> list[str]:
    """End the hold. Services that nobody declared are disabled, since nobody configured them; their names.

    Timers of packages are housekeeping, which is to run as if the machine had been booted with it.
    """
    left = held()
    unwanted = [unit for unit in left if not unit.endswith(".timer") and _is_wanted(unit)]
    timers = [unit for unit in left if unit.endswith(".timer") and _is_wanted(unit)]
    if unwanted:
        ended = run(Command(("systemctl", "--quiet", "--no-reload", "disable", "--", *unwanted)))
        if not ended.ok:
            raise UnitError(f"{', '.join(unwanted)} cannot be disabled", ended.output)
    drop()
    if timers:
        run(Command(("systemctl", "--no-block", "start", "--", *timers)))
    return unwanted


def drop() -> None:
    """End the hold, whatever is held."""
    if os.path.exists(HOLD):
        os.unlink(HOLD)
        _sync(os.path.dirname(HOLD))
        daemon_reload()


def _present() -> set[str]:
    units = {name for name in _names(UNITS) if name.endswith(_KINDS)}
    return units | {f"{name}.service" for name in _names(SCRIPTS)}


def _names(folder: str) -> list[str]:
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if not set(name) - _LETTERS]  # systemd takes no others for units.


def _free() -> set[str] | None:
    """The units that the hold lets start; ``None`` when there is no hold."""
    try:
        with open(HOLD, encoding="utf-8") as file:
            lines = [line for line in file if line.startswith(_FREE)]
    except FileNotFoundError:
        return None
    return set(lines[0][len(_FREE) :].rstrip("'\n").split())


def _place(free: set[str]) -> None:
    """Write the generator so that a power cut leaves the old one, the new one, or (before any) nothing installed."""
    folder = os.path.dirname(HOLD)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    # Not in the folder itself: systemd would run a half-written one.
    temporary = os.path.join(os.path.dirname(folder), ".festning-hold.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o700)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(_TEXT % (" ".join(["", *sorted(free)]), UNITS, SCRIPTS, SCRIPTS))
        file.flush()
        os.fchmod(file.fileno(), 0o755)
        os.fsync(file.fileno())
    os.rename(temporary, HOLD)
    _sync(folder)
    _sync(os.path.dirname(folder))


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def _template(unit: str) -> str:
    """The unit file that an instance is made from: ``a@b.service`` has ``a@.service``."""
    name, at, rest = unit.partition("@")
    return f"{name}@.{rest.rpartition('.')[2]}" if at else unit


def _target(name: str) -> str:
    """The unit that a unit file is another name of: what holds the one holds the other."""
    path = next((path for path in (f"{WANTED}/{name}", f"{UNITS}/{name}") if os.path.islink(path)), name)
    return os.path.basename(os.path.realpath(path))


def _is_wanted(unit: str) -> bool:
    """Whether something starts the unit at boot, by a link below /etc."""
    folders = [name for name in _names(WANTED) if name.endswith((".wants", ".requires"))]
    return any(os.path.lexists(os.path.join(WANTED, folder, unit)) for folder in folders)
