"""Starts the lab's processes so that they outlive the shell that started them, each in a control group of its own.

The group of its own is not tidiness: systemd-nspawn puts a machine in ``payload`` below the group it is started in, so
machines started from one group would share their control groups, and one's systemd would kill the others' processes.
It also is how everything is found and ended, whatever the records say. Knows both kinds of boxes: with systemd as PID 1
(transient units in a slice) and without (groups made here). Knows nothing of what is started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from festning.errors import ProviderError

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_PATIENCE = 10.0

# Enters the groups named before `--`, and becomes the program.
_ENTER_AND_BECOME = """\
while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done
shift
exec "$@"
"""
# Says its pid and turns to the log before.
_DETACH = """\
echo $$
exec </dev/null >>"$1" 2>&1
shift
"""


class Launcher(Protocol):
    """Starts and ends the named processes of one lab."""

    def start(self, name: str, argv: Sequence[str], log: Path) -> int:
        """Start a program, its output appended to ``log``; its pid. What was left under the name is ended before."""
        ...

    def run(self, name: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end in the same surroundings, and catch what it says."""
        ...

    def end(self, name: str) -> None:
        """Kill everything that was started under a name, and wait for its end."""
        ...

    def end_all(self) -> None:
        """Kill everything in this lab, wait for its end, and leave no trace of it."""
        ...


def launcher_for(fortress: str) -> Launcher:
    """The launcher that fits this box (sd_booted(3) tells whether systemd is PID 1)."""
    return Units(fortress) if Path("/run/systemd/system").is_dir() else Groups(fortress)


def group_hierarchies(mounts: str) -> tuple[Path, ...]:
    """Where, by the text of ``/proc/self/mounts``, systemd keeps its groups: the unified hierarchy, and v1's own."""
    found: list[Path] = []
    for line in mounts.splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(where))
    return tuple(found)


class Groups:
    """Without systemd as PID 1: detached processes in control groups made here."""

    def __init__(self, fortress: str, hierarchies: Sequence[Path] | None = None) -> None:
        """Take the box's hierarchies, unless others are given."""
        if hierarchies is None:
            hierarchies = group_hierarchies(Path("/proc/self/mounts").read_text())
        self._roots = [hierarchy / "festning" / fortress for hierarchy in hierarchies]

    def start(self, name: str, argv: Sequence[str], log: Path) -> int:
        entering = ["sh", "-euc", _DETACH + _ENTER_AND_BECOME, "sh", str(log), *self._new_groups(name), "--", *argv]
        said = subprocess.run(
            ["setsid", "--fork", *entering], stdout=subprocess.PIPE, text=True, check=True, env=ENVIRONMENT, cwd="/"
        )
        return int(said.stdout)

    def run(self, name: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        entering = ["sh", "-euc", _ENTER_AND_BECOME, "sh", *self._new_groups(name), "--", *argv]
        return subprocess.run(entering, capture_output=True, text=True, check=False, env=ENVIRONMENT, cwd="/")

    def _new_groups(self, name: str) -> list[str]:
        self.end(name)
        groups = [root / name for root in self._roots]
        for group in groups:
            group.mkdir(parents=True)
        return [str(group) for group in groups]

    def end(self, name: str) -> None:
        for root in self._roots:
            _empty(root / name)

    def end_all(self) -> None:
        for root in self._roots:
            _empty(root)
            if root.parent.is_dir() and not any(entry.is_dir() for entry in root.parent.iterdir()):
                root.parent.rmdir()


COMMON_SLICE = "festning.slice"
"""What systemd makes above the slices of all labs, by their names."""


class Units:
    """With systemd as PID 1: transient units in a slice of the lab's own, which no logout ends."""

    def __init__(self, fortress: str) -> None:
        """Name the slice; in slice names a dash stands for a level (systemd.slice(5))."""
        self._fortress = fortress
        self.slice = f"festning-{escaped(fortress)}.slice"

    def unit(self, name: str) -> str:
        """The unit's name."""
        return f"festning-{self._fortress}-{name}.service"

    def command(self, name: str, argv: Sequence[str], *how: str) -> list[str]:
        """The command line that runs a program in a unit; ``how`` are more options of systemd-run(1)."""
        properties = (
            "Delegate=yes",
            "KillMode=control-group",
            # One process that runs out of memory is that machine's matter, not the end of the machine.
            "OOMPolicy=continue",
            "TasksMax=infinity",
        )
        return [
            *("systemd-run", "--quiet", "--collect", f"--unit={self.unit(name)}", f"--slice={self.slice}"),
            f"--description=festning lab {self._fortress}: {name}",
            *(f"--property={line}" for line in properties),
            *how,
            "--",
            *argv,
        ]

    def start(self, name: str, argv: Sequence[str], log: Path) -> int:
        self.end(name)
        outputs = [f"--property=Standard{stream}=append:{log}" for stream in ("Output", "Error")]
        started = self.command(name, argv, "--service-type=exec", *outputs)
        subprocess.run(started, check=True, capture_output=True, text=True)
        shown = ["systemctl", "show", "--property=MainPID", "--value", self.unit(name)]
        return int(subprocess.run(shown, check=True, capture_output=True, text=True).stdout)

    def run(self, name: str, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.end(name)
        return subprocess.run(
            self.command(name, argv, "--wait", "--pipe"), capture_output=True, text=True, check=False, cwd="/"
        )

    def end(self, name: str) -> None:
        self._end(self.unit(name))

    def end_all(self) -> None:
        self._end(self.slice)
        listed = ["systemctl", "list-units", "--no-legend", "festning-*"]
        if not subprocess.run(listed, check=True, capture_output=True, text=True).stdout.strip():
            self._end(COMMON_SLICE)

    def _end(self, unit: str) -> None:
        # Each of these fails when there is no such unit, which is what is wanted.
        for verb in (["kill", "--signal=KILL"], ["stop"], ["reset-failed"]):
            subprocess.run(["systemctl", *verb, unit], check=False, capture_output=True)


def escaped(name: str) -> str:
    """A name as one level of a slice: dashes escaped as systemd-escape(1) does."""
    return name.replace("-", "\\x2d")


def _empty(group: Path) -> None:
    """Kill all that is in a group and below, and remove it."""
    deadline = time.monotonic() + _PATIENCE
    while group.is_dir():
        if time.monotonic() > deadline:
            raise ProviderError(f"processes in {group} do not end", hint="see its cgroup.procs")
        for pid in _members(group):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            time.sleep(0.01)


def _members(group: Path) -> Iterator[int]:
    for folder, _, _ in os.walk(group):
        try:
            yield from (int(pid) for pid in (Path(folder) / "cgroup.procs").read_text().split() if pid != "0")
        except FileNotFoundError:
            continue
