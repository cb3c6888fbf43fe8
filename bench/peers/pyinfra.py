"""The workload as a pyinfra deploy: an inventory with each host's wants as data, and the deploy that carries them out.

pyinfra works on all hosts in parallel by itself. Folders of files are known to exist, so that it need not ask for each.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.peers.access import Access
from bench.peers.workload import Workload, reactions_of

DEPLOY = Path(__file__).with_name("pyinfra_deploy.py")


def write(folder: Path, workloads: list[Workload], access: Access) -> None:
    """Write inventory and deploy."""
    (folder / "inventory.py").write_text(inventory(workloads, access))
    (folder / "deploy.py").write_text(DEPLOY.read_text())


def command(binaries: Path, folder: Path, *, dry: bool) -> list[str]:
    """``pyinfra``, as a look (``--dry``) or as a change."""
    return [
        str(binaries / "pyinfra"),
        str(folder / "inventory.py"),
        str(folder / "deploy.py"),
        "--dry" if dry else "--yes",
    ]


def changes_in(output: str, *, dry: bool) -> int:
    """How many operations changed something, or would. Raises :class:`ValueError` when one failed or none is told.

    After a look each operation's row has what would change, and what would if something else did (the reactions, which
    are left out here); after a change the last row has operations, successes, errors and those without a change.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", output)
    if dry:
        if "Conditional Change" not in text:
            raise ValueError("pyinfra did not come to a good end")
        rows = text.partition("Conditional Change")[2].splitlines()
        return sum(int(found[1]) for row in rows if (found := re.match(r" {4}\S+(?: \S+)* {2,}(\d+) ", row)))
    total = re.findall(r"Grand total +(\S+) +(\S+) +(\S+) +(\S+)", text)
    if not total or total[-1][2] != "-":
        raise ValueError("pyinfra did not come to a good end")
    return 0 if total[-1][1] == "-" else int(total[-1][1])


def inventory(workloads: list[Workload], access: Access) -> str:
    """The inventory as the Python that pyinfra reads."""
    hosts = [(one.host, _data(one, access, workloads)) for one in workloads]
    told = json.dumps(hosts)
    return f'"""Made for one run."""\n\nimport json\n\nhosts = [tuple(host) for host in json.loads({told!r})]\n'


def _data(one: Workload, access: Access, workloads: list[Workload]) -> dict[str, Any]:
    mine = {pair for file in one.files for pair in file.reactions}
    return {
        "ssh_hostname": one.address,
        "ssh_user": "root",
        "ssh_key": str(access.key),
        "ssh_known_hosts_file": str(access.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "packages": list(one.packages),
        "accounts": [list(account) for account in one.accounts],
        "directories": [asdict(directory) for directory in one.directories],
        "placed": [asdict(file) for file in one.files],
        "units": [asdict(unit) for unit in one.units],
        "reactions": [list(pair) for pair in reactions_of(workloads) if pair in mine],
    }
