"""What the lab's base image is made of, as data, and the digest that names it in the cache.

Pure: two recipes that make the same image have the same digest on every machine. Building is ``image``'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from festning.errors import UsageError

SUITES = ("trixie", "bookworm")
"""Debian 13 and 12."""

BASE_PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    # For drills: another time for some processes of a machine, as all machines have one clock.
    "libfaketime",
    "openssh-server",
    "procps",
    "python3",
    # As Debian's cloud images have it: for whoever does not come as root.
    "sudo",
    "systemd",
    "systemd-sysv",
)

BARE_PACKAGES = (
    "dbus",
    "openssh-server",
    "python3",
    "systemd",
    "systemd-sysv",
)
"""What Debian's own cloud images have, as far as anything here asks for it: a way in, and what the agent runs on."""

APT_OPTIONS = (
    'Acquire::Languages "none"',
    'APT::Install-Recommends "false"',
)

# A lab machine is read by programs: manuals and translations would be a third of what dpkg unpacks, and the message of
# the day is five programs at each login.
DPKG_OPTIONS = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/etc/update-motd.d*",
    "force-unsafe-io",
)

ENABLED_UNITS = ("ssh.service", "systemd-networkd.service")

# Each of these costs time at every boot and does nothing for a machine without disks, consoles or a person at it.
# sshd-keygen would add host keys that festning did not choose.
MASKED_UNITS = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "dpkg-db-backup.timer",
    "fstrim.timer",
    "getty-static.service",
    "getty.target",
    "ldconfig.service",
    "modprobe@.service",
    "phpsessionclean.timer",
    "sshd-keygen.service",
    # Each watches a folder, and a kernel has few watchers for all machines together.
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-journal-flush.service",
    "systemd-network-generator.service",
    "systemd-networkd-persistent-storage.service",
    "systemd-networkd-wait-online.service",
    "systemd-pcrphase.service",
    "systemd-random-seed.service",
    "systemd-remount-fs.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-udev-load-credentials.service",
    "systemd-udevd.service",
    "systemd-update-done.service",
    "systemd-update-utmp.service",
    "systemd-userdbd.socket",
    "tmp.mount",
)

# Started when someone asks it something (`systemctl reboot` does), but not at boot.
UNWANTED_AT_BOOT = ("multi-user.target.wants/systemd-logind.service",)

PRESET = "etc/systemd/system-preset/00-lab.preset"

FILES = {
    # Nothing runs with its distribution's defaults: a unit runs because the fortress's catalog says so.
    PRESET: "".join(f"enable {unit}\n" for unit in ENABLED_UNITS) + "disable *\n",
    "etc/systemd/journald.conf.d/00-lab.conf": (
        "# Machines of the lab are many on one disk and in one memory, and live for hours.\n"
        "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n"
    ),
    "etc/ssh/sshd_config.d/00-lab.conf": (
        "# As on a cloud machine: keys only, and the one host key that festning chose.\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        "HostKey /etc/ssh/ssh_host_ed25519_key\n"
        "# There is no name server to ask who is calling.\nUseDNS no\n"
    ),
}


# What a bare machine installs is enabled, timed and started as Debian does it everywhere.
_NOT_ON_BARE_MACHINES = ("phpsessionclean.timer",)


@dataclass(frozen=True, slots=True, init=False)
class Recipe:
    """A Debian suite and the packages in it, sorted and without duplicates; the base packages are always there.

    A ``bare`` image has what a rented machine has and nothing of a fortress: its machines install the rest themselves.
    """

    suite: str
    packages: tuple[str, ...]
    bare: bool

    def __init__(self, packages: Iterable[str] = (), suite: str = "trixie", *, bare: bool = False) -> None:
        """Raise :class:`UsageError` for a suite that the lab cannot boot."""
        if suite not in SUITES:
            raise UsageError(f"the lab cannot boot Debian {suite!r}", hint=f"choose one of {', '.join(SUITES)}")
        object.__setattr__(self, "suite", suite)
        object.__setattr__(self, "packages", BARE_PACKAGES if bare else tuple(sorted({*BASE_PACKAGES, *packages})))
        object.__setattr__(self, "bare", bare)

    @property
    def masked(self) -> tuple[str, ...]:
        """The units that no machine of this image may start."""
        return tuple(unit for unit in MASKED_UNITS if not (self.bare and unit in _NOT_ON_BARE_MACHINES))

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything that decides what is in the image but the archive's own state."""
        contents = {
            "apt": APT_OPTIONS,
            "dpkg": DPKG_OPTIONS,
            "files": FILES,
            "masked": self.masked,
            "packages": self.packages,
            "suite": self.suite,
            "unwanted": UNWANTED_AT_BOOT,
        } | ({"bare": True} if self.bare else {})
        return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()

    def mmdebstrap(self, target: str) -> list[str]:
        """The command that makes the tree, from Debian's default mirror."""
        return [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            f"--include={','.join(self.packages)}",
            *(f"--aptopt={option}" for option in APT_OPTIONS),
            *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
            self.suite,
            target,
        ]
