"""Where the peers come from: a virtual environment of their own, and on the machines what Ansible's apt module needs.

The environment is beside the lab's images, under a name that says what is in it; ``make clean`` removes it with them.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
CACHE = Path("/var/cache/festning")
DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

APT_BINDINGS = ("distro-info-data", "python-apt-common", "python3-apt")
"""Ansible's apt module runs on the host and speaks to apt through these; the lab's machines are made without."""


def environment() -> Path:
    """The folder with the peers' programs, installed when it is not there yet (a minute)."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = CACHE / f"peers-{digest}"
    if not (home / "installed").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        install = [str(home / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "--requirement", str(REQUIREMENTS)], check=True)
        (home / "installed").touch()
    return home / "bin"


def apt_bindings(folder: Path, suite: str) -> list[Path]:
    """Debian's packages with the bindings."""
    return debian_packages(folder, suite, APT_BINDINGS)


def debian_packages(folder: Path, suite: str, names: Sequence[str]) -> list[Path]:
    """Debian's packages of these names, downloaded with apt's own checks and none of this machine's settings."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={DEBIAN_KEYS}] http://deb.debian.org/debian {suite} main\n")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-qq", *(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))]
    subprocess.run([*apt, "update"], check=True, cwd=folder)
    subprocess.run([*apt, "download", *names], check=True, cwd=folder)
    return sorted(folder.glob("*.deb"))
