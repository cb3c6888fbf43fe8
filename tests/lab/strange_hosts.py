"""Hosts that festning did not make, as an operator finds them: Debian, a user with sudo, an sshd of its own making.

They are a lab's machines, made strangers: of the lab's own nothing is used after the boot but its network. Its keys are
taken out, root may not log in, sshd listens elsewhere, there is IPv6 (one host has nothing else), and the lab's client,
with another user, is the bastion. The operator sits in the lab's network, where no host's firewall lets them in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from festning.vault.age import generate_identity
from tests.conftest import EXAMPLE, Festning

USER, JUMP = "deploy", "jump"
PORT = 2222
BASTION4, BASTION6 = "198.18.0.16", "2001:db8:0::16"
PLACES = {
    "client": ("public", BASTION4, BASTION6),
    "core1": ("site1", "198.18.16.17", "2001:db8:1::17"),
    "arbiter": ("site2", "198.18.32.24", ""),
    "edge1": ("site3", "", "2001:db8:3::32"),
}
"""Of each machine: the lab's bridge that it is at, and its addresses there."""
WAIVED = ("base.time-synchronised", "base.virtualisation", "base.disk-write", "base.commit-latency")
"""What containers on one kernel cannot have; only of its own lab's machines festning knows that they are some."""

_ESTRANGE = """\
useradd --create-home --shell /bin/bash {user}
install -d -m 0700 -o {user} -g {user} /home/{user}/.ssh
echo '{key}' >/home/{user}/.ssh/authorized_keys
chown {user}:{user} /home/{user}/.ssh/authorized_keys
rm -r /root/.ssh
rm /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
echo vps-4711 >/etc/hostname
hostname vps-4711
printf 'Port %s\\nPermitRootLogin no\\n' {port} >>/etc/ssh/sshd_config
systemctl restart ssh
cat >/etc/systemd/network/10-lab.network <<'END'
[Match]
Name=host0
[Network]
{addresses}
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
END
networkctl reload
networkctl reconfigure host0
cat /etc/ssh/ssh_host_ed25519_key.pub
"""
_SUDO = "echo '{user} ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-cloud-init-users\n"


@dataclass(frozen=True)
class Strangers:
    """The hosts, and the operator's desk: a home, a file, and the keys that the hosts showed when they were made."""

    lab: Festning
    file: Path
    home: Path
    keys: dict[str, str]
    identity: str = field(repr=False)

    def __call__(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """festning on these hosts, called from the lab's network, as a person calls it who knows of no lab."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("FESTNING_", "SSH_"))}
        environment |= {"HOME": str(self.home), "FESTNING_IDENTITY": self.identity}
        command = [sys.executable, "-m", "festning", "--file", str(self.file), *arguments]
        return subprocess.run(
            inside(self.lab, *command), capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )

    def trust(self) -> None:
        """Declare every host's key, and the bastion's: those that were read where they were made."""
        for name in ("core1", "arbiter", "edge1"):
            text = self.file.read_text()
            line = next(line for line in text.splitlines() if line.startswith(f"  {name}: "))
            self.declare(line, line.replace("ssh_port:", f"host_key: {self.keys[name]}, ssh_port:"))
        self.declare(f"ssh_user: {JUMP}}}", f"ssh_user: {JUMP}, host_key: {self.keys['client']}}}")

    def declare(self, old: str, new: str) -> None:
        """Change the file."""
        text = self.file.read_text()
        assert old in text, old
        self.file.write_text(text.replace(old, new, 1))


def inside(lab: Festning, *command: str) -> list[str]:
    return ["nsenter", f"--net=/run/netns/festning-{_name(lab)}", "--", *command]


def _name(lab: Festning) -> str:
    return lab.file.read_text().partition("fortress: ")[2].split()[0]


def lab_file(folder: Path, name: str) -> Path:
    """What the machines are made from: one host of each role."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    file = folder / "fortress.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("  core2:")]
    until = datetime.now(tz=UTC).date() + timedelta(days=7)
    waiver = f"{{rule: survivability.single-core, path: hosts.core1, reason: a test, until: {until}}}"
    text = "\n".join(lines).replace("fortress: nordlys", f"fortress: {name}").replace("count: 2", "count: 1")
    file.write_text(text.replace("waivers: []", f"waivers: [{waiver}]"))
    return file


def estrange(lab: Festning, folder: Path) -> Strangers:
    """Make strangers of a lab's booted machines. ``folder`` becomes the operator's desk."""
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    identity = home / ".ssh" / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kari", "-f", str(identity)], check=True)
    public = identity.with_suffix(".pub").read_text().strip()
    _route_ipv6(lab)
    with ThreadPoolExecutor() as pool:
        keys = dict(zip(PLACES, pool.map(lambda name: _estranged(lab, name, public), PLACES), strict=True))
    _wait_for_ways(lab)
    desk = folder / "desk"
    shutil.copytree(lab.file.parent, desk)
    file = desk / "fortress.yaml"
    file.write_text(_declared(file.read_text()))
    return Strangers(lab, file, home, keys, generate_identity()[0])


def _estranged(lab: Festning, name: str, public: str) -> str:
    bridge, four, six = PLACES[name]
    index = bridge.removeprefix("site") if bridge != "public" else "0"
    router = f"198.18.{int(index) * 16}.1"
    addresses = [f"Address={four}/20", f"Gateway={router}"] if four else []
    addresses += [f"Address={six}/64", f"Gateway=2001:db8:{index}::1"] if six else []
    bastion = name == "client"
    user = JUMP if bastion else USER
    script = _ESTRANGE.format(user=user, key=public, port=22 if bastion else PORT, addresses="\n".join(addresses))
    printed = lab.on(name, f"set -e\n{script if bastion else _SUDO.format(user=user) + script}")
    return " ".join(printed.split()[-3:-1])


def _route_ipv6(lab: Festning) -> None:
    lines = ["echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"]
    for bridge, index in (("public", 0), ("site1", 1), ("site2", 2), ("site3", 3)):
        lines.append(f"ip address replace 2001:db8:{index}::1/64 dev {bridge} nodad")
    subprocess.run(inside(lab, "sh", "-ec", "\n".join(lines)), check=True)


def _wait_for_ways(lab: Festning) -> None:
    """Until the bastion reaches every host: an address of IPv6 that is new is nobody's for a while."""
    for name, (_, *addresses) in PLACES.items():
        for address in filter(None, () if name == "client" else addresses):
            lab.on("client", f"timeout 60 bash -c 'until timeout 1 bash -c \"</dev/tcp/{address}/{PORT}\"; do :; done'")


def _declared(text: str) -> str:
    """The fortress as its operator declares it."""
    core = "core1:   {site: oslo,   role: core,    address: [198.18.16.17, 2001:db8:1::17], ssh_port: 2222,"
    arbiter = "arbiter: {site: bergen, role: arbiter, address: 198.18.32.24, ssh_port: 2222,"
    edge = "edge1:   {site: dublin, role: edge, address: 2001:db8:3::32, ssh_port: 2222, size: t3.small,"
    until = datetime.now(tz=UTC).date() + timedelta(days=7)
    waivers = "".join(f"{{rule: {rule}, reason: one kernel, until: {until}}}, " for rule in WAIVED)
    admin = (
        f"admin: {{from: [{{network: {BASTION4}/32, country: NO}}, {{network: {BASTION6}/128, country: NO}}], "
        f"ssh_user: {USER}, bastion: {{address: {BASTION4}, ssh_user: {JUMP}}}}}"
    )
    for old, new in (
        ("core1:   {site: oslo,   role: core,    address: 203.0.113.11,", core),
        ("arbiter: {site: bergen, role: arbiter, address: 198.51.100.5,", arbiter),
        ("edge:    {site: dublin, role: edge, count: 1, size: t3.small,", edge),
        ("admin: {from: [{network: 192.0.2.0/24, country: NO}], ssh_user: root}", admin),
        ("memory: 4GiB", "memory: 128MiB"),
        ("waivers: [", f"waivers: [{waivers}"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
