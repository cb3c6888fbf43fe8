"""A machine's life on the box: its disk is prepared, it is booted, killed, and its disk discarded.

Knows where disks are and the order of things; leaves each thing to its module. A disk (layer) is a folder with the
overlay's ``upper`` and ``work``, the console's log, and marks of what it was made from: ``seed``, ``image``, ``bare``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from festning.errors import FestningError, ProviderError, UsageError
from festning.providers.lab.disk import IMAGE_MARK
from festning.providers.lab.image import Image, remove_tree
from festning.providers.lab.launcher import Launcher
from festning.providers.lab.machine import KEEPER, Boot, await_ssh, boot_command, forget, init_of, last_words
from festning.providers.lab.network import Network
from festning.providers.lab.placement import Plot
from festning.providers.lab.process import Process
from festning.providers.lab.seed import SeedFile, digest_of, lab_interface, lay, nspawn_name
from festning.providers.lab.state import MachineRecord, State

_PATIENCE = 10.0
_KEEPER = "keeper"
_BARE = "bare"


class Lifecycle:
    """The machines of one lab. ``layers`` is the folder of their disks."""

    def __init__(self, fortress: str, network: Network, state: State, launcher: Launcher, layers: Path) -> None:
        """Take what machines are made with."""
        self._fortress = fortress
        self._network = network
        self._state = state
        self._launcher = launcher
        self._layers = layers

    @property
    def disks(self) -> frozenset[str]:
        """The names of all machines that have a disk."""
        return frozenset(entry.name for entry in self._layers.iterdir()) if self._layers.is_dir() else frozenset()

    @property
    def bare(self) -> bool | None:
        """Whether the machines that have a disk were made bare; ``None`` when there are none."""
        return any((self._layers / name / _BARE).exists() for name in self.disks) if self.disks else None

    def check_image(self, images: Mapping[str, Image]) -> None:
        """Raise :class:`UsageError` when a disk was made on another base image: one cannot be laid over the other."""
        for name, image in images.items():
            mark = self._layers / name / IMAGE_MARK
            if mark.exists() and mark.read_text() != image.digest:
                raise UsageError(
                    f"{name} was made from another base image than is needed now",
                    hint="`festning --lab down` takes the lab and its data away; `festning --lab up` makes it anew",
                )

    def prepare(self, name: str, image: Image, seed: tuple[SeedFile, ...]) -> None:
        """Make a machine's disk, or keep the one it has, and lay its seed unless it has that one. It must not run."""
        boot = self._boot_of(name, "", image.tree)
        self._layers.mkdir(mode=0o700, parents=True, exist_ok=True)
        boot.layer.mkdir(mode=0o700, exist_ok=True)
        for folder in (boot.upper, boot.work):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)  # What the machine sees as the mode of its root folder.
        (boot.layer / IMAGE_MARK).write_text(image.digest)
        if image.bare:
            (boot.layer / _BARE).touch()
        mark = boot.layer / "seed"
        digest = digest_of(seed)
        if not mark.exists() or mark.read_text() != digest:
            mark.unlink(missing_ok=True)
            lay(seed, boot.upper)
            mark.write_text(digest)

    def clear(self, names: Sequence[str]) -> None:
        """End whatever is left of machines that do not count as running, so that they can be booted again."""
        for name in names:
            self.end(name)
            forget(nspawn_name(self._fortress, name))
        self._network.remove(lab_interface(self._fortress, name) for name in names)

    def boot_all(self, plots: Sequence[Plot], images: Mapping[str, Image], said: Callable[[str], None]) -> None:
        """Boot machines side by side until the SSH of each answers.

        Raises :class:`ProviderError` for those that did not come up, after the others have.
        """
        self._state.write(_KEEPER, KEEPER)
        if not plots:
            return
        stop = threading.Event()
        failures: list[FestningError] = []
        with ThreadPoolExecutor(len(plots)) as pool:
            booting = {pool.submit(self.boot, plot, images[plot.name].tree, stop): plot for plot in plots}
            try:
                for done in as_completed(booting):
                    failure = done.exception()
                    if isinstance(failure, FestningError):
                        failures.append(failure)
                    else:
                        done.result()
                    said(f"{booting[done].name}: {'did not come up' if failure else 'up'}")
            except BaseException:
                stop.set()  # Ctrl-C, mostly: nobody waits for machines any longer.
                raise
        if failures:
            raise ProviderError("\n".join(map(str, failures)), hint=failures[0].hint)

    def boot(self, plot: Plot, image: Path, stop: threading.Event | None = None) -> None:
        """Boot one machine with its disk on an image's tree, and wait for its SSH or for ``stop``."""
        boot = self._boot_of(plot.name, plot.segment.bridge, image)
        boot.tree.mkdir(exist_ok=True)
        command = self._network.inside(boot_command(boot))
        process = Process.of(self._launcher.start(f"machine-{plot.name}", command, boot.console))
        if process is None:
            raise ProviderError(f"{plot.name} ended as it started; its console said:\n{last_words(boot.console)}")
        seed = (boot.layer / "seed").read_text()
        self._state.remember_machine(plot.name, MachineRecord(process, seed, str(image)))
        await_ssh(
            plot,
            self._network.path,
            console=boot.console,
            running=lambda: process.alive and not (stop and stop.is_set()),
        )

    def end(self, name: str) -> None:
        """Kill a machine, if any of it runs, and wait until nothing of it does."""
        record = self._state.machine(name)
        if record:
            self.kill([record.process])
        self._launcher.end(f"machine-{name}")

    def kill(self, keepers: Iterable[Process]) -> None:
        """Kill machines by their init, all at once, and give each systemd-nspawn the time to tidy up after itself."""
        dying: list[Process] = []
        for keeper in keepers:
            if init := init_of(keeper):
                init.kill()
                dying.append(keeper)
        for keeper in dying:
            keeper.wait(_PATIENCE)

    def discard(self, names: Iterable[str]) -> None:
        """Delete disks, and the folder of disks with the last of them."""
        for name in names:
            forget(nspawn_name(self._fortress, name))
            if (self._layers / name).is_dir():
                remove_tree(self._layers / name)
        if self._layers.is_dir() and not any(self._layers.iterdir()):
            self._layers.rmdir()
            with contextlib.suppress(OSError):  # Other labs, and whatever else is kept there, stay.
                self._layers.parent.rmdir()
                self._layers.parent.parent.rmdir()

    def _boot_of(self, name: str, bridge: str, image: Path) -> Boot:
        return Boot(
            name=nspawn_name(self._fortress, name),
            hostname=name,
            bridge=bridge,
            image=image,
            layer=self._layers / name,
            tree=self._state.folder / "trees" / name,
            keeper=self._state.folder / _KEEPER,
        )
