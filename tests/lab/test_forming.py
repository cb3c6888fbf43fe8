"""The database's group is gone, and is formed again without a hand, with all that was acknowledged."""

from __future__ import annotations

import time

import pytest

from tests.conftest import Festning

pytestmark = pytest.mark.lab

STATUS = "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'"
SERVERS = {"core1": "mariadb", "core2": "mariadb"}
KILL = "systemctl kill --signal=KILL mariadb; systemctl stop mariadb"
GO_AHEAD = (
    "cd /var/lib/mysql && rm -f gvwstate.dat && sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' grastate.dat"
    " && galera_new_cluster && mariadb -e 'CREATE DATABASE ahead; CREATE TABLE ahead.t (a INT PRIMARY KEY)'"
    f" && {{ {KILL}; }} && mv /root/view gvwstate.dat"
)
"""Commits what nobody else hears of, and fails: the view of the group is that of before, kept in ``/root/view``."""


def test_data_nodes_that_were_stopped_in_order_form_their_group_again_without_a_hand(lab: Festning) -> None:
    # While the arbitrator stays, as when both hosts are restarted for updates.
    lab.wait_until_synced()  # Whatever the test before this one did to it.
    lab.on("core1", "mariadb -e 'CREATE DATABASE IF NOT EXISTS formed'")
    for host in ("core2", "core1"):
        lab.on(host, "systemctl stop mariadb.service")
    for host in ("core1", "core2"):
        lab.on(host, "systemctl start --no-block mariadb.service")
    lab.wait_until_synced()
    for host in ("core1", "core2"):
        assert "formed" in lab.on(host, "mariadb -N -e 'SHOW DATABASES'")
    lab.on("core1", "mariadb -e 'DROP DATABASE formed'")
    assert "it is forgotten" in lab.on("arbiter", "journalctl -q -b -o cat -u festning-garb-alone.service")
    lab.assert_verified()


def test_a_data_node_that_the_others_left_and_forgot_is_told_to_go_on_without_a_hand(lab: Festning) -> None:
    lab.wait_until_synced()
    for host, unit, view in (
        ("arbiter", "garb", "/var/lib/festning-garbd/gvwstate.dat"),
        ("core2", "mariadb", "/var/lib/mysql/gvwstate.dat"),
    ):
        # Without its last view, a member comes back as one that nobody waits for, as after a repair of its host.
        lab.on(host, f"systemctl kill --signal=KILL {unit}; systemctl stop {unit}; rm -f {view}")
    lab.on(
        "core1",
        f'for i in $(seq 100); do mariadb -N -e "{STATUS}" | grep -q non-Primary && exit 0; sleep 0.1; done; exit 1',
    )
    lab.on("arbiter", "systemctl start garb")
    lab.on("core2", "systemctl start --no-block mariadb")
    lab.wait_until_synced()
    assert "begun here" in lab.on("core1", "journalctl -q -b -o cat -u festning-galera-form.service")
    lab.assert_verified()


def test_what_one_data_node_had_more_of_is_kept_when_both_fall_at_once(lab: Festning) -> None:
    lab.wait_until_synced()
    lab.on("core2", "cp -p /var/lib/mysql/gvwstate.dat /root/view")
    process = "systemctl show -P MainPID garb"
    before = lab.on("arbiter", process).strip()
    fall_together(lab, SERVERS)
    another = f"case $({process}) in 0 | {before}) false ;; esac"
    lab.on("arbiter", f"for i in $(seq 300); do {another} && break; sleep 0.1; done; systemctl kill --signal=STOP garb")
    lab.on("core2", GO_AHEAD)
    lab.on("arbiter", "systemctl kill --signal=CONT garb; sleep 2")
    for host in ("core1", "core2"):
        lab.on(host, "systemctl start --no-block mariadb")
    assert_ahead_is_kept(lab)


def test_a_writer_that_was_turned_away_with_more_than_the_arbitrator_knew_begins_again_without_a_hand(
    lab: Festning,
) -> None:
    lab.wait_until_synced()
    lab.on("arbiter", "systemctl stop festning-garb-forget.service")  # As when it was too late.
    lab.on("core1", KILL)
    left = "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'"
    lab.on("core2", f'for i in $(seq 100); do mariadb -N -e "{left}" | grep -qw 2 && exit 0; sleep 0.1; done; exit 1')
    lab.on("core2", f"cp -p /var/lib/mysql/gvwstate.dat /root/view; {KILL}")
    # The arbitrator, as it is when the last data node fell: it knows the group's position of that moment, and waits.
    lab.on("arbiter", "sleep 3; systemctl kill --signal=STOP garb")
    lab.on("core2", GO_AHEAD)
    lab.on("arbiter", "systemctl kill --signal=CONT garb; sleep 2; systemctl start festning-garb-forget.service")
    lab.on("core2", "systemctl start --no-block mariadb")
    turned_away = "journalctl -q -b -o cat -u mariadb.service | grep -q 'Reversing history'"
    lab.on("core2", f"for i in $(seq 300); do {turned_away} && exit 0; sleep 0.1; done; exit 1")
    lab.on("core1", "systemctl start --no-block mariadb")
    assert_ahead_is_kept(lab)


def test_a_data_node_that_made_a_group_with_the_arbitrator_beside_the_other_one_joins_it_without_a_hand(
    lab: Festning,
) -> None:
    lab.wait_until_synced()
    lab.on("arbiter", "systemctl stop festning-garb-forget.service")
    # Nobody's position is known of all who come back after a blackout: the arbitrator's stays so until the next change.
    for units in (SERVERS | {"arbiter": "garb"}, SERVERS):
        fall_together(lab, units)
        for host, unit in units.items():
            lab.on(host, f"systemctl start --no-block {unit}.service")
        lab.wait_until_synced()
    lab.on("arbiter", "systemctl start festning-garb-forget.service")
    told = [lab.on(host, "journalctl -q -b -o cat -u festning-galera-form.service") for host in ("core1", "core2")]
    assert any("it was started anew" in one for one in told)
    lab.assert_verified()


def fall_together(lab: Festning, units: dict[str, str]) -> None:
    """End units, by host, in the same instant: no group forms of those that are left."""
    at = int(time.time()) + 4
    for host, unit in units.items():
        kill = f"systemctl kill --signal=KILL {unit}; systemctl stop {unit}; touch /run/fell"
        lab.on(
            host,
            f"rm -f /run/fell; systemd-run -q sh -c 'until [ $(date +%s) -ge {at} ]; do sleep 0.01; done; {kill}'",
        )
    for host in units:
        lab.on(host, "for i in $(seq 300); do [ -e /run/fell ] && exit 0; sleep 0.1; done; exit 1")


def assert_ahead_is_kept(lab: Festning) -> None:
    lab.wait_until_synced()
    for host in ("core1", "core2"):
        assert lab.on(host, "mariadb -N -e 'SHOW TABLES IN ahead'").strip() == "t"
    lab.on("core2", "mariadb -e 'DROP DATABASE ahead'")
    lab.assert_verified()
