"""Those who are measured side by side, each as the commands for a look and for a change, and as what they say of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers import ansible, installing, pyinfra
from bench.peers.workload import workload_of, write_contents
from bench.stage import Stage

BARE = Path(__file__).with_name("bare_round_trip.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """``changes`` reads how much was changed (or would be) from what was printed."""

    name: str
    look: list[str]
    change: list[str]
    environment: dict[str, str]
    folder: Path
    changes: Callable[[str, bool], int]


def contenders(stage: Stage, secret: Path) -> list[Contender]:
    """festning, pyinfra and Ansible, ready to run; ``secret`` is a folder in memory, for root only."""
    access, fortress = stage.access(), stage.fortress
    sealed = stage.sealed()
    workloads = []
    for host in fortress.hosts:
        catalog = sealed[host.name].catalog
        write_contents(catalog, sealed[host.name].content, secret / "contents")
        workloads.append(workload_of(catalog, str(host.address), secret / "contents"))
    binaries = installing.environment()
    for peer in (ansible, pyinfra):
        peer.write(secret, workloads, access)
    peers = {**stage.environment, **ansible.environment(secret), "PATH": f"{binaries}:{stage.environment['PATH']}"}
    peers.pop("PYTHONPATH")
    return [
        Contender(
            name="festning",
            look=stage.festning("plan"),
            change=stage.festning("apply"),
            environment=stage.environment,
            folder=secret,
            changes=_festning_changes,
        ),
        Contender(
            name="pyinfra",
            look=access.inside(pyinfra.command(binaries, secret, dry=True)),
            change=access.inside(pyinfra.command(binaries, secret, dry=False)),
            environment=peers,
            folder=secret,
            changes=lambda output, dry: pyinfra.changes_in(output, dry=dry),
        ),
        Contender(
            name="Ansible",
            look=access.inside(ansible.command(binaries, secret, dry=True)),
            change=access.inside(ansible.command(binaries, secret, dry=False)),
            environment=peers,
            folder=secret,
            changes=lambda output, _: ansible.changes_in(output),
        ),
    ]


def bare_round_trip(stage: Stage) -> list[str]:
    """The command that only logs in everywhere."""
    access = stage.access()
    addresses = [str(host.address) for host in stage.fortress.hosts]
    return access.inside([sys.executable, str(BARE), str(access.key), str(access.known_hosts), *addresses])


def install_apt_bindings(stage: Stage, folder: Path) -> None:
    """Give the machines what Ansible's apt module needs there."""
    packages = installing.apt_bindings(folder, "trixie")
    for host in stage.fortress.hosts:
        for package in packages:
            stage.on_host(host.name, "sh", "-c", f"cat >/run/{package.name}", given=package.read_bytes())
        names = " ".join(f"/run/{package.name}" for package in packages)
        stage.on_host(host.name, "sh", "-c", f"dpkg --install {names} && rm {names}")


def _festning_changes(output: str, dry: bool) -> int:
    """Changes that a plan has, or hosts that an apply changed (it counts its gates among what it did)."""
    if re.search(r"no change$|nothing to change$", output, re.MULTILINE):
        return 0
    found = re.findall(r": (\d+) changes? on " if dry else r"^\S+ +(changed) ", output, re.MULTILINE)
    if not found:
        raise ValueError("festning did not say what it did")
    return int(found[0]) if dry else len(found)
