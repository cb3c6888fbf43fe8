"""What the test of bare machines does in them and sees there, as scripts for their own Python and shell.

A start of a unit is what systemd's journal says of it; a part's files are in place since the last of them was renamed
to its name, which is what its inode's change time tells. Both are of one clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.conftest import Festning

KINDS = (".service", ".socket", ".path")
"""Units that serve or start something; a package's timers are housekeeping, which festning lets run."""
OWN = ("festning-watchdog.service", "festning-release-", "festning-garb-alone.service", "festning-galera-form.service")
"""What festning runs itself, of no package and before or after any configuration; the last two by a path's unit."""

_LOOK = """
import json, os, subprocess
STARTING, STARTED = "7d4958e842da4a758f6c1cdc7b36dcc5", "39f53479d3a045ac8e11786248231fbf"
units = [name for folder in ("/usr/lib/systemd/system", "/etc/init.d") for name in os.listdir(folder)]
told = subprocess.run(["journalctl", "-b", "-q", "-o", "json", "_PID=1"], capture_output=True, text=True, check=True)
entries = [json.loads(line) for line in told.stdout.splitlines()]
starts = [
    [entry["UNIT"], int(entry["__REALTIME_TIMESTAMP"])]
    for entry in entries
    # A start that a condition hinders has no invocation.
    if entry.get("MESSAGE_ID") in (STARTING, STARTED) and "UNIT" in entry and entry.get("INVOCATION_ID")
]
try:
    with open("/var/lib/festning/manifest.json") as file:
        systems = json.load(file)["systems"].values()
except FileNotFoundError:
    systems = []
configured = {}
for system in systems:
    files = [path for path in system["paths"] if os.path.isfile(path)]
    since = max((os.lstat(path).st_ctime_ns // 1000 for path in files), default=0)
    configured.update({unit: since for unit in system["units"]})
packages = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\\n"], capture_output=True, text=True, check=True)
print(json.dumps({
    "units": units, "starts": starts, "configured": configured, "packages": packages.stdout.split(),
}))
"""

_ARCHIVE = """
import hashlib, os, subprocess
os.makedirs("/srv/elsewhere/tree/DEBIAN")
os.chdir("/srv/elsewhere")
index = ""
for name in NAMES:
    control = f"Package: {name}\\nVersion: 99.0\\nArchitecture: all\\nMaintainer: nobody <x@y>\\nDescription: not it\\n"
    with open("tree/DEBIAN/control", "w") as file:
        file.write(control)
    subprocess.run(["dpkg-deb", "--build", "tree", f"{name}.deb"], check=True, stdout=subprocess.DEVNULL)
    with open(f"{name}.deb", "rb") as file:
        deb = file.read()
    index += f"{control}Filename: ./{name}.deb\\nSize: {len(deb)}\\nSHA256: {hashlib.sha256(deb).hexdigest()}\\n\\n"
with open("Packages", "w") as file:
    file.write(index)
digest = hashlib.sha256(index.encode()).hexdigest()
with open("Release", "w") as file:
    file.write(f"Origin: Elsewhere\\nSuite: elsewhere\\nSHA256:\\n {digest} {len(index)} Packages\\n")
with open("/etc/apt/sources.list.d/elsewhere.list", "w") as file:
    file.write("deb [trusted=yes] file:/srv/elsewhere ./\\n")
"""


@dataclass(frozen=True, slots=True)
class Look:
    """A machine at a moment of its boot: unit files, packages, starts so far, and since when parts are configured."""

    units: frozenset[str]
    packages: frozenset[str]
    starts: tuple[tuple[str, int], ...]
    configured: dict[str, int]

    def started(self) -> set[str]:
        return {unit for unit, _ in self.starts}

    def unconfigured_starts(self, born: Look) -> list[str]:
        """Units of packages that started without their configuration; ``born`` is the machine before any package."""
        return [
            f"{unit}, {_told(at, self.configured.get(unit))}"
            for unit, at in self.starts
            if unit.endswith(KINDS) and not unit.startswith(OWN) and not born.has(unit)
            if unit not in self.configured or at < self.configured[unit]
        ]

    def has(self, unit: str) -> bool:
        name, at, rest = unit.partition("@")
        template = f"{name}@.{rest.rpartition('.')[2]}" if at else unit
        return template in self.units or unit in self.started()


def look(festning: Festning, host: str) -> Look:
    seen: dict[str, Any] = json.loads(python(festning, host, _LOOK))
    return Look(
        units=frozenset(seen["units"]),
        packages=frozenset(seen["packages"]),
        starts=tuple((unit, at) for unit, at in seen["starts"]),
        configured=seen["configured"],
    )


def offer_elsewhere(festning: Festning, host: str, *names: str) -> None:
    """Give a machine an archive that is not Debian's, trusted, with versions of packages that are higher than any."""
    python(festning, host, f"NAMES = {names!r}\n{_ARCHIVE}")


def not_debians(festning: Festning, host: str) -> dict[str, str]:
    """Installed packages of whose version no archive of Debian's knows, each with the suites that have it.

    By what apt says: ``apt list`` names suites (``now`` is the machine itself), ``apt-cache policy`` whose they are.
    """
    script = "apt list --installed 2>/dev/null; echo; apt-cache policy | sed -n '/^Pinned/q; s/^ *release //p'"
    installed, _, releases = festning.on(host, script).partition("\n\n")
    parts = (dict(part.partition("=")[::2] for part in release.split(",")) for release in releases.splitlines())
    own = {release["a"] for release in parts if release.get("o") == "Debian"}
    assert own
    found = dict(line.split()[0].split("/") for line in installed.splitlines() if "/" in line)
    return {name: where for name, where in found.items() if not own & set(where.split(","))}


def python(festning: Festning, host: str, script: str) -> str:
    return festning.on(host, f"python3 - <<'END'\n{script}\nEND")


def _told(at: int, since: int | None) -> str:
    return "of which nothing is configured" if since is None else f"{(since - at) / 1e6:.1f} s before its configuration"
