"""The main job, against real machines: up, plan, apply, verify, and what an operator does to it on a bad day.

One lab serves all tests here; each leaves the fortress as it found it, verified.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.conftest import Festning

pytestmark = pytest.mark.lab

SHOP = "festning-service-shop.service"


def test_verify_passes_with_evidence_for_every_check(lab: Festning) -> None:
    verification = lab.assert_verified()
    assert all(check["evidence"] and check["evidence"][0]["command"] for check in verification["checks"])
    assert all(check["reason"] for check in verification["checks"] if check["verdict"] == "waived")
    ids = {check["id"].split(".")[0] for check in verification["checks"]}
    assert ids >= {"base", "openvpn", "nftables", "galera", "haproxy", "services"}, ids


def test_every_runtime_is_served_through_every_front_door(lab: Festning) -> None:
    through = {(c["id"], c["host"]) for c in lab.json("verify")["checks"] if c["verdict"] == "pass"}
    doors = ("core1", "core2", "edge1", "edge2")
    assert {(f"services.{name}.through", door) for name in ("hello", "shop", "www") for door in doors} <= through


def test_a_lost_packet_is_sent_again_soon_on_every_way_over_the_bridge(lab: Festning) -> None:
    for host in ("core1", "core2", "arbiter", "edge1", "edge2"):
        ways = [line for line in lab.on(host, "ip route show proto static").splitlines() if " dev fst-" in line]
        assert len(ways) >= 2, ways
        assert [way for way in ways if "rto_min 50ms" not in way] == []


def test_plan_after_up_reports_no_change(lab: Festning) -> None:
    done = lab("plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no change" in done.stdout


def test_a_hand_edit_is_seen_and_mended(lab: Festning) -> None:
    lab.on("edge1", "echo '# by hand' >> /etc/nginx/nginx.conf")
    planned = lab("plan")
    assert planned.returncode == 2, planned.stdout + planned.stderr
    assert "/etc/nginx/nginx.conf" in planned.stdout
    assert "-# by hand" in planned.stdout
    assert lab("apply").returncode == 0
    assert lab("plan").returncode == 0


@pytest.mark.parametrize(("host", "unit"), [("core1", "mariadb"), ("core2", "mariadb"), ("arbiter", "garb")])
def test_any_single_member_restarts(lab: Festning, host: str, unit: str) -> None:
    lab.on(host, f"systemctl restart {unit}")
    # Were the group to fall apart in the same moment, on a machine that stood still, it would come back by itself.
    lab.wait_until_synced()
    lab.assert_verified()


def test_a_tunnel_is_dialled_again_by_the_process_that_has_it(lab: Festning) -> None:
    """By then it has given up root, and must be able to make its device all the same."""
    process = "systemctl show --property=MainPID --value openvpn-client@hub8"
    before = lab.on("core1", process)
    assert int(before) > 0
    lab.on("arbiter", "systemctl stop openvpn-server@hub && sleep 5 && systemctl start openvpn-server@hub")
    lab.on("core1", "for _ in $(seq 100); do ip link show fst-hub8 >/dev/null 2>&1 && exit; sleep 0.1; done; exit 1")
    assert lab.on("core1", process) == before
    lab.assert_verified()


def test_a_stopped_data_node_joins_again_by_apply(lab: Festning) -> None:
    lab.on("core2", "systemctl stop mariadb")
    assert lab("plan").returncode == 2
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    lab.assert_verified()


def test_a_data_node_that_lost_its_disk_joins_again(lab: Festning) -> None:
    lab.on("core2", "systemctl stop mariadb && rm -rf /var/lib/mysql/* /var/lib/mysql/.[a-z]*")
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    lab.assert_verified()


def test_a_whole_database_that_was_stopped_is_started_from_the_right_node(lab: Festning) -> None:
    lab.on("core1", "systemctl stop mariadb")
    lab.on("core2", "systemctl stop mariadb")
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    lab.assert_verified()


def test_a_dead_host_is_reported_and_stops_nobody_else(lab: Festning) -> None:
    try:
        lab("lab", "cut", "edge2")
        lab.on("edge1", "echo '# by hand' >> /etc/nginx/nginx.conf")
        planned = lab("plan")
        assert planned.returncode == 3, planned.stdout + planned.stderr
        applied = lab("apply")
        assert applied.returncode == 3, applied.stdout + applied.stderr
        assert "edge2" in applied.stdout
        assert "by hand" not in lab.on("edge1", "cat /etc/nginx/nginx.conf")
    finally:
        assert lab("lab", "heal", "edge2").returncode == 0
    assert lab("apply").returncode == 0
    lab.assert_verified()


def test_the_order_survives_the_loss_of_the_first_core(lab: Festning) -> None:
    try:
        lab("lab", "cut", "core1")
        doors = {m["name"]: m["address"] for m in lab.json("lab", "list")["machines"]}
        request = (
            f"curl -sS -k --max-time 5 -A test --resolve shop.nordlys.example:443:{doors['edge1']} "
            "-X POST -o /dev/null -w '%{http_code}' 'https://shop.nordlys.example/orders?number=4711'"
        )
        codes = []
        for _ in range(60):
            codes.append(lab("lab", "exec", "client", "--", "sh", "-c", request).stdout)
            if codes[-1] in ("200", "201"):
                break
            time.sleep(0.5)
        assert codes[-1] in ("200", "201"), codes
    finally:
        assert lab("lab", "heal", "core1").returncode == 0
    assert lab("apply").returncode == 0
    lab.assert_verified()


@pytest.mark.parametrize(("header", "answer"), [("Idempotency-Key: dies-201", "201"), ("X-Key: dies-502", "502")])
def test_a_request_whose_program_dies_is_asked_again_where_it_has_a_key(
    lab: Festning, header: str, answer: str
) -> None:
    """The program stands still while the request reaches it, and is killed: nobody can know what it did."""
    said = lab.on(
        "core1",
        f"""
        echo 1 > /sys/fs/cgroup/system.slice/{SHOP}/cgroup.freeze
        curl -sS -k --max-time 10 -A test --resolve shop.nordlys.example:443:127.0.0.1 -H '{header}' -X POST \\
            -o /dev/null -w '%{{http_code}}' 'https://shop.nordlys.example/orders?number=dies-{answer}' &
        sleep 1
        systemctl kill --kill-whom=all --signal=KILL {SHOP}
        wait $!
        """,
    )
    assert said == answer
    lab.assert_verified()


def test_no_secret_is_in_a_plan_or_in_a_process_list(lab: Festning) -> None:
    password = re.search(r"DATABASE_PASSWORD=\"?(\w+)", lab.on("core1", "cat /etc/festning/services/shop.env"))
    assert password is not None
    lab.on("core1", "sed -i s/DATABASE_PASSWORD=/DATABASE_PASSWORD=x/ /etc/festning/services/shop.env")
    planned = lab("plan")
    assert "shop.env" in planned.stdout
    assert password[1] not in planned.stdout + planned.stderr
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert password[1] not in applied.stdout + applied.stderr
    assert password[1] not in lab.on("core1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; journalctl --no-pager")


def test_the_lab_is_already_up(lab: Festning) -> None:
    again = lab("up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "warning: survivability.site at sites.oslo: when oslo is lost (core1, core2)" in again.stdout


def test_the_disk_of_the_operator_has_no_secret(lab: Festning, example: Path) -> None:
    assert sorted(path.name for path in example.parent.iterdir()) == ["fortress.yaml", "hello", "shop", "www"]
    home = Path("/var/lib/festning")
    beside_machines = [p for p in home.rglob("*") if p.is_file() and "upper" not in p.parts and "work" not in p.parts]
    assert not [p for p in beside_machines if b"PRIVATE KEY" in p.read_bytes() or b"AGE-SECRET" in p.read_bytes()]
