"""What it takes to put paths back byte for byte, written down before anything is changed.

Unlike ``swap``, which remembers in memory for as long as it lives, this is read by whoever is left: a watchdog, or the
next boot. Putting back may be broken off anywhere and begun again.
"""

from __future__ import annotations

import os
import stat

from festning.engine.agent.swap import NEW, beside, put_file, put_link, remove_quietly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ABSENT, FILE, LINK, DIRECTORY = "absent", "file", "link", "directory"
_PATHS = frozenset({"mkdir", "write", "chmod", "remove"})


def note(operations: list[dict[str, Any]], contents: str) -> list[dict[str, Any]]:
    """What is at every path that ``operations`` will touch; contents of files go into the directory ``contents``."""
    found: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if operation["kind"] in _PATHS:
            for path in (*_missing_parents(operation["target"]), *_below(operation)):
                if path not in found:
                    found[path] = _state(path, os.path.join(contents, str(len(found))))
    return list(found.values())


def put_back(entries: list[dict[str, Any]]) -> None:
    """Make every path what it was. Raises :class:`OSError`."""
    for entry in reversed(entries):
        remove_quietly(beside(entry["path"], NEW))
        if entry["was"] == ABSENT:
            _remove(entry["path"])
    # Operations may have removed what is in a directory before the directory itself.
    for entry in sorted(entries, key=lambda one: (one["was"] != DIRECTORY, one["path"])):
        _restore(entry)
    for directory in dict.fromkeys(os.path.dirname(entry["path"]) for entry in entries):
        if os.path.isdir(directory):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(descriptor)
            os.close(descriptor)


def _missing_parents(path: str) -> list[str]:
    missing: list[str] = []
    parent = os.path.dirname(path)
    while not os.path.isdir(parent):
        missing.insert(0, parent)
        parent = os.path.dirname(parent)
    return missing


def _below(operation: dict[str, Any]) -> list[str]:
    """The path itself and, where it will be removed, all that is in it."""
    path: str = operation["target"]
    if operation["kind"] != "remove" or os.path.islink(path) or not os.path.isdir(path):
        return [path]
    inside = [os.path.join(folder, name) for folder, names, files in os.walk(path) for name in sorted([*names, *files])]
    return [path, *inside]


def _state(path: str, content_file: str) -> dict[str, Any]:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return {"path": path, "was": ABSENT}
    entry = {"path": path, "mode": stat.S_IMODE(status.st_mode), "user": status.st_uid, "group": status.st_gid}
    if stat.S_ISLNK(status.st_mode):
        return {**entry, "was": LINK, "destination": os.readlink(path)}
    if stat.S_ISDIR(status.st_mode):
        return {**entry, "was": DIRECTORY}
    with open(path, "rb") as file:
        put_file(content_file, file.read(), 0o600, (os.geteuid(), os.getegid()))
    return {**entry, "was": FILE, "content": content_file}


def _restore(entry: dict[str, Any]) -> None:
    path, was = entry["path"], entry["was"]
    if was == ABSENT:
        return
    owner = (entry["user"], entry["group"])
    if was == DIRECTORY:
        if not os.path.isdir(path):
            os.mkdir(path)
        os.chown(path, *owner)
        os.chmod(path, entry["mode"])
    elif was == LINK:
        put_link(path, entry["destination"], owner)
    else:
        with open(entry["content"], "rb") as file:
            put_file(path, file.read(), entry["mode"], owner)


def _remove(path: str) -> None:
    """What was not there goes; a directory only with nothing in it, as others may have put something there."""
    if os.path.isdir(path) and not os.path.islink(path):
        if not os.listdir(path):
            os.rmdir(path)
    else:
        remove_quietly(path)
