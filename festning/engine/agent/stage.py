"""The future tree, shown to native validators at its real paths before anything is changed.

Staged files go to a private directory in memory. In a mount namespace of its own, each directory that will change is
covered by a read-only overlay of the staged tree over the real one; the validators run there, and when they end, the
view is gone. A path that will be removed is a whiteout in the staged tree.
"""

from __future__ import annotations

import os
import stat

from festning.engine.agent.processes import Command, Ended, run
from festning.engine.agent.swap import content_of, owner_numbers, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Stage:
    """A staged tree under ``run``/stage."""

    def __init__(self, run_directory: str) -> None:
        self._root = os.path.join(run_directory, "stage")
        self._tree = os.path.join(self._root, "tree")
        self._real = os.path.join(self._root, "real")
        self._covered: set[str] = set()
        self.clear()
        os.makedirs(self._tree, mode=0o700)

    def clear(self) -> None:
        """Remove the staged tree; never what a view may have mounted beside it."""
        _remove_tree(self._tree)
        for directory in (self._real, self._root):
            if os.path.isdir(directory):
                os.rmdir(directory)

    def add(self, operation: dict[str, Any]) -> None:
        """Stage a mkdir, write or remove. Raises :class:`OSError` when it cannot be."""
        path = _resolved(operation["target"])
        if operation["kind"] == "remove":
            if os.path.lexists(path) and not operation["only_if_empty"] and not self._gone(path):
                self._white_out(path)
            return
        staged = self._parents(path)
        if operation["kind"] == "mkdir":
            os.makedirs(staged, exist_ok=True)
            os.chown(staged, *owner_numbers(operation))
            os.chmod(staged, operation["mode"])
        elif operation["kind"] == "write":
            write_file(staged, content_of(operation), operation["mode"], owner_numbers(operation))
        self._cover(path)

    def validate(self, command: list[str], timeout_s: float = 60.0) -> Ended:
        """Run one validator in the view. Raises :class:`OSError` when the view cannot be made."""
        view = "\n".join([*self._mounts(), 'exec "$@"'])
        return run(Command(("unshare", "--mount", "sh", "-eus", "--", *command), view, timeout_s))

    def _gone(self, path: str) -> bool:
        """Whether a directory above it is removed already, with all that is in it."""
        above = os.path.dirname(path)
        while above != "/":
            staged = self._tree + above
            if os.path.lexists(staged) and not os.path.isdir(staged):
                return True
            above = os.path.dirname(above)
        return False

    def _white_out(self, path: str) -> None:
        staged = self._parents(path)
        _remove_tree(staged)  # What was removed from a directory before the directory itself.
        os.mknod(staged, stat.S_IFCHR, os.makedev(0, 0))
        self._cover(path)

    def _parents(self, path: str) -> str:
        """Make the staged parents of ``path``, with the attributes of the real ones, as the overlay shows those."""
        real, staged = "/", self._tree
        for part in path.strip("/").split("/")[:-1]:
            real, staged = os.path.join(real, part), os.path.join(staged, part)
            if os.path.isdir(staged):
                continue
            os.mkdir(staged)
            if os.path.isdir(real):
                status = os.stat(real)
                os.chown(staged, status.st_uid, status.st_gid)
                os.chmod(staged, stat.S_IMODE(status.st_mode))
            else:
                os.chmod(staged, 0o755)  # noqa: S103  As mkdir of the real one will make it.
        return os.path.join(staged, os.path.basename(path))

    def _cover(self, path: str) -> None:
        """Note the nearest existing directory above ``path``; no more than that is made read-only."""
        directory = os.path.dirname(path)
        while not os.path.isdir(directory):
            directory = os.path.dirname(directory)
        if directory == "/":
            raise OSError(f"{path}: its top-level directory does not exist, and the root cannot be staged")
        self._covered.add(directory)

    def _mounts(self) -> list[str]:
        outermost = [
            one for one in sorted(self._covered) if not any(one.startswith(other + "/") for other in self._covered)
        ]
        hidden = [
            mount for mount in _mount_points() if any(mount.startswith(directory + "/") for directory in outermost)
        ]
        lines = []
        if hidden:  # Mounts below a covered directory are not part of its filesystem, and are put back over the view.
            os.makedirs(self._real, exist_ok=True)
            lines.append(f"mount --rbind / {_quoted(self._real)}")
        lines += [
            f"mount -t overlay overlay -o {_quoted(f'ro,lowerdir={self._tree}{one}:{one}')} {_quoted(one)}"
            for one in outermost
        ]
        lines += [f"mount --bind {_quoted(self._real + mount)} {_quoted(mount)}" for mount in hidden]
        return lines


def _remove_tree(root: str) -> None:
    for directory, _, files in os.walk(root, topdown=False):
        for name in files:
            os.unlink(os.path.join(directory, name))
        os.rmdir(directory)


def _resolved(path: str) -> str:
    """``path`` with symbolic links in its parents followed, as /lib or /var/run are."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)


def _quoted(word: str) -> str:
    """For the shell. Debian's python3-minimal has no shlex."""
    return "'" + word.replace("'", "'\\''") + "'"


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = {line.split(" ")[4].encode().decode("unicode_escape") for line in file}
    return sorted(points)
