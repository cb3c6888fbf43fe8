"""A host's catalog in terms that every tool has: packages, accounts, directories, files, units, reactions.

Pure but for :func:`write_contents`. Contents with secrets go only where the caller says, which is to be a tmpfs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from festning.model.catalog import Account, Directory, File, HostCatalog, Reload, Unit

UNIT_FILES = "/etc/systemd/system/"
DAEMON_RELOAD = ("daemon-reload", "")

LEFT_ALONE_IN_CONTAINERS = frozenset({"systemd-timesyncd.service"})
"""Units whose own condition keeps them from running in the lab: the peers would start them anew with every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedDirectory:
    """A directory with its attributes; ``mode`` is octal digits, as both peers like it best."""

    path: str
    mode: str
    owner: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A file: where its content is on this machine, and which units react to a change of it, and how."""

    path: str
    source: str
    mode: str
    owner: str
    group: str
    reactions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedUnit:
    """A unit; ``running`` is ``None`` where nobody is to touch it."""

    name: str
    enabled: bool
    running: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """All that is to be done on one host."""

    host: str
    address: str
    packages: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]
    directories: tuple[PlacedDirectory, ...]
    files: tuple[PlacedFile, ...]
    units: tuple[WantedUnit, ...]


def workload_of(catalog: HostCatalog, address: str, contents: Path) -> Workload:
    """What the peers do on a host; the content of its n-th file is to be at ``contents/HOST/n``."""
    items = [item for _, item in catalog.items()]
    files = [item for item in items if isinstance(item, File)]
    return Workload(
        host=catalog.host,
        address=address,
        packages=catalog.packages,
        accounts=tuple((item.name, item.home) for item in items if isinstance(item, Account)),
        directories=tuple(
            PlacedDirectory(path=item.path, mode=_octal(item.mode), owner=item.owner, group=item.group)
            for item in items
            if isinstance(item, Directory)
        ),
        files=tuple(_file(item, source_of(contents, catalog.host, index)) for index, item in enumerate(files)),
        units=tuple(_unit(item) for item in items if isinstance(item, Unit)),
    )


def write_contents(catalog: HostCatalog, content: Callable[[str], bytes], contents: Path) -> None:
    """Write the filled content of every file of a host; ``content`` gives it by path. For root only."""
    (contents / catalog.host).mkdir(mode=0o700, parents=True)
    files = [item for _, item in catalog.items() if isinstance(item, File)]
    for index, item in enumerate(files):
        source = source_of(contents, catalog.host, index)
        source.touch(mode=0o600)
        source.write_bytes(content(item.path))


def source_of(contents: Path, host: str, index: int) -> Path:
    """Where the content of a host's file is kept."""
    return contents / host / str(index)


def reactions_of(workloads: list[Workload]) -> list[tuple[str, str]]:
    """Every reaction that some file of some host asks for, once; systemd reads its files again before all others."""
    asked = dict.fromkeys(pair for one in workloads for file in one.files for pair in file.reactions)
    return sorted(asked, key=lambda pair: pair != DAEMON_RELOAD)


def _file(item: File, source: Path) -> PlacedFile:
    reactions = [("reload" if isinstance(one, Reload) else "restart", one.unit) for one in item.on_change]
    if item.path.startswith(UNIT_FILES):
        reactions.insert(0, DAEMON_RELOAD)
    return PlacedFile(
        path=item.path,
        source=str(source),
        mode=_octal(item.mode),
        owner=item.owner,
        group=item.group,
        reactions=tuple(reactions),
    )


def _unit(item: Unit) -> WantedUnit:
    running = None if item.name in LEFT_ALONE_IN_CONTAINERS else item.running
    return WantedUnit(name=item.name, enabled=item.enabled, running=running)


def _octal(mode: int) -> str:
    return f"{mode:04o}"
