"""What is at a path, what state units are in: looking without changing anything."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time

from festning.engine.agent.processes import Command, Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:  # Python's own: hashlib would load OpenSSL, some 2 ms of each look.
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:  # Before Python 3.12.
    from hashlib import sha256

CONTENT_LIMIT = 256 * 1024
HOLD = "/etc/systemd/system-generators/festning-hold"
"""There from before packages are installed until they are configured; see ``hold``."""
UNIT_PROPERTIES = (
    "LoadState,ActiveState,SubState,UnitFileState,Type,Result,RemainAfterExit,ExecMainStartTimestampMonotonic,"
    "ConditionResult,ConditionTimestampMonotonic,NeedDaemonReload,StateChangeTimestampMonotonic"
)

_users: dict[int, str] = {}
_groups: dict[int, str] = {}


def user_name(number: int) -> str:
    if number not in _users:
        try:
            _users[number] = pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)  # Not remembered: an apply may make the account later.
    return _users[number]


def group_name(number: int) -> str:
    if number not in _groups:
        try:
            _groups[number] = grp.getgrgid(number).gr_name
        except KeyError:
            return str(number)
    return _groups[number]


def digest(content: bytes) -> str:
    return str(sha256(content).hexdigest())


def read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        return file.read()


def look(path: str, expected: str | None = None, *, want_content: bool = False) -> dict[str, Any] | None:
    """What is at ``path`` (``None``: nothing). Content only where wanted, unexpected, text, and not large."""
    try:
        status = os.lstat(path)
        kind = _kind(status.st_mode)
        if kind == "symlink" and os.path.isdir(path):  # A directory may be reached by another name, such as /var/run.
            status, kind = os.stat(path), "directory"
        fact: dict[str, Any] = {
            "kind": kind,
            "mode": stat.S_IMODE(status.st_mode),
            "owner": user_name(status.st_uid),
            "group": group_name(status.st_gid),
            "modified": int(status.st_mtime),
            "changed": int(status.st_ctime),
        }
        if kind == "file":
            content = read(path)
            fact["sha256"] = digest(content)
            if want_content and fact["sha256"] != expected:
                fact["content"] = _text(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return fact


def token(fact: dict[str, Any]) -> str:
    """All that may not have moved between a plan and its apply, in one line, as ``model.facts`` makes it too."""
    owner = f"{fact['owner']}:{fact['group']}"
    return f"{fact['kind']} {fact['mode']:04o} {owner} {fact.get('sha256') or '-'}"


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "other"


def _text(content: bytes) -> str | None:
    if len(content) > CONTENT_LIMIT or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def foreign(directory: str, declared: list[str]) -> list[str]:
    """The entries of ``directory`` that are neither declared nor lead to something declared, sorted."""
    prefix = directory.rstrip("/") + "/"
    keep = {path[len(prefix) :].split("/", 1)[0] for path in declared if path.startswith(prefix)}
    try:
        return sorted(prefix + name for name in os.listdir(directory) if name not in keep)
    except (FileNotFoundError, NotADirectoryError):
        return []


def unit_query(units: list[str]) -> Command:
    return Command(("systemctl", "show", "--no-pager", "-p", UNIT_PROPERTIES, "--", *units))


def unit_facts(units: list[str], ended: Ended) -> dict[str, dict[str, Any]]:
    """Facts by unit: ``systemctl show`` answers in blocks, in the order in which it was asked.

    Raises :class:`RuntimeError` when systemctl cannot answer.
    """
    blocks = [
        dict(line.partition("=")[::2] for line in block.splitlines()) for block in ended.stdout.strip().split("\n\n")
    ]
    if not ended.ok or len(blocks) != len(units):
        raise RuntimeError(f"systemctl show failed: {ended.stderr.strip() or ended.status}")
    return shown_facts(units, blocks)


def shown_facts(units: list[str], shown: list[dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Facts by unit, of the properties that were shown of each."""
    booted = time.time() - time.monotonic()
    return {unit: _unit_fact(block, booted) for unit, block in zip(units, shown, strict=True)}


def unit_token(fact: dict[str, Any]) -> str:
    """As :func:`token`, of a unit."""
    return f"{fact['load']} {fact['active']} {fact['file_state'] or '-'}"


def _unit_fact(shown: dict[str, str], booted: float) -> dict[str, Any]:
    moved = int(shown.get("StateChangeTimestampMonotonic") or 0)
    return {
        "load": shown["LoadState"],
        "active": shown["ActiveState"],
        "sub": shown["SubState"],
        "file_state": shown.get("UnitFileState", ""),
        "type": shown.get("Type", ""),
        "result": shown.get("Result", ""),
        "remains": shown.get("RemainAfterExit") == "yes",
        "ran": shown.get("ExecMainStartTimestampMonotonic", "0") != "0",
        # ConditionResult is "no" as well where systemd has never looked.
        "condition_failed": shown.get("ConditionResult") == "no"
        and shown.get("ConditionTimestampMonotonic", "0") != "0",
        "needs_daemon_reload": shown.get("NeedDaemonReload") == "yes",
        "since": int(booted + moved / 1e6) if moved else 0,
    }
