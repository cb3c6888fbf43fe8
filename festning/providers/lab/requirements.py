"""What this box must have before the lab can be made on it, found out before anything is changed.

Each requirement that is not met has a plain word and what to do about it. The last one is a trial: systemd-nspawn runs
``/bin/true``, because no list of features tells for sure whether a box can boot machines.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from festning.errors import UsageError
from festning.providers.lab.doors import ACTIVATE, PROXY
from festning.providers.lab.launcher import group_hierarchies, launcher_for
from festning.providers.lab.machine import forget

PROGRAMS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
    ACTIVATE: "systemd",
}
"""Program → the Debian package that has it."""

DISK_PER_MACHINE = 256 << 20
"""Bytes that a machine's writable layer comes to with a database in it."""
WATCHERS_PER_MACHINE = 4
"""inotify instances that a machine's systemd, D-Bus and services hold, all of them as the one root of this kernel."""
MEMORY_PER_MACHINE = 96 << 20
"""Bytes that a machine with little to do uses, on average of all roles."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A requirement that is not met."""

    message: str
    hint: str


NOT_ROOT = Lack("it takes root", "run it with sudo: machines, their networks and mounts are root's to make")


def why_not() -> str | None:
    """Why this box cannot have a lab, in one line, or ``None`` when it can."""
    lack = next(lacks(), None)
    return f"{lack.message} ({lack.hint})" if lack else None


def require(machines: int, layers: Path) -> None:
    """Raise :class:`UsageError` with the first requirement that is not met for that many more machines."""
    lack = next(lacks(), None) or next(room_lacks(machines, layers), None)
    if lack:
        raise UsageError(f"the lab cannot be made on this machine: {lack.message}", hint=lack.hint)


def require_root() -> None:
    """Raise :class:`UsageError` when the lab's things may not be touched."""
    if os.geteuid() != 0:
        raise UsageError(f"the lab cannot be reached: {NOT_ROOT.message}", hint=NOT_ROOT.hint)


def lacks() -> Iterator[Lack]:
    """What is missing, whatever the number of machines; the trial comes last, and only if all else is there."""
    if os.geteuid() != 0:
        yield NOT_ROOT
        return
    complete = True
    for lack in (*_missing_programs(), *_missing_kernel_features()):
        complete = False
        yield lack
    if complete:
        yield from _failed_trial()


def room_lacks(machines: int, layers: Path) -> Iterator[Lack]:
    """Too little disk or memory for that many machines."""
    if machines == 0:
        return
    existing = next(path for path in (layers, *layers.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < machines * DISK_PER_MACHINE:
        yield Lack(
            f"{layers} has {_mebibytes(free)} free; {machines} machines need {_mebibytes(machines * DISK_PER_MACHINE)}",
            f"free some space, or mount a larger disk at {layers}",
        )
    available = available_memory(Path("/proc/meminfo").read_text())
    if available < machines * MEMORY_PER_MACHINE:
        yield Lack(
            f"{_mebibytes(available)} of memory are available; {machines} machines need "
            f"{_mebibytes(machines * MEMORY_PER_MACHINE)}",
            "end something else, or try a smaller fortress",
        )
    watchers = free_watchers(machines * WATCHERS_PER_MACHINE)
    if watchers < machines * WATCHERS_PER_MACHINE:
        yield Lack(
            f"{watchers} inotify instances are left for root; {machines} machines need "
            f"{machines * WATCHERS_PER_MACHINE}",
            "sysctl fs.inotify.max_user_instances=1024 (kernels have 128 for each user unless told otherwise)",
        )


def free_watchers(wanted: int) -> int:
    """How many more inotify instances this user can have, asked up to ``wanted``: they are taken, and given back.

    A machine that gets none boots anyway and then fails somewhere, so it has to be known before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    taken: list[int] = []
    try:
        while len(taken) < wanted and (descriptor := libc.inotify_init1(os.O_CLOEXEC)) >= 0:
            taken.append(descriptor)
    finally:
        for descriptor in taken:
            os.close(descriptor)
    return len(taken)


def available_memory(meminfo: str) -> int:
    """Bytes available, by the text of ``/proc/meminfo``."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0


def _missing_programs() -> Iterator[Lack]:
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            yield Lack(f"{program} is not installed", f"apt-get install {package}")
    if not Path(PROXY).exists():
        yield Lack(f"{PROXY} is not installed", "apt-get install systemd")


def _missing_kernel_features() -> Iterator[Lack]:
    if not Path("/dev/net/tun").is_char_device():
        yield Lack("there is no /dev/net/tun, which OpenVPN needs", "modprobe tun (on a rented container: ask for it)")
    if not _has_overlayfs():
        yield Lack("the kernel has no overlayfs", "modprobe overlay")
    hierarchies = group_hierarchies(Path("/proc/self/mounts").read_text())
    if not hierarchies or not all(os.access(hierarchy, os.W_OK) for hierarchy in hierarchies):
        yield Lack("control groups cannot be made here", "in a container: run it with --privileged, or use a real VM")


def _has_overlayfs() -> bool:
    if any(line.split()[-1] == "overlay" for line in Path("/proc/filesystems").read_text().splitlines()):
        return True
    # A module that is not loaded yet is not listed.
    probe = subprocess.run(["modprobe", "--dry-run", "overlay"], check=False, capture_output=True)
    return probe.returncode == 0


def _failed_trial() -> Iterator[Lack]:
    name = f"trial-{os.getpid()}"
    launcher = launcher_for(name)
    try:
        tried = launcher.run("nspawn", _trial_command(name))
    finally:
        launcher.end_all()
        forget(name)
    if tried.returncode:
        yield Lack(
            f"systemd-nspawn cannot start anything here: {(tried.stderr or tried.stdout).strip()}",
            "in a container: run it with --privileged, or use a real VM",
        )


def _trial_command(name: str) -> list[str]:
    surroundings = ["--register=no", "--keep-unit", "--private-network", "--settings=no", "--link-journal=no"]
    # This box's own /usr, under a root that is gone afterwards.
    return [
        *("systemd-nspawn", "--quiet", f"--machine={name}", "--directory=/", "--volatile=yes"),
        *surroundings,
        "/bin/true",
    ]


def _mebibytes(count: int) -> str:
    return f"{count >> 20} MiB"
