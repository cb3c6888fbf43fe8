"""Putting files and directories in place so that each is always whole, and taking it all back byte for byte.

New content is written to a temporary file beside its target (hidden, so that no ``*.conf`` takes it in), synced, and
renamed over it. What was there before is remembered until the change is kept.
"""

from __future__ import annotations

import base64
import grp
import os
import pwd
import stat
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NEW = ".festning-new"


def beside(path: str, suffix: str) -> str:
    """The temporary name beside ``path``, on the same filesystem."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}{suffix}")


def content_of(operation: dict[str, Any]) -> bytes:
    """The content of a write: text, bytes as base64, or bytes that the host had already."""
    if "content" in operation:
        kept: bytes = operation["content"]
        return kept
    if "text" in operation:
        text: str = operation["text"]
        return text.encode()
    return base64.b64decode(operation["base64"])


def owner_numbers(operation: dict[str, Any]) -> tuple[int, int]:
    """User and group numbers. Raises :class:`OSError` for a name that the host does not know."""
    try:
        return pwd.getpwnam(operation["owner"]).pw_uid, grp.getgrnam(operation["group"]).gr_gid
    except KeyError as error:
        raise OSError(f"{operation['target']}: {error.args[0]}") from error


def write_file(path: str, content: bytes, mode: int, owner: tuple[int, int]) -> None:
    """Write a new file that is nobody else's to read before it has its owner and mode, and sync it."""
    if os.path.lexists(path):
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchown(file.fileno(), *owner)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


class Swap:
    """One system's change of paths, with what it takes to undo it."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._directories: set[str] = set()

    def apply(self, operations: list[dict[str, Any]]) -> None:
        """Directories first, then all new content beside its targets, then all renames: a full disk changes nothing."""
        for operation in operations:
            if operation["kind"] == "mkdir":
                self.mkdir(operation)
        writes = [operation for operation in operations if operation["kind"] == "write"]
        for operation in writes:
            self._parents(operation["target"])
            temporary = beside(operation["target"], NEW)
            self._undo.append(partial(remove_quietly, temporary))
            write_file(temporary, content_of(operation), operation["mode"], owner_numbers(operation))
        for operation in writes:
            self._rename(operation["target"])
        for operation in operations:
            if operation["kind"] == "chmod":
                self._attributes(operation)
            elif operation["kind"] == "remove":
                self.remove(operation["target"], only_if_empty=operation["only_if_empty"])
        self._sync()

    def mkdir(self, operation: dict[str, Any]) -> None:
        path = operation["target"]
        self._parents(path)
        if not os.path.isdir(path):
            self._make(path)
        self._attributes(operation)

    def remove(self, path: str, *, only_if_empty: bool = False) -> None:
        """Remove a file, or a directory with all that is in it.

        Not by setting it aside: on overlayfs a directory of the lower layer cannot be renamed.
        """
        if not os.path.lexists(path):
            return
        if not os.path.isdir(path) or os.path.islink(path):
            self._undo.append(_remembered(path))
            os.unlink(path)
        elif os.listdir(path) and only_if_empty:
            return
        else:
            for name in sorted(os.listdir(path)):
                self.remove(os.path.join(path, name))
            status = os.stat(path)
            self._undo.append(lambda: _put_directory(path, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid))
            os.rmdir(path)
        self._directories.add(os.path.dirname(path))

    def back(self) -> None:
        """Put everything back as it was, the last change first."""
        while self._undo:
            self._undo.pop()()
        self._sync()

    def _parents(self, path: str) -> None:
        missing = []
        parent = os.path.dirname(path)
        while not os.path.isdir(parent):
            missing.append(parent)
            parent = os.path.dirname(parent)
        for directory in reversed(missing):
            self._make(directory)
            os.chmod(directory, 0o755)  # noqa: S103  Whatever the umask: parents are for everybody to pass.

    def _make(self, path: str) -> None:
        os.mkdir(path)
        self._undo.append(lambda: os.rmdir(path))
        self._directories.add(os.path.dirname(path))

    def _attributes(self, operation: dict[str, Any]) -> None:
        path, owner = operation["target"], owner_numbers(operation)
        before = os.stat(path)

        def restore() -> None:
            os.chown(path, before.st_uid, before.st_gid)
            os.chmod(path, stat.S_IMODE(before.st_mode))

        self._undo.append(restore)
        os.chown(path, *owner)
        os.chmod(path, operation["mode"])

    def _rename(self, path: str) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            raise IsADirectoryError(f"{path}: a directory is where a file should be")
        self._undo.append(_remembered(path))
        os.rename(beside(path, NEW), path)
        self._directories.add(os.path.dirname(path))

    def _sync(self) -> None:
        """Make the renames last through a power cut."""
        for path in self._directories:
            if os.path.isdir(path):
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                os.fsync(descriptor)
                os.close(descriptor)


def _remembered(path: str) -> Callable[[], None]:
    """How to put back what is at ``path`` now: a file or link with all its attributes, or nothing."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return lambda: remove_quietly(path)
    owner = (status.st_uid, status.st_gid)
    if stat.S_ISLNK(status.st_mode):
        destination = os.readlink(path)
        return lambda: put_link(path, destination, owner)
    with open(path, "rb") as file:
        content = file.read()
    return lambda: put_file(path, content, stat.S_IMODE(status.st_mode), owner)


def put_file(path: str, content: bytes, mode: int, owner: tuple[int, int]) -> None:
    write_file(beside(path, NEW), content, mode, owner)
    os.rename(beside(path, NEW), path)


def put_link(path: str, destination: str, owner: tuple[int, int]) -> None:
    temporary = beside(path, NEW)
    remove_quietly(temporary)
    os.symlink(destination, temporary)
    os.chown(temporary, *owner, follow_symlinks=False)
    os.rename(temporary, path)


def _put_directory(path: str, mode: int, user: int, group: int) -> None:
    os.mkdir(path)
    os.chown(path, user, group)
    os.chmod(path, mode)


def remove_quietly(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)
