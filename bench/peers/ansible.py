"""The workload as an Ansible playbook, with what makes Ansible fast: pipelining, persistent connections, no fact
gathering, the interpreter named, as many forks as hosts, hosts that do not wait for each other, and as few tasks as
the work can be said in: one for all packages, one for each kind of reaction that files ask for.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.peers.access import Access
from bench.peers.workload import DAEMON_RELOAD, PlacedFile, Workload, reactions_of

Task = dict[str, Any]


def write(folder: Path, workloads: list[Workload], access: Access) -> None:
    """Write configuration, inventory and playbook. JSON is YAML, and Ansible reads it faster."""
    (folder / "ansible.cfg").write_text(configuration(folder, len(workloads), access))
    (folder / "inventory.json").write_text(json.dumps(inventory(workloads), indent=1))
    (folder / "site.json").write_text(json.dumps(playbook(workloads), indent=1))


def command(binaries: Path, folder: Path, *, dry: bool) -> list[str]:
    """``ansible-playbook``, as a look (``--check``) or as a change."""
    words = [str(binaries / "ansible-playbook"), "-i", str(folder / "inventory.json"), str(folder / "site.json")]
    return [*words, "--check"] if dry else words


def environment(folder: Path) -> dict[str, str]:
    """What the process is to find in its environment."""
    return {"ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_HOME": str(folder), "LC_ALL": "C.UTF-8"}


def changes_in(output: str) -> int:
    """How many tasks the recap says changed something. Raises :class:`ValueError` when a host failed, or none is in."""
    rows = re.findall(r"changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", output)
    if not rows or any(int(unreachable) + int(failed) for _, unreachable, failed in rows):
        raise ValueError("ansible-playbook did not come to a good end")
    return sum(int(changed) for changed, _, _ in rows)


def configuration(folder: Path, forks: int, access: Access) -> str:
    """``ansible.cfg``."""
    options = (
        "-o ControlMaster=auto -o ControlPersist=60s -o IdentitiesOnly=yes -o GlobalKnownHostsFile=/dev/null"
        f" -o UserKnownHostsFile={access.known_hosts} -o Compression=no"
    )
    return f"""\
[defaults]
forks = {forks}
gathering = explicit
interpreter_python = /usr/bin/python3
strategy = free
retry_files_enabled = False
private_key_file = {access.key}
remote_user = root
local_tmp = {folder / "local"}

[ssh_connection]
pipelining = True
ssh_args = -F none {options}
control_path_dir = {folder}/cp
"""


def inventory(workloads: list[Workload]) -> dict[str, Any]:
    """Hosts with what is wanted of each as variables."""
    return {"all": {"hosts": {one.host: _variables(one) for one in workloads}}}


def playbook(workloads: list[Workload]) -> list[dict[str, Any]]:
    """One play for all hosts."""
    wanted = dict.fromkeys(file.reactions for one in workloads for file in one.files)
    attributes = {"mode": "{{ item.mode }}", "owner": "{{ item.owner }}", "group": "{{ item.group }}"}
    tasks: list[Task] = [
        {"name": "packages", "ansible.builtin.apt": {"name": "{{ packages }}", "state": "present"}},
        _loop(
            "accounts",
            "accounts",
            "user",
            {
                "name": "{{ item[0] }}",
                "home": "{{ item[1] }}",
                "shell": "/usr/sbin/nologin",
                "system": True,
                "create_home": False,
            },
        ),
        _loop("directories", "directories", "file", {"path": "{{ item.path }}", "state": "directory", **attributes}),
        *(_files(reactions, attributes) for reactions in wanted),
        _loop("units", "units", "systemd_service", _unit_state()),
    ]
    handlers = [_handler(pair) for pair in reactions_of(workloads)]
    return [{"hosts": "all", "gather_facts": False, "tasks": tasks, "handlers": handlers}]


def _variables(one: Workload) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    for file in one.files:
        files.setdefault(_group(file.reactions), []).append(_told(file))
    return {
        "ansible_host": one.address,
        "packages": list(one.packages),
        "accounts": [list(account) for account in one.accounts],
        "directories": [asdict(directory) for directory in one.directories],
        "files": files,
        "units": [asdict(unit) for unit in one.units],
    }


def _told(file: PlacedFile) -> dict[str, Any]:
    return {"path": file.path, "source": file.source, "mode": file.mode, "owner": file.owner, "group": file.group}


def _files(reactions: tuple[tuple[str, str], ...], attributes: dict[str, str]) -> Task:
    group = _group(reactions)
    arguments = {"src": "{{ item.source }}", "dest": "{{ item.path }}", **attributes}
    task = _loop(f"files: {group}", f"files['{group}'] | default([])", "copy", arguments)
    return {**task, "notify": [_name(pair) for pair in reactions]} if reactions else task


def _loop(name: str, over: str, module: str, arguments: dict[str, Any]) -> Task:
    label = "{{ item.path | default(item.name | default(item[0])) }}"
    return {
        "name": name,
        f"ansible.builtin.{module}": arguments,
        "loop": f"{{{{ {over} }}}}",
        "loop_control": {"label": label},
    }


def _unit_state() -> dict[str, Any]:
    state = "{{ omit if item.running is none else 'started' if item.running else 'stopped' }}"
    return {"name": "{{ item.name }}", "enabled": "{{ item.enabled }}", "state": state}


def _handler(pair: tuple[str, str]) -> Task:
    verb, unit = pair
    if pair == DAEMON_RELOAD:
        return {"name": _name(pair), "ansible.builtin.systemd_service": {"daemon_reload": True}}
    return {"name": _name(pair), "ansible.builtin.systemd_service": {"name": unit, "state": f"{verb}ed"}}


def _group(reactions: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(map(_name, reactions)) or "nothing reacts"


def _name(pair: tuple[str, str]) -> str:
    return " ".join(pair).strip()
