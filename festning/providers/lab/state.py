"""What the lab remembers while it runs, in a tmpfs of its own: processes, keys, what was cut. Gone when it is down.

Nothing secret touches a disk, and nothing outlives a reboot, so a record is believed only with its process alive.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from festning.errors import ProviderError, UsageError
from festning.providers.lab.process import Process

RUNTIME = Path("/run/festning")
_SIZE = "16m"


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """A machine that was booted: its keeper, the seed and image it was booted with, and whether it was cut."""

    process: Process
    seed: str
    image: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class DoorRecord:
    """A door that was opened: its process, the port on 127.0.0.1, and the address that it leads to."""

    process: Process
    port: int
    address: str


def machine_record(text: str) -> MachineRecord:
    """Parse a machine's record."""
    fields: dict[str, Any] = json.loads(text)
    return MachineRecord(Process(**fields.pop("process")), **fields)


def door_record(text: str) -> DoorRecord:
    """Parse a door's record."""
    fields: dict[str, Any] = json.loads(text)
    return DoorRecord(Process(**fields.pop("process")), **fields)


class State:
    """The records of one lab, below ``runtime`` (``/run/festning``)."""

    def __init__(self, fortress: str, runtime: Path = RUNTIME) -> None:
        """Name the place; nothing is made yet."""
        self.folder = runtime / fortress
        self._lock = runtime / f"{fortress}.lock"

    @property
    def mounted(self) -> bool:
        """Whether the tmpfs is there."""
        return self.folder.is_mount()

    def mount(self) -> None:
        """Mount the tmpfs, unless it is there."""
        if not self.mounted:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _mount_tmpfs(self.folder)
        for name in ("machines", "doors", "trees"):
            (self.folder / name).mkdir(exist_ok=True)

    def unmount(self) -> None:
        """Unmount the tmpfs and forget everything in it."""
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)
        if self.folder.is_dir():
            self.folder.rmdir()

    @contextmanager
    def locked(self, *, alone: bool = True) -> Iterator[None]:
        """Keep others from changing the lab meanwhile; ``alone=False`` lets in those who also ask with it.

        Raises :class:`UsageError` at once when another festning is at work on the lab.
        """
        self._lock.parent.mkdir(mode=0o755, exist_ok=True)
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        while True:
            with self._lock.open("a") as lock:
                try:
                    fcntl.flock(lock, kind | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UsageError(
                        "another festning is working on this lab", hint="wait until it is done, or stop it"
                    ) from None
                if not _still_named(lock.fileno(), self._lock):
                    continue  # It was taken away by a `down` between opening and locking.
                yield
                return

    def remove_lock(self) -> None:
        """Remove the lock's file, by the one that holds it alone, and the folder of all labs when it is empty."""
        self._lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # There are other labs.
            self._lock.parent.rmdir()

    def machine(self, name: str) -> MachineRecord | None:
        """A machine's record, if it was ever booted."""
        text = self._read("machines", name)
        return machine_record(text) if text else None

    def machines(self) -> tuple[str, ...]:
        """The names of all machines with a record, also of those that the fortress has no longer."""
        return self._names("machines")

    def remember_machine(self, name: str, record: MachineRecord) -> None:
        """Write a machine's record."""
        self.write(f"machines/{name}", json.dumps(asdict(record)))

    def forget_machine(self, name: str) -> None:
        """Drop a machine's record."""
        (self.folder / "machines" / name).unlink(missing_ok=True)

    def door(self, name: str) -> DoorRecord | None:
        """The record of a host's door, if it was ever opened."""
        text = self._read("doors", name)
        return door_record(text) if text else None

    def doors(self) -> tuple[str, ...]:
        """The hosts with a record of a door."""
        return self._names("doors")

    def remember_door(self, name: str, record: DoorRecord) -> None:
        """Write a door's record."""
        self.write(f"doors/{name}", json.dumps(asdict(record)))

    def forget_door(self, name: str) -> None:
        """Drop the record of a host's door."""
        (self.folder / "doors" / name).unlink(missing_ok=True)

    def write(self, name: str, text: str) -> Path:
        """Write a file whole or not at all, readable by its owner only; where it is."""
        target = self.folder / name
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        return fresh.replace(target)

    def read(self, name: str) -> str | None:
        """A file's text, or ``None`` when there is none."""
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return None

    def _read(self, kind: str, name: str) -> str | None:
        return self.read(f"{kind}/{name}")

    def _names(self, kind: str) -> tuple[str, ...]:
        folder = self.folder / kind
        return tuple(sorted(file.name for file in folder.iterdir() if file.name[0] != ".")) if folder.is_dir() else ()


def _mount_tmpfs(folder: Path) -> None:
    options = f"mode=0700,size={_SIZE},nosuid,nodev"
    # Kernels before 6.4 do not know noswap; there the keys are as safe as the operator's swap is.
    for attempt in (f"{options},noswap", options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", attempt, "festning", str(folder)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
    raise ProviderError(f"no tmpfs can be mounted on {folder}: {done.stderr.strip()}")


def _still_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
