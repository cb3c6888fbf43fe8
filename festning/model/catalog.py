"""The desired state of a host, as data with a closed vocabulary.

A system's room compiles one ``SystemCatalog`` for each host it is on; a host's catalog is the ordered sum of them.
Knows the vocabulary and that nothing may be declared twice; leaves what any of it means to ``systems`` and how it is
reached to ``engine``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from festning.errors import CompileError
from festning.model.material import Material
from festning.model.reference import is_secret


class Wave(IntEnum):
    """The order in which a fortress is changed; a wave begins when the one before it has ended everywhere."""

    GROUND = 1
    """Base system, firewall and bridge: all hosts at once, but for those whose running tunnels are restarted."""
    DATABASE = 2
    """Data nodes, one at a time, each gated on being in sync."""
    ARBITER = 3
    """The arbitrators, when there is a cluster to join."""
    SERVICES = 4
    """Services, web servers and front doors: all hosts at once, but for those where something that serves restarts."""
    RELEASE = 5
    """Work that needs everything else to run (a service's release command), one host at a time."""

    @property
    def serial(self) -> bool:
        """Whether all hosts go one at a time in this wave; in others, only those on which something is drained."""
        return self in (Wave.DATABASE, Wave.RELEASE)


@dataclass(frozen=True, slots=True)
class Reload:
    """Reload a unit (or start it where it is not running)."""

    unit: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart a unit."""

    unit: str


Reaction = Reload | Restart


class Renewal(StrEnum):
    """How a rolling restart gives a unit new processes."""

    RESTART = "restart"
    RELOAD = "reload"
    """For programs whose reload replaces every process, and loses less than a restart would."""
    NONE = "none"
    """Left alone; the unit's ``left`` says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package that must be installed."""

    name: str

    @property
    def key(self) -> str:
        return f"package:{self.name}"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user with a group of the same name, without login."""

    name: str
    home: str = "/nonexistent"

    @property
    def key(self) -> str:
        return f"account:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory. With ``purge``, whatever is in it that no catalog declares is removed."""

    path: str
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"
    purge: bool = False

    @property
    def key(self) -> str:
        return f"path:{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file with exactly this content. Missing parent directories are made (root, 0755).

    ``validate`` is a command that must succeed in a view of the host in which all staged files already are in place;
    ``on_change`` is what to do when the content, mode or owner changed. Content that refers to secrets is never shown.
    """

    path: str
    content: str | bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    validate: tuple[str, ...] = ()
    on_change: tuple[Reaction, ...] = ()

    @property
    def key(self) -> str:
        return f"path:{self.path}"

    @property
    def secret(self) -> bool:
        """Whether the content holds a secret."""
        return is_secret(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A systemd unit: whether it starts at boot and whether it runs now.

    ``renewal`` is what a rolling restart does to it, and ``left`` why it does nothing.
    """

    name: str
    enabled: bool = True
    running: bool = True
    renewal: Renewal = Renewal.RESTART
    left: str = ""

    @property
    def key(self) -> str:
        return f"unit:{self.name}"


NOTE = "note: "
"""How a line of a telling check begins that is for the reader and asks for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is not a file: done with ``do`` when ``check`` fails (both are given to /bin/sh on its standard input).

    Scripts may refer to secrets; they are never part of a command line. With ``tells``, what ``check`` prints is part
    of the plan: lines that begin with :data:`NOTE` are things seen that are nobody's to change, and are shown whether
    it succeeds or not; the others say what is wrong, best as a unified diff.
    """

    name: str
    check: str
    do: str
    timeout_s: float = 120.0
    tells: bool = False

    @property
    def key(self) -> str:
        return f"step:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What must be true on the host before the wave may go on: ``check`` is tried until it succeeds or time is up.

    Runs at the end of its system's part of an apply, when anything was changed there.
    """

    name: str
    check: str
    timeout_s: float = 60.0

    @property
    def key(self) -> str:
        return f"gate:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """How a host, or what ``units`` do on it, is taken out of traffic before one of them reloads or restarts.

    ``begin`` waits, within ``timeout_s``, until nothing is asked of them any more; when it fails, nothing is touched.
    ``end`` puts the host back once the units are up and waits until it is asked again; it runs also when the change
    failed and was taken back. What ``begin`` leaves on the host must end by itself: nobody may come to clear it away.
    Both are shell scripts. Hosts on which something is drained go one at a time.
    """

    name: str
    units: tuple[str, ...]
    begin: str
    end: str
    timeout_s: float = 60.0

    @property
    def key(self) -> str:
        return f"drain:{self.name}"


Item = Package | Account | Directory | File | Unit | Step | Gate | Drain


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCatalog:
    """What one system wants of one host, in the order in which it is to be done.

    ``guarded``: a change could lock the operator out, so it is taken back unless a new connection confirms it.
    """

    system: str
    wave: Wave
    items: tuple[Item, ...]
    materials: tuple[Material, ...] = ()
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class HostCatalog:
    """The whole desired state of a host.

    Raises :class:`CompileError` when two declarations name one path, package, unit, account or step.
    """

    host: str
    systems: tuple[SystemCatalog, ...]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for system, item in self.items():
            if isinstance(item, Package):
                continue  # Two systems may need one package; that is no contradiction.
            if item.key in seen:
                raise CompileError(
                    f"{self.host}: {item.key} is declared by both {seen[item.key]} and {system}",
                    hint="one system must own each path, unit, account and step",
                )
            seen[item.key] = system

    def items(self) -> Iterator[tuple[str, Item]]:
        """Every item with the name of its system, in order."""
        for system in self.systems:
            for item in system.items:
                yield system.system, item

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages of the host, sorted, each once."""
        return tuple(sorted({item.name for _, item in self.items() if isinstance(item, Package)}))

    @property
    def materials(self) -> tuple[Material, ...]:
        """All material that the host's files refer to, each once, in order of first use."""
        return tuple(dict.fromkeys(material for system in self.systems for material in system.materials))
