"""Programs that measure, brought to lab machines: Debian's packages, unpacked beside everything else.

Nothing is installed: the machines stay what festning, or 2014, made of them.
"""

from __future__ import annotations

from pathlib import Path

from bench.peers import installing
from bench.stage import Stage

SUITE = "trixie"
PACKAGES = ("iperf3", "libiperf0", "libsctp1", "wrk", "libluajit-5.1-2", "libluajit-5.1-common")
HOME = "/run/bench-tools"


class Tools:
    """The packages, downloaded once into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._packages = installing.debian_packages(folder, SUITE, PACKAGES)

    def place(self, stage: Stage, host: str) -> None:
        """Unpack them on a machine; they are gone with its power."""
        for package in self._packages:
            stage.on_host(host, "mkdir", "-p", HOME)
            stage.on_host(host, "sh", "-c", f"cat >{HOME}/{package.name}", given=package.read_bytes())
            stage.on_host(host, "sh", "-c", f"cd {HOME} && dpkg-deb --extract {package.name} . && rm {package.name}")


def command(program: str, arguments: str) -> str:
    """The shell command of a program with its arguments."""
    return f"LD_LIBRARY_PATH=$(echo {HOME}/usr/lib/*-linux-gnu) exec {HOME}/usr/bin/{program} {arguments}"
