"""A machine's own files, laid into its writable layer before it boots, as a cloud does with its user data.

Knows what makes one machine of many: name, identity, address, keys. A layer is seeded anew only when the seed changes,
so what the engine did to these files later stays.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from festning.providers.interface import KeyPair
from festning.providers.lab.archive import sources_by_way_of
from festning.providers.lab.placement import Plot


@dataclass(frozen=True, slots=True)
class SeedFile:
    """One file of a seed: absolute path, content and permission bits."""

    path: str
    content: str
    mode: int = 0o644


# Folders that a seed may make in a layer: the layer's modes and not the image's are what the machine then sees.
_FOLDER_MODES = {"/root": 0o700, "/root/.ssh": 0o700}

SOURCES = "/etc/apt/sources.list"

_NETWORK = """\
# The machine's address is chosen by arithmetic, so nothing here is negotiated.
[Match]
Name=host0

[Network]
Address={interface}
Gateway={router}
DHCP=no
LinkLocalAddressing=no
LLDP=no
IPv6AcceptRA=no
"""


def seed_files(
    fortress: str, plot: Plot, operator_public_key: str, host_key: KeyPair, sources: str | None = None
) -> tuple[SeedFile, ...]:
    """The files of one machine. The same arguments always give the same files.

    ``sources`` is the image's own ``sources.list``, for machines whose apt is to work: by way of the lab's mirror.
    """
    network = _NETWORK.format(interface=plot.interface, router=plot.segment.router)
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {plot.name}\n::1 localhost ip6-localhost ip6-loopback\n"
    return (
        SeedFile("/etc/hostname", f"{plot.name}\n"),
        SeedFile("/etc/hosts", hosts),
        SeedFile("/etc/machine-id", f"{machine_id(fortress, plot.name)}\n", 0o444),
        SeedFile("/etc/systemd/network/10-lab.network", network),
        SeedFile("/etc/ssh/ssh_host_ed25519_key", _line(host_key.private), 0o600),
        SeedFile("/etc/ssh/ssh_host_ed25519_key.pub", _line(host_key.public)),
        SeedFile("/root/.ssh/authorized_keys", _line(operator_public_key), 0o600),
        *_package_sources(plot, sources),
    )


def _package_sources(plot: Plot, sources: str | None) -> tuple[SeedFile, ...]:
    if sources is None:
        return ()
    return (SeedFile(SOURCES, sources_by_way_of(str(plot.segment.router), sources)),)


def machine_id(fortress: str, machine: str) -> str:
    """The machine's id, machine-id(5): fixed, since an empty one means "first boot" and enables units by preset."""
    return hashlib.sha256(f"festning lab {fortress} {machine}".encode()).hexdigest()[:32]


def nspawn_name(fortress: str, machine: str) -> str:
    """The machine's name for systemd-nspawn: unique on the box, and short enough to stand in a network interface's.

    The name is 12 characters at most: with nspawn's ``vb-`` before it, it has the 15 that an interface name may have.
    """
    digest = hashlib.sha256(f"{fortress}/{machine}".encode()).hexdigest()[:6]
    return f"{machine[:5].rstrip('-.')}-{digest}"


def lab_interface(fortress: str, machine: str) -> str:
    """The machine's network interface at the lab's side, as systemd-nspawn names it."""
    return f"vb-{nspawn_name(fortress, machine)}"


def digest_of(files: tuple[SeedFile, ...]) -> str:
    """SHA-256 over a seed, to tell whether a layer has it."""
    return hashlib.sha256(json.dumps([(file.path, file.mode, file.content) for file in files]).encode()).hexdigest()


def lay(files: tuple[SeedFile, ...], layer: Path) -> None:
    """Write the files into a layer that is not mounted."""
    for file in files:
        target = layer / file.path.removeprefix("/")
        _make_folder(target.parent, layer)
        target.unlink(missing_ok=True)
        target.touch(mode=file.mode)
        target.write_text(file.content)


def _make_folder(folder: Path, layer: Path) -> None:
    if folder == layer or folder.is_dir():
        return
    _make_folder(folder.parent, layer)
    folder.mkdir()
    folder.chmod(_FOLDER_MODES.get(f"/{folder.relative_to(layer)}", 0o755))


def _line(text: str) -> str:
    return f"{text.rstrip()}\n"
