"""The verb ``observe``: everything that a plan needs to know of a host, in one look."""

from __future__ import annotations

import os
import pwd
import time

from festning.engine.agent import installed, manager, remembered
from festning.engine.agent.look import HOLD, foreign, look, shown_facts, unit_facts, unit_query
from festning.engine.agent.processes import run_all, script
from festning.engine.agent.wire import Inbox, emit, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def observe(request: dict[str, Any]) -> dict[str, Any]:
    """Facts about what ``request`` expects and about what an earlier apply left in its manifest."""
    manifest = remembered.manifest(request["state"])
    systems = manifest.get("systems", {})
    units = list(dict.fromkeys([*request["units"], *(unit for one in systems.values() for unit in one["units"])]))
    facts_of_units = _units(units)
    queries = [unit_query(units)] if facts_of_units is None else []
    checks = request["checks"]
    ended = run_all(queries + [script(text, timeout) for _, text, timeout in checks], at_once=16)
    strangers = {directory: foreign(directory, declared) for directory, declared in request["purge"].items()}
    others = [path for paths in (*(one["paths"] for one in systems.values()), *strangers.values()) for path in paths]
    return {
        "paths": _paths(request["paths"], others),
        "units": unit_facts(units, ended.pop(0)) if facts_of_units is None else facts_of_units,
        "packages": installed.versions(request["packages"]),
        "steps": {name: result.ok for (name, _, _), result in zip(checks, ended, strict=True)},
        "said": {
            name: result.stdout
            for (name, _, _), result in zip(checks, ended, strict=True)
            if name in request["telling"]
        },
        "accounts": [name for name in request["accounts"] if _account(name)],
        "foreign": strangers,
        "managed": systems,
        "interrupted": {
            name: {**one, "temporaries": [path for path in one["temporaries"] if os.path.lexists(path)]}
            for name, one in manifest.get("interrupted", {}).items()
        },
        "generation": manifest.get("generation", 0),
        "held": os.path.exists(HOLD),
        "os_release": _os_release(),
        "boot_id": _first_line("/proc/sys/kernel/random/boot_id"),
        "time": time.time(),
    }


def _units(units: list[str]) -> dict[str, Any] | None:
    """Facts of units from systemd itself, or ``None`` when it is for systemctl to ask."""
    if not units:
        return {}
    try:
        return shown_facts(units, manager.show(units))
    except (OSError, ValueError, IndexError):
        return None


def _paths(expected: list[list[Any]], others: list[str]) -> dict[str, Any]:
    facts = {path: look(path, sha256, want_content=want) for path, sha256, want in expected}
    facts.update({path: look(path) for path in others if path not in facts})
    return {path: fact for path, fact in facts.items() if fact is not None}


def _account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _os_release() -> dict[str, str]:
    with open("/etc/os-release", encoding="utf-8") as file:
        return {key: value.strip().strip('"') for key, _, value in (line.partition("=") for line in file) if value}


def _first_line(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.readline().strip()


def main() -> None:
    """Answer one request."""
    request = Inbox().next()
    if request is None:
        return
    try:
        emit({"facts": observe(request)})
    except (OSError, RuntimeError, ValueError) as error:
        emit(fault(error))
