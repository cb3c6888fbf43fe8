"""Where measurements take place: a lab of a size and name of its own, what the kernel must allow for it, one process.

Whatever is raised or made here is put back when its ``with`` block ends, however it ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Run
from bench.peers.access import Access
from festning.engine.sealed import SealedCatalog
from festning.model.fortress import Fortress
from festning.providers.lab.lab import Lab
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.opening import Opened, Surroundings, open_fortress

EXAMPLE = Path(__file__).parents[1] / "examples" / "nordlys"
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
INSTANCES_WANTED = 1024
"""inotify instances for 51 machines, at some four each, and for what this machine has already."""


class RunError(Exception):
    """Something that is measured did not do its work; the message has what it said."""


class Stage:
    """A lab: two cores, an arbiter and as many edges as are said. Use :func:`stage` or :func:`booted`."""

    def __init__(self, folder: Path, name: str, edges: int) -> None:
        self.file = folder / name / "fortress.yaml"
        shutil.copytree(EXAMPLE, self.file.parent)
        text = self.file.read_text().replace("fortress: nordlys", f"fortress: {name}")
        self.file.write_text(text.replace("count: 2", f"count: {edges}"))
        self.environment = {**as_installed(os.environ), "PYTHONPATH": str(Path(__file__).parents[1])}

    def festning(self, *arguments: str) -> list[str]:
        """The command line of a verb on this lab."""
        return [sys.executable, "-m", "festning", "--file", str(self.file), "--lab", *arguments]

    def do(self, *arguments: str) -> None:
        """Run a verb that is not measured. Raises :class:`RunError`."""
        measure(self.festning(*arguments), self.environment)

    @property
    def fortress(self) -> Fortress:
        """The fortress with the lab's addresses."""
        return self.lab().fortress

    def sealed(self) -> dict[str, SealedCatalog]:
        """The compiled catalogs with their secrets, as ``plan`` has them."""
        opened = self.opened()
        catalogs = compile_catalogs(opened.fortress, read_sources(opened.fortress), Formation.running())
        return {name: SealedCatalog(catalog, opened.vault.lookup) for name, catalog in catalogs.items()}

    def access(self) -> Access:
        """How the peers get in."""
        lab = self.lab()
        return Access(Path(lab.namespace), lab.memory / "operator.key", lab.memory / "known_hosts")

    def on_host(self, name: str, *command: str, given: bytes = b"") -> bytes:
        """Run a command in a machine, without SSH. Raises :class:`RunError`."""
        done = subprocess.run(self.lab().exec_command(name, command), input=given, capture_output=True, check=False)
        if done.returncode:
            raise RunError(f"{name}: {' '.join(command)}: {done.stderr.decode()}")
        return done.stdout

    def opened(self) -> Opened:
        """The fortress with the lab's addresses, its vault, and the way to its machines."""
        today = datetime.now(UTC).date()
        return open_fortress(self.file, Surroundings({}, "bench", None, today), lab=True)

    def lab(self) -> Lab:
        """The lab itself."""
        return Lab(self.opened().fortress)


@contextmanager
def booted(folder: Path, name: str, edges: int) -> Iterator[Stage]:
    """A lab whose machines are new; taken down at the end, however it ends."""
    made = Stage(folder, name, edges)
    try:
        with ended_by_signals():
            made.do("lab", "boot")
        yield made
    finally:
        # A second Ctrl-C must not leave machines behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        subprocess.run(made.festning("down"), env=made.environment, check=False, stdout=subprocess.DEVNULL)
        signal.signal(signal.SIGINT, before)


@contextmanager
def stage(folder: Path, name: str, edges: int) -> Iterator[Stage]:
    """A lab in which everything is applied; taken down at the end, however it ends."""
    with booted(folder, name, edges) as made:
        with ended_by_signals():
            made.do("apply")
        yield made


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that whatever is open is closed, and so does SIGINT, though who started
    this in the background had it ignored.

    asyncio hears SIGINT alone: it cancels what runs, and that closes what it has open.
    """

    def end(_number: int, _frame: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGTERM, end), (signal.SIGINT, signal.default_int_handler))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def enough_watchers(setting: Path = INSTANCES, wanted: int = INSTANCES_WANTED) -> Iterator[None]:
    """The kernel allows enough inotify instances for a large lab; the setting goes back to what it was."""
    before = int(setting.read_text())
    if before < wanted:
        setting.write_text(f"{wanted}\n")
    try:
        yield
    finally:
        if before < wanted:
            setting.write_text(f"{before}\n")


def as_installed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which Python keeps what it compiled, as it does wherever a program is installed."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(command: list[str], environment: dict[str, str], folder: Path | None = None) -> tuple[Run, str]:
    """Run a process to its end: what it took, and what it printed. Raises :class:`RunError` for an exit code but 0.

    CPU and memory are the kernel's account of the process and of the children that it waited for (wait4(2)).
    """
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        output = process.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    run = Run(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    if process.returncode:
        raise RunError(f"{' '.join(command)}: exit code {process.returncode}\n{output}")
    return run, output
