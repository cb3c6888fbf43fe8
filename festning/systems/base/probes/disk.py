"""Measures the disk under the database: the time of a small synced write, then the speed of one large synced one.

Prints ``place PATH``, then ``commit P50_MS P99_MS COUNT`` and dd's own last line, or ``space FREE_BYTES`` when there is
too little to measure without harm. Leaves nothing behind, however it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path("/var/lib/mysql")
BLOCK = 4096
COMMITS = 300
GIB = 1 << 30
# As much again must stay free while the large write is there: a full disk would stop the database.
NEEDED = 2 * GIB


def place() -> Path:
    """A directory on the disk of the database's files, but not among them when another one is on the same disk."""
    if DATA.is_dir() and DATA.stat().st_dev != DATA.parent.stat().st_dev:
        return DATA
    return DATA.parent


def commits(directory: Path) -> list[float]:
    """Milliseconds of each synced 4 KiB write to a file that has its size already, as a redo log's are; sorted."""
    took = []
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(os.urandom(BLOCK * COMMITS))
        file.flush()
        os.fsync(file.fileno())
        block = os.urandom(BLOCK)
        for number in range(COMMITS):
            began = time.perf_counter()
            os.pwrite(file.fileno(), block, number * BLOCK)
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def available_memory() -> int:
    """Bytes that programs can still get (``MemAvailable``)."""
    with Path("/proc/meminfo").open(encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def large_write(directory: Path) -> None:
    """The baseline's ``dd``: one block of 1 GiB, written through to the disk."""
    target = directory / f".festning-disk-{os.getpid()}"
    shape = ["bs=1G", "count=1", "oflag=dsync"]
    if available_memory() < 2 * GIB:  # dd holds a whole block in memory; the same octets and one sync in smaller ones.
        shape = ["bs=16M", "count=64", "conv=fdatasync"]
    try:
        command = ["dd", "if=/dev/zero", f"of={target}", *shape]
        print(" ".join(command), flush=True)
        ended = subprocess.run(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"}, check=False
        )
        print(ended.stderr.strip().splitlines()[-1])
        if ended.returncode:
            sys.exit(ended.returncode)
    finally:
        target.unlink(missing_ok=True)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # So that what was written is removed.
    directory = place()
    print(f"place {directory}")
    room = os.statvfs(directory)
    free = room.f_bavail * room.f_frsize
    if free < NEEDED:
        print(f"space {free}")
        return
    took = commits(directory)
    print(f"commit {took[len(took) // 2]:.2f} {took[int(len(took) * 0.99)]:.2f} {len(took)}", flush=True)
    large_write(directory)


if __name__ == "__main__":
    main()
