"""Verdicts from what nodes print: a healthy cluster passes, each broken one fails for its reason."""

from __future__ import annotations

import subprocess

import pytest

from festning.model.check import CheckSpec, Judgement, Output, Verdict
from festning.model.fortress import Fortress
from festning.systems.galera import provider
from festning.systems.galera.checks import IN_FLIGHT, checks

UUID = "a3493162-e6a9-11f1-81df-ba08598eef1e"
SUSPECT = dict(provider.EVS_TIMEOUTS)["evs.suspect_timeout"]
EVS = "; ".join(f"{name} = {value}" for name, value in provider.EVS_TIMEOUTS)

DATA_NODE = f"""\
status wsrep_cluster_size 3
status wsrep_cluster_status Primary
status wsrep_local_state_comment Synced
status wsrep_cluster_state_uuid {UUID}
status wsrep_local_state_uuid {UUID}
status wsrep_last_committed 9264
variable wsrep_provider_options base_dir = /var/lib/mysql/; {EVS}; socket.ssl = YES;
variable innodb_flush_log_at_trx_commit 1
variable innodb_doublewrite ON
variable innodb_snapshot_isolation ON
member core1 data
member core2 data
member arbiter arbitrator
health writer 200 holds the token, Synced
health synced 200 holds the token, Synced
unit festning-galera-revive.path active
unit festning-galera-form.path active
tls protocol TLSv1.3
tls verification OK
later wsrep_last_committed 9264
"""
OTHER = DATA_NODE.replace("health writer 200 holds the token, Synced", "health writer 503 the writer is core1")
ARBITER = """unit garb.service active
unit festning-garb-alone.path active
unit festning-garb-forget.service active
tls protocol TLSv1.3
tls verification OK
"""
HEALTHY = {"core1": DATA_NODE, "core2": OTHER, "arbiter": ARBITER}


def judge(spec: CheckSpec, printed: dict[str, str]) -> Judgement:
    return spec.judge(
        tuple(Output(status=0, stdout=printed[probe.host], stderr="", seconds=0.1) for probe in spec.probes)
    )


def failed(fortress: Fortress, printed: dict[str, str]) -> set[tuple[str, str]]:
    return {(spec.id, spec.host) for spec in checks(fortress) if judge(spec, printed).verdict is not Verdict.PASS}


def test_a_healthy_cluster_passes_every_check(fortress: Fortress) -> None:
    assert failed(fortress, HEALTHY) == set()


def test_checks_are_named_once_on_each_host(fortress: Fortress) -> None:
    names = [(spec.id, spec.host) for spec in checks(fortress)]
    assert len(names) == len(set(names))


def test_a_data_node_is_looked_at_once_for_all_its_checks(fortress: Fortress) -> None:
    probes = {probe for spec in checks(fortress) for probe in spec.probes}
    assert len(probes) == 3


@pytest.mark.parametrize(
    ("host", "change", "expected"),
    [
        ("core2", ("cluster_size 3", "cluster_size 2"), {("galera.cluster-size", "core2")}),
        ("core1", ("revive.path active", "revive.path failed"), {("galera.revival", "core1")}),
        ("core2", ("form.path active", "form.path failed"), {("galera.forming", "core2")}),
        ("arbiter", ("alone.path active", "alone.path failed"), {("galera.forming", "arbiter")}),
        ("arbiter", ("forget.service active", "forget.service failed"), {("galera.forgetting", "arbiter")}),
        ("core2", ("status Primary", "status non-Primary"), {("galera.primary", "core2")}),
        ("core2", ("comment Synced", "comment Donor/Desynced"), {("galera.synced", "core2")}),
        ("core2", ("trx_commit 1", "trx_commit 2"), {("galera.durability", "core2")}),
        ("core2", ("snapshot_isolation ON", "snapshot_isolation OFF"), {("galera.durability", "core2")}),
        ("core2", (f"suspect_timeout = {SUSPECT}", "suspect_timeout = PT5S"), {("galera.group-timeouts", "core2")}),
        ("core2", ("TLSv1.3", "TLSv1.1"), {("galera.replication-tls", "core2")}),
        ("core2", ("tls protocol TLSv1.3\ntls verification OK\n", ""), {("galera.replication-tls", "core2")}),
        ("core2", (f"local_state_uuid {UUID}", "local_state_uuid another"), {("galera.same-state", "core1")}),
        ("core2", ("later wsrep_last_committed 9264\n", ""), {("galera.same-state", "core1")}),
        ("core2", ("writer 503 the writer is core1", "writer 200 me too"), {("galera.one-writer", "core1")}),
        ("core1", ("health writer 200", "health writer 503"), {("galera.one-writer", "core1")}),
        ("core2", ("member arbiter arbitrator\n", ""), {("galera.arbitrator", "arbiter")}),
        ("arbiter", ("garb.service active", "garb.service failed"), {("galera.arbitrator", "arbiter")}),
        ("arbiter", ("verification OK", "verification error"), {("galera.replication-tls", "arbiter")}),
    ],
)
def test_what_is_broken_is_named(
    fortress: Fortress, host: str, change: tuple[str, str], expected: set[tuple[str, str]]
) -> None:
    assert change[0] in HEALTHY[host]
    broken = HEALTHY | {host: HEALTHY[host].replace(*change)}
    assert failed(fortress, broken) == expected


def test_a_database_that_does_not_answer_fails_with_that_reason(fortress: Fortress) -> None:
    silent = HEALTHY | {"core1": "status ERROR 2002 (HY000): Can't connect to local server\n"}
    reasons = {judge(spec, silent).reason for spec in checks(fortress) if spec.probes[0].host == spec.host == "core1"}
    assert any("does not answer" in reason for reason in reasons)
    assert ("galera.primary", "core1") in failed(fortress, silent)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("9264", "9264", Verdict.PASS),
        (str(9264 + IN_FLIGHT), str(9264 + IN_FLIGHT), Verdict.PASS),
        ("9000", "9300", Verdict.PASS),
        (str(9265 + IN_FLIGHT), str(9500), Verdict.FAIL),
        ("100", "200", Verdict.FAIL),
    ],
)
def test_positions_may_differ_by_what_is_in_flight(
    fortress: Fortress, first: str, second: str, verdict: Verdict
) -> None:
    moved = OTHER.replace("status wsrep_last_committed 9264", f"status wsrep_last_committed {first}")
    moved = moved.replace("later wsrep_last_committed 9264", f"later wsrep_last_committed {second}")
    spec = next(spec for spec in checks(fortress) if spec.id == "galera.same-state")
    assert judge(spec, HEALTHY | {"core2": moved}).verdict is verdict


def test_probes_are_scripts(fortress: Fortress) -> None:
    for script in {probe.script for spec in checks(fortress) for probe in spec.probes}:
        done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
