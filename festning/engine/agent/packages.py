"""Installing Debian packages without questions and without anything starting in its distribution's configuration."""

from __future__ import annotations

import os

from festning.engine.agent.processes import Command, Ended, run

POLICY = "/usr/sbin/policy-rc.d"
_POLICY_TEXT = (
    "#!/bin/sh\n# Placed by festning while it installs packages: nothing starts before it is configured.\nexit 101\n"
)
_LISTS = "/var/lib/apt/lists"
_OPTIONS = (
    "-y",
    "-q",
    "--no-install-recommends",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "DPkg::Lock::Timeout=120",
)
_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none", "NEEDRESTART_SUSPEND": "1"}


def install(names: list[str]) -> Ended:
    """Install packages; the package lists are fetched only where there are none or they turn out to be stale."""
    forget_policy()
    own_policy = not os.path.exists(POLICY)
    if own_policy:
        with open(POLICY, "w", encoding="ascii") as file:
            file.write(_POLICY_TEXT)
        os.chmod(POLICY, 0o755)  # noqa: S103  Programs must be able to run it.
    try:
        fetched = not _have_lists() and _apt(("update",)).ok
        ended = _apt(("install", *names))
        if not ended.ok and not fetched and _apt(("update",)).ok:
            ended = _apt(("install", *names))
        return ended
    finally:
        if own_policy:
            forget_policy()


def versions(names: list[str]) -> dict[str, str]:
    """Those of ``names`` that are installed, with their versions."""
    if not names:
        return {}
    query = ("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${db:Status-Abbrev}\n", "--", *names)
    shown = (line.split("\t") for line in run(Command(query)).stdout.splitlines())
    return {name: version for name, version, status in shown if status[1] == "i"}


def forget_policy() -> None:
    """Remove the policy that an install left behind when it was killed; anybody else's stays."""
    try:
        with open(POLICY, encoding="utf-8", errors="replace") as file:
            ours = file.read() == _POLICY_TEXT
    except FileNotFoundError:
        return
    if ours:
        os.unlink(POLICY)


def _have_lists() -> bool:
    return os.path.isdir(_LISTS) and any(name.endswith("_Packages") for name in os.listdir(_LISTS))


def _apt(arguments: tuple[str, ...]) -> Ended:
    return run(Command(("apt-get", *_OPTIONS, *arguments), timeout_s=1200.0, environment=_ENVIRONMENT))
