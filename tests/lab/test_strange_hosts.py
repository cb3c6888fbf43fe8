"""Hosts that festning did not make: by a bastion, as a user with sudo, at another port, over IPv6, by declared keys.

A lab of its own, of one machine of each role, made strangers (``strange_hosts``) and then brought up as an operator
does it who knows of no lab. The tests are in order: each begins where the one before it left the hosts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from festning.providers.lab.requirements import why_not
from tests.conftest import LAB_NAME, Festning
from tests.lab.strange_hosts import JUMP, Strangers, estrange, lab_file

pytestmark = pytest.mark.lab

LOGINS = f"journalctl --quiet --unit ssh | grep --count 'Accepted publickey for {JUMP} ' || true"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strangers]:
    if reason := why_not():
        pytest.skip(f"this machine cannot boot a lab: {reason}")
    folder = tmp_path_factory.mktemp("strange")
    lab = Festning(lab_file(folder / "lab", f"{LAB_NAME}-strange"))
    assert lab("down").returncode == 0
    try:
        booted = lab("lab", "boot", timeout=900)
        assert booted.returncode == 0, booted.stdout + booted.stderr
        yield estrange(lab, folder)
    finally:
        ended = lab("down")
        assert ended.returncode == 0, ended.stderr


def test_nobody_is_believed_at_the_first_meeting(hosts: Strangers) -> None:
    met = hosts("up")
    assert met.returncode == 3, met.stdout + met.stderr
    assert "core1: bastion: jump@198.18.0.16:22: its host key SHA256:" in met.stderr
    assert f"set admin.bastion.host_key: {hosts.keys['client']}" in unwrapped(met.stderr)
    assert hosts.lab.on("client", LOGINS).strip() == "0"


def test_up_brings_them_up_and_then_nothing_is_left_to_change(hosts: Strangers) -> None:
    hosts.trust()
    raised = hosts("up")
    assert raised.returncode == 0, raised.stdout + raised.stderr
    before = int(hosts.lab.on("client", LOGINS))
    planned = hosts("plan")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert "no change" in planned.stdout
    assert int(hosts.lab.on("client", LOGINS)) == before + 1, "all hosts share one connection to the bastion"


def test_an_edge_with_nothing_but_ipv6_has_its_tunnel_and_its_name(hosts: Strangers) -> None:
    clients = hosts.lab.on("core1", "grep ^CLIENT_LIST /run/openvpn-server/status-hub.log").splitlines()
    seen = {name: address for _, name, address, *_ in (line.split(",") for line in clients)}
    assert "2001:db8:3::32" in seen["edge1"]
    assert "198.18.32.24" in seen["arbiter"]
    assert "198.18." not in hosts.lab.on("edge1", "ip address")
    # A machine of any name is called as the fortress calls it: /etc/hosts has no other, and sudo looks it up.
    assert hosts.lab.on("edge1", "uname -n && getent hosts $(uname -n)").split()[:2] == ["edge1", "10.8.0.16"]


def test_a_port_is_changed_by_way_of_both(hosts: Strangers) -> None:
    hosts.declare(f"{hosts.keys['core1']}, ssh_port: 2222", f"{hosts.keys['core1']}, ssh_port: 2022")
    alone = hosts("plan")
    assert alone.returncode == 3, alone.stdout + alone.stderr
    assert "[new, old]" in unwrapped(alone.stderr)
    hosts.declare("ssh_port: 2022", "ssh_port: [2022, 2222]")
    assert_applied(hosts)
    hosts.declare("ssh_port: [2022, 2222]", "ssh_port: 2022")
    assert_applied(hosts)
    rules = hosts.lab.on("core1", "nft list table inet festning")
    assert "tcp dport 2022 " in rules
    assert "tcp dport 2222 " not in rules


def test_a_user_who_may_not_sudo_is_told_what_to_do(hosts: Strangers) -> None:
    hosts.lab.on("arbiter", "mv /etc/sudoers.d/90-cloud-init-users /root/kept")
    try:
        planned = hosts("plan")
    finally:
        hosts.lab.on("arbiter", "mv /root/kept /etc/sudoers.d/90-cloud-init-users")
    assert planned.returncode == 3, planned.stdout + planned.stderr
    assert "arbiter: admin.ssh_user may not sudo without a password" in planned.stdout
    assert "NOPASSWD: ALL" in planned.stdout


def test_a_host_whose_key_changed_is_refused(hosts: Strangers) -> None:
    old = hosts.lab.on("edge1", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    hosts.lab.on("edge1", RENEW)
    new = hosts.lab.on("edge1", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    planned = hosts("plan")
    assert planned.returncode == 3, planned.stdout + planned.stderr
    told = unwrapped(planned.stdout)
    assert f"{old} (ed25519) is expected (hosts.edge1.host_key), {new} (ed25519) was shown" in told
    assert "somebody may be in between" in told


RENEW = """\
rm /etc/ssh/ssh_host_ed25519_key*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
systemctl restart ssh
"""


def assert_applied(hosts: Strangers) -> None:
    applied = hosts("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr


def unwrapped(told: str) -> str:
    """What was told, without the line breaks that a narrow screen takes."""
    return " ".join(told.split())
