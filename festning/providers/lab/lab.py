"""The lab of one fortress: its machines are booted, listed, entered, cut, healed and taken away here.

Reads like a table of contents; each step is a module's beside this one. Needs root. Safe to call again at any time:
what is there is kept, what is missing is made, and what an interrupted call or a reboot left is recognised.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from festning.errors import ProviderError, UsageError
from festning.model.fortress import Fortress, Role
from festning.providers.interface import Endpoint, KeyPair
from festning.providers.lab.access import Access
from festning.providers.lab.archive import archives_of
from festning.providers.lab.disk import LAYERS
from festning.providers.lab.doors import Door, Doors
from festning.providers.lab.image import Image
from festning.providers.lab.launcher import launcher_for
from festning.providers.lab.lifecycle import Lifecycle
from festning.providers.lab.machine import exec_command, init_of
from festning.providers.lab.mirror import Mirror
from festning.providers.lab.network import Network
from festning.providers.lab.placement import CLIENT, Plot, Segment, plots_of, public_segment, relocate, segments_of
from festning.providers.lab.requirements import require, require_root
from festning.providers.lab.seed import SeedFile, digest_of, lab_interface, seed_files
from festning.providers.lab.state import RUNTIME, MachineRecord, State

Progress = Callable[[str], None]


class MachineState(StrEnum):
    """``ended``: it went away by itself, or its box was restarted. ``absent``: it was never booted."""

    RUNNING = "running"
    CUT = "cut"
    ENDED = "ended"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as it is now. ``pid`` is its init's on this box; ``site_cut`` tells that its whole site is cut off."""

    name: str
    site: str
    address: str
    state: MachineState
    pid: int | None
    site_cut: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where the lab keeps machines' disks (``layers``) and what it remembers while it runs (``runtime``)."""

    layers: Path = LAYERS
    runtime: Path = RUNTIME


class Lab:
    """The lab of a fortress, by the fortress's name: there is one of each name on a box."""

    def __init__(self, fortress: Fortress, places: Places | None = None) -> None:
        """Take a fortress, relocated or not; raises ``UsageError`` as ``relocate`` does. Nothing is made yet."""
        places = places or Places()
        self.fortress = self.place(fortress)
        self._layers = places.layers / fortress.name
        self._plots = {plot.name: plot for plot in plots_of(self.fortress)}
        self._segments = {segment.site: segment for segment in segments_of(self.fortress)}
        self._network = Network(fortress.name)
        self._state = State(fortress.name, places.runtime)
        self._launcher = launcher_for(fortress.name)
        self._lifecycle = Lifecycle(fortress.name, self._network, self._state, self._launcher, self._layers)
        self._access = Access(self._network, self._state)
        self._doors = Doors(self._network, self._state, self._launcher)
        self._mirror = Mirror(self._network, self._state, self._launcher)

    @property
    def namespace(self) -> str:
        """The path of the lab's network namespace, in which the operator's sockets are opened."""
        return str(self._network.path)

    @property
    def memory(self) -> Path:
        """The lab's tmpfs, only for root, there while it is up: the place for what must never be on a disk."""
        return self._state.folder

    @property
    def is_up(self) -> bool:
        """Whether the lab's network and memory are there, whatever its machines do."""
        return self._state.mounted and self._network.exists

    @property
    def bare(self) -> bool | None:
        """Whether the machines were made from a bare image; ``None`` when there are none yet."""
        return self._lifecycle.bare

    def place(self, fortress: Fortress) -> Fortress:
        """The fortress relocated to the lab (see ``placement.relocate``)."""
        return fortress if fortress.lab else relocate(fortress)

    def up(
        self,
        image: Image,
        operator: KeyPair,
        host_keys: Mapping[str, KeyPair],
        progress: Progress = lambda _line: None,
        *,
        client_image: Image | None = None,
    ) -> tuple[Machine, ...]:
        """Boot every machine that does not run, until its SSH answers; heal every cut site; open the doors.

        Hosts boot from ``image``; with a bare one the client, which nobody installs anything on, needs its own.

        ``host_keys`` has the SSH host key of every machine, by name, ``client`` included. ``operator`` is let in as
        root everywhere; the private key stays in the lab's tmpfs until it is down. Machines that run already are left
        alone, and those that do not are booted with the disks that they had. ``progress`` gets a line for each.

        Raises :class:`UsageError` when the box cannot have a lab, when another festning is at work on this one, or when
        its machines have another base image; :class:`ProviderError` when machines do not come up (the others do).
        """
        images = {name: client_image or image if name == CLIENT else image for name in self._plots}
        seeds = {
            plot: self._seed(plot, operator, host_keys, images[name].sources) for name, plot in self._plots.items()
        }
        with self._state.locked():
            missing = [plot for plot, seed in seeds.items() if not self._runs_with(plot, seed)]
            require(len(missing), self._layers)
            self._lifecycle.check_image(images)
            self._state.mount()
            self._access.remember(operator, {plot: host_keys[plot.name] for plot in seeds})
            self._network.create([public_segment(), *self._segments.values()])
            self._lifecycle.clear([plot.name for plot in missing])
            for plot in missing:
                self._lifecycle.prepare(plot.name, images[plot.name], seeds[plot])
            for site in self._cut_sites():
                self._network.heal_site(self._segments[site])
            if image.sources:
                self._mirror.serve(archives_of(image.sources))
            self._lifecycle.boot_all(missing, images, progress)
            self._doors.open({plot.name: str(plot.address) for plot in self._front_doors()})
        return self.list()

    def down(self) -> None:
        """Take everything away: machines and their disks, network, doors, memory. Nothing happens when there is none.

        Raises :class:`UsageError` when another festning is at work on the lab or when not root, and
        :class:`ProviderError` when processes do not end.
        """
        require_root()
        with self._state.locked():
            names = {*self._plots, *self._state.machines(), *self._lifecycle.disks}
            records = filter(None, map(self._state.machine, names))
            self._lifecycle.kill(record.process for record in records)
            self._launcher.end_all()
            self._network.destroy()
            self._state.unmount()
            self._lifecycle.discard(names)
            self._state.remove_lock()

    def list(self) -> tuple[Machine, ...]:
        """Every declared machine as it is now: the client first, then hosts in order of declaration."""
        require_root()
        cut = self._cut_sites()
        return tuple(self._look_at(plot, cut) for plot in self._plots.values())

    def doors(self) -> tuple[Door, ...]:
        """The open doors to the front doors, on 127.0.0.1 of the box."""
        require_root()
        return self._doors.opened()

    def undeclared(self) -> tuple[str, ...]:
        """The names of machines that the lab still has, of hosts that the fortress has no longer."""
        require_root()
        return tuple(sorted({*self._state.machines(), *self._lifecycle.disks} - self._plots.keys()))

    def remove(self, name: str) -> None:
        """Take one machine away with its disk and door, declared or not; nothing happens when there is none."""
        require_root()
        with self._state.locked(alone=False):
            self._doors.close(name)
            self._lifecycle.clear([name])
            self._state.forget_machine(name)
            self._lifecycle.discard([name])

    def cut(self, name: str) -> None:
        """Cut a machine's power, or a whole site off the network; its peers see silence, not an end.

        A machine's link is taken down before it is killed, so no FIN or RST gets out. ``site:NAME`` means a site for
        sure; a bare name means a machine first. Raises :class:`UsageError` for what is unknown or does not run.
        """
        require_root()
        with self._state.locked(alone=False):
            segment = self._site(name)
            if segment is None:
                self._cut_machine(name)
            elif segment.site not in self._cut_sites():
                self._network.cut_site(segment)

    def heal(self, name: str) -> None:
        """Boot a machine that does not run, with the disk that it had, until its SSH answers; or reconnect a site.

        Nothing happens when nothing is cut. Raises as :meth:`cut` and :meth:`up` do.
        """
        require_root()
        with self._state.locked(alone=False):
            segment = self._site(name)
            if segment is None:
                self._heal_machine(name)
            elif segment.site in self._cut_sites():
                self._network.heal_site(segment)

    def exec(self, name: str, argv: Sequence[str]) -> int:
        """Run a command as root in a machine, with our own input and output and without SSH; its exit code.

        Works on a site that is cut off too. Raises :class:`UsageError` when the machine does not run.
        """
        return subprocess.run(self.exec_command(name, argv), check=False).returncode

    def exec_command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """The command line that :meth:`exec` runs, for callers who want its output. Raises as :meth:`exec`."""
        require_root()
        self._plot(name)
        init = init_of(self._running(name).process)
        if init is None:
            raise UsageError(f"{name} is just starting or ending", hint="try again in a second")
        return exec_command(init, argv)

    def endpoint(self, name: str) -> Endpoint:
        """The way to a machine's SSH, ``client`` included; raises :class:`UsageError` when the lab is not up."""
        require_root()
        return self._access.endpoint(self._plot(name))

    def ssh_command(self, name: str, argv: Sequence[str] = ()) -> Sequence[str]:
        """The command line of an interactive SSH session with a machine, or of one command in it.

        The private key is only in the lab's tmpfs. Raises as :meth:`endpoint`.
        """
        return self._access.ssh_command(self._plot(name), argv)

    def _cut_machine(self, name: str) -> None:
        self._plot(name)
        record = self._running(name)
        # Said first: should we be stopped halfway, `heal` then knows that the machine has no link.
        self._state.remember_machine(name, replace(record, cut=True))
        self._network.unplug(lab_interface(self.fortress.name, name))
        self._lifecycle.end(name)

    def _heal_machine(self, name: str) -> None:
        plot = self._plot(name)
        record = self._state.machine(name)
        if record is None or not self.is_up:
            raise UsageError(f"{name} was not booted yet", hint="festning --lab up")
        if plot.segment.site in self._cut_sites():
            raise UsageError(
                f"{name} is at {plot.segment.site}, which is cut off, so nobody could see it come up",
                hint=f"festning --lab lab heal site:{plot.segment.site}",
            )
        if record.cut or not record.process.alive:
            self._lifecycle.clear([name])
            self._lifecycle.boot(plot, Path(record.image))

    def _plot(self, name: str) -> Plot:
        if name not in self._plots:
            known = ", ".join([*self._plots, *(f"site:{site}" for site in self._segments)])
            raise UsageError(f"the lab has no machine {name!r}", hint=f"it has {known}")
        return self._plots[name]

    def _site(self, name: str) -> Segment | None:
        segment = self._segments.get(name.removeprefix("site:"))
        if segment is None or name in self._plots:
            return None
        if not self.is_up:
            raise UsageError("the lab is not up", hint="festning --lab up")
        return segment

    def _front_doors(self) -> Sequence[Plot]:
        return [self._plots[host.name] for host in self.fortress.hosts if host.role in (Role.CORE, Role.EDGE)]

    def _running(self, name: str) -> MachineRecord:
        record = self._state.machine(name)
        if record is None or record.cut or not record.process.alive:
            raise UsageError(f"{name} does not run", hint=f"festning --lab lab heal {name}, or festning --lab up")
        return record

    def _runs_with(self, plot: Plot, seed: tuple[SeedFile, ...]) -> bool:
        record = self._state.machine(plot.name)
        if record is None or record.cut or not self.is_up:
            return False
        return record.process.alive and record.seed == digest_of(seed)

    def _look_at(self, plot: Plot, cut_sites: frozenset[str]) -> Machine:
        record = self._state.machine(plot.name)
        state = state_of(record)
        init = init_of(record.process) if record and state is MachineState.RUNNING else None
        site = plot.segment.site
        return Machine(plot.name, site, str(plot.address), state, init.pid if init else None, site in cut_sites)

    def _cut_sites(self) -> frozenset[str]:
        return self._network.cut_sites(self._segments.values())

    def _seed(
        self, plot: Plot, operator: KeyPair, host_keys: Mapping[str, KeyPair], sources: str | None
    ) -> tuple[SeedFile, ...]:
        if plot.name not in host_keys:
            raise ProviderError(f"there is no SSH host key for {plot.name}")
        return seed_files(self.fortress.name, plot, operator.public, host_keys[plot.name], sources)


def state_of(record: MachineRecord | None) -> MachineState:
    """What a machine's record says, once its process has been looked at."""
    if record is None:
        return MachineState.ABSENT
    if record.cut:
        return MachineState.CUT
    return MachineState.RUNNING if record.process.alive else MachineState.ENDED
