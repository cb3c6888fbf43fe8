"""apt and dpkg as programs: run without a question, waited for when somebody else runs them, and their words read.

Which packages, and from where, is ``packages``' to decide.
"""

from __future__ import annotations

import os
import time

from festning.engine.agent.processes import Command, Ended, run

LISTS = "/var/lib/apt/lists"
LOCK_PATIENCE_S = 120.0
"""How long to wait for another apt: unattended-upgrades is mostly done within a minute."""
STALE_S = 86400.0
"""Age of the package lists from which they are asked for again: versions that they name may have left the archive."""
_TIMEOUT_S = 1200.0
_SAID_AT_THE_END = 40
_PAUSE_S = 2.0

_KEEP_FILES = ("--force-confdef", "--force-confold")
_OPTIONS = (
    "-y",
    "-q",
    "--no-install-recommends",
    *(word for option in _KEEP_FILES for word in ("-o", f"Dpkg::Options::={option}")),
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    f"DPkg::Lock::Timeout={LOCK_PATIENCE_S:.0f}",
)
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBIAN_PRIORITY": "critical",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "APT_LISTCHANGES_FRONTEND": "none",
    "APT_LISTBUGS_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
    "NEEDRESTART_MODE": "l",
    "UCF_FORCE_CONFFOLD": "1",
}
_LOCKED = ("Could not get lock", "frontend lock", "Unable to lock", "Unable to acquire the dpkg")
_FULL = ("No space left on device", "have enough free space")
_UNREACHABLE = (
    "Failed to fetch",
    "Could not resolve",
    "Temporary failure resolving",
    "Could not connect",
    "Unable to connect",
    "Cannot initiate the connection",
    "cannot get it:",
)
_UNMET = "have unmet dependencies"
_UNKNOWN = ("Unable to locate package", "has no installation candidate", "Couldn't find any package")


def apt_get(*arguments: str) -> Ended:
    """Run apt-get with nobody to ask. While another apt holds a lock, it is tried again for two minutes."""
    return _patiently(("apt-get", *_OPTIONS, *arguments))


def dpkg(*arguments: str) -> Ended:
    """Run dpkg with nobody to ask, as patiently."""
    return _patiently(("dpkg", *_KEEP_FILES, *arguments))


def simulate(*arguments: str) -> Ended:
    """What apt-get would do."""
    return run(Command(("apt-get", "--simulate", *_OPTIONS, *arguments), environment=_ENVIRONMENT))


def policy(*arguments: str) -> str:
    """What apt knows of where packages come from."""
    return run(Command(("apt-cache", *arguments))).stdout


def fresh_lists() -> bool:
    """Whether there are package lists, and not so old that what they name may be gone."""
    try:
        names = [name for name in os.listdir(LISTS) if name.endswith(("_InRelease", "_Release"))]
        newest = max((os.stat(os.path.join(LISTS, name)).st_ctime for name in names), default=0.0)
    except FileNotFoundError:
        return False
    return time.time() - newest < STALE_S


def is_interrupted() -> bool:
    """Whether dpkg was killed at its work, or left a package half installed."""
    audit = run(Command(("dpkg", "--audit")))
    journal = "/var/lib/dpkg/updates"
    return bool(audit.stdout.strip()) or (os.path.isdir(journal) and bool(os.listdir(journal)))


def complaint(output: str) -> str:
    """The first line of apt's that says what went wrong with a fetch; empty when none does."""
    for line in output.splitlines():
        if line.startswith(("E: Failed to fetch", "W: Failed to fetch")) or any(word in line for word in _UNREACHABLE):
            return " ".join(line.removeprefix("E:").removeprefix("W:").split())
    return ""


def is_unknown(output: str) -> bool:
    """Whether apt knows no such package, or may not take it from anywhere."""
    return any(word in output for word in _UNKNOWN)


def is_unmet(output: str) -> bool:
    """Whether the versions that apt chose do not go together."""
    return _UNMET in output


def reason(output: str, names: list[str]) -> str:
    """What went wrong, in one line for a person."""
    if any(word in output for word in _FULL):
        return "there is not enough room on this host's disk for its packages"
    if any(word in output for word in _LOCKED):
        return f"another program is changing packages here{_holder(output)}; waited {LOCK_PATIENCE_S:.0f} s for it"
    if complaint(output):
        return f"the package archive cannot be reached: {complaint(output)}"
    if is_unknown(output):
        missing = [line.removeprefix("E: ") for line in output.splitlines() if is_unknown(line)]
        return f"the distribution's archive has not what is needed: {'; '.join(dict.fromkeys(missing))}"
    if "remove is disabled" in output:
        return f"apt would have to remove packages in order to install {' '.join(names)}"
    return f"apt-get could not install {' '.join(names)}"


def last_words(ended: Ended) -> str:
    """The end of what a program said, errors last."""
    return "\n".join([*ended.stdout.splitlines(), *ended.stderr.splitlines()][-_SAID_AT_THE_END:])


def _patiently(argv: tuple[str, ...]) -> Ended:
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        ended = run(Command(argv, timeout_s=_TIMEOUT_S, environment=_ENVIRONMENT))
        locked = not ended.ok and any(word in ended.stderr for word in _LOCKED)
        if not locked or time.monotonic() > deadline:
            return ended
        time.sleep(_PAUSE_S)


def _holder(output: str) -> str:
    """Who holds the lock, as apt (``held by process 7 (apt)``) or dpkg (``with pid 7``) tells it."""
    for mark in ("held by process ", "with pid "):
        _, found, rest = output.partition(mark)
        if found:
            return f" (process {rest.splitlines()[0].strip().rstrip('.')})"
    return ""
