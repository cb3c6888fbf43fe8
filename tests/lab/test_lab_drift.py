"""What somebody changed on hosts is named by kind and by person, and taken back; a saved plan is kept to or refused.

One pass over two edges of the shared lab: everything is changed by hand, looked at once, and mended by one apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Festning

pytestmark = pytest.mark.lab

NGINX = "/etc/nginx/nginx.conf"
HAPROXY = "/etc/haproxy/haproxy.cfg"
STRANGER = "/etc/haproxy/certs/stranger.pem"
SYSCTL = "/etc/sysctl.d/60-festning.conf"
KERNEL = "kernel: the declared settings are in force"
FIREWALL = "firewall: only the declared rules are loaded"
PACKAGE = "iputils-ping"
ON_EDGE1 = f"""\
set -e
echo '# by hand' >> {NGINX}
cp "$(command -v logger)" /tmp/sudo
# Alive for a while, as sudo is: the journal asks the kernel who wrote.
(echo 'kari : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim {NGINX}'; sleep 1) | /tmp/sudo -t sudo
rm /tmp/sudo
chmod 0600 {HAPROXY}
touch {STRANGER}
nft add rule inet festning from_public tcp dport 8000 accept
nft add table inet strangers
nft 'add chain inet strangers watch {{ type filter hook input priority 10; policy accept; }}'
sysctl -q -w net.ipv4.tcp_retries2=15
# Kept, so that it can come back: the lab's machines have no archive to install it from.
kept=$(dpkg -L {PACKAGE} | while read -r path; do [ ! -f $path ] || echo .$path; done)
tar -C / -cf /root/keep.tar ./var/lib/dpkg $kept
apt-get remove -y -q {PACKAGE} >/dev/null
"""
PACKAGE_BACK = "tar -C / -xf /root/keep.tar && rm /root/keep.tar"
ON_EDGE2 = f"systemctl mask -q --now nginx; systemctl disable -q --now haproxy; rm {SYSCTL}"


@pytest.fixture
def drifted(lab: Festning) -> Iterator[Festning]:
    try:
        lab.on("edge1", ON_EDGE1)
        lab.on("edge2", ON_EDGE2)
        yield lab
    finally:
        lab.on("edge1", f"[ ! -f /root/keep.tar ] || {{ {PACKAGE_BACK}; }}; nft delete table inet strangers || true")
        assert lab("apply").returncode == 0


def operations(plan: Any, host: str) -> dict[tuple[str, str], Any]:
    (found,) = [one for one in plan["hosts"] if one["host"] == host]
    return {(one["kind"], one["target"]): one for one in found["operations"]}


def test_drift_is_named_and_mended_and_a_saved_plan_is_kept_to(
    drifted: Festning, example: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    plan = drifted.json("plan", "--out", str(first))
    assert_named(plan)
    assert first.stat().st_mode & 0o777 == 0o600

    drifted.on("edge1", PACKAGE_BACK)
    refused = drifted("apply", str(first))
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert f"edge1: install {PACKAGE} is no longer needed" in refused.stderr
    assert "by hand" in drifted.on("edge1", f"tail -1 {NGINX}")

    shown = drifted("plan", "--out", str(second))
    assert shown.returncode == 2, shown.stderr
    assert_readable(shown.stdout)
    assert_refused_when_the_declaration_changed(drifted, example, second)
    broken = tmp_path / "broken.json"
    broken.write_text(second.read_text().replace("was edited", "was blessed"))
    assert drifted("apply", str(broken)).returncode == 64

    applied = drifted("apply", str(second))
    assert applied.returncode == 0, applied.stdout + applied.stderr
    clean = drifted("plan")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "table inet strangers, chain watch, hooks into input" in clean.stdout
    assert "8000" not in drifted.on("edge1", "nft list table inet festning")
    assert drifted.on("edge2", "systemctl is-active nginx haproxy; systemctl is-enabled nginx haproxy").split() == [
        *("active", "active", "enabled", "enabled")
    ]

    again = drifted("apply", str(second))
    assert again.returncode == 1
    assert "edge1 is at generation" in again.stderr


def assert_named(plan: Any) -> None:
    """Every kind of drift, as data."""
    one, two = operations(plan, "edge1"), operations(plan, "edge2")
    drift = {key for key, operation in {**one, **two}.items() if operation["drift"]}
    assert drift == {
        *(("write", NGINX), ("chmod", HAPROXY), ("remove", STRANGER), ("step", FIREWALL), ("step", KERNEL)),
        *(("install", PACKAGE), ("unmask", "nginx.service"), ("enable", "nginx.service"), ("start", "nginx.service")),
        *(("enable", "haproxy.service"), ("start", "haproxy.service"), ("write", SYSCTL)),
    }
    assert plan["drift"] == len(drift)
    assert all(
        operation["last"]["generation"] >= 1 for operation in [*one.values(), *two.values()] if operation["drift"]
    )
    assert one["write", NGINX]["last"]["by"] == "kari with sudo"
    assert one["write", NGINX]["last"]["since"] > one["write", NGINX]["last"]["at"]
    assert f"apt-get remove -y -q {PACKAGE}" in one["install", PACKAGE]["last"]["by"]
    assert one["remove", STRANGER]["last"]["by"] == "its owner root"
    assert "-\t\ttcp dport 8000 accept" in one["step", FIREWALL]["diff"]
    assert one["step", KERNEL]["diff"] == "-net.ipv4.tcp_retries2 = 15\n+net.ipv4.tcp_retries2 = 8\n"
    assert [host["host"] for host in plan["hosts"] if host["notes"]] == ["edge1"]


def assert_readable(text: str) -> None:
    drift, order = text.split("\nWave 1, ", 1)
    assert drift.startswith("Drift: changed on the hosts, and not by festning\n")
    assert "by kari with sudo); last applied " in drift
    assert "base system, firewall and bridge: edge1, edge2 at once\n" in order
    assert "reload   haproxy.service  because /etc/haproxy/" in order
    assert order.index("Wave 4, ") < order.index("Seen, and left alone\n") < order.index(" of them drift: ")


def assert_refused_when_the_declaration_changed(lab: Festning, example: Path, saved: Path) -> None:
    page = example.parent / "www" / "index.html"
    before = page.read_text()
    try:
        page.write_text(before + "<!-- new -->\n")
        refused = lab("apply", str(saved))
    finally:
        page.write_text(before)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "the declaration changed since the plan was made" in refused.stderr
