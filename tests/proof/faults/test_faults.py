"""Every fault has a heal and proofs, its scripts are shell, its rules are nftables', and it ends without anybody."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from festning.model.fortress import Role
from festning.proof.drills.catalog import DRILLS
from festning.proof.drills.drill import Drill, Timed
from festning.proof.faults.fault import DEAD_MAN_S, Act, Fault, Power, Relocate, RollingRestart, Script, Sign, SiteLink
from festning.proof.faults.network import one_way_loss, partition
from tests.proof.drills.fortress_parts import example, parts

SELF_MADE = [drill for drill in DRILLS if drill.name != "rolling-restart"]


def faults(drill: Drill) -> tuple[Timed, ...]:
    found = drill.faults(parts())
    assert not isinstance(found, str), found
    return found


def scripts(fault: Fault) -> Iterator[str]:
    acts: tuple[Act | Sign, ...] = (
        *fault.prepare,
        *fault.inject,
        *fault.observed,
        *fault.heal,
        *fault.gone,
        *fault.restore,
    )
    for act in acts:
        if isinstance(act, Script | Sign) and act.text:
            yield act.text


def test_names_are_unique_and_those_of_the_list() -> None:
    names = [drill.name for drill in DRILLS]
    assert len(set(names)) == len(names)
    for drill in SELF_MADE:
        assert [one.fault.name for one in faults(drill)] == [drill.name]


@pytest.mark.parametrize("drill", SELF_MADE, ids=lambda drill: drill.name)
def test_a_fault_is_proved_and_healed_and_the_heal_is_proved(drill: Drill) -> None:
    for one in faults(drill):
        assert one.fault.inject
        assert one.fault.observed
        assert one.fault.heal
        assert one.fault.gone


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_scripts_are_shell(drill: Drill) -> None:
    for one in faults(drill):
        for text in scripts(one.fault):
            done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr + text


@pytest.mark.parametrize("drill", SELF_MADE, ids=lambda drill: drill.name)
def test_what_holds_a_host_is_let_go_even_when_nobody_is_left_to_do_it(drill: Drill) -> None:
    for one in faults(drill):
        for act in one.fault.inject:
            if isinstance(act, Script) and not one.fault.heals_itself:
                assert f"--on-active={DEAD_MAN_S}" in act.text


@pytest.mark.parametrize("name", ["isolate-writer", "split-sites", "one-way-loss"])
@pytest.mark.skipif(shutil.which("nft") is None, reason="nftables is not installed")
def test_rules_are_nftables(name: str) -> None:
    (drill,) = (one for one in DRILLS if one.name == name)
    for act in faults(drill)[0].fault.inject:
        assert isinstance(act, Script)
        rules = act.text.split("<<'RULES'\n")[1].split("RULES\n")[0]
        done = subprocess.run(
            ["unshare", "--net", "--map-root-user", "nft", "--check", "--file", "-"],
            input=rules,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + rules


def test_an_isolated_writer_hears_none_of_the_others_and_the_others_do_not_hear_it() -> None:
    (drill,) = (one for one in DRILLS if one.name == "isolate-writer")
    by_host = {act.host: act.text for act in faults(drill)[0].fault.inject if isinstance(act, Script)}
    fortress = example()
    writer = next(host for host in fortress.hosts if host.name == "core1")
    assert set(by_host) == {host.name for host in fortress.hosts}
    for host in fortress.hosts:
        if host is not writer:
            assert f"saddr {host.address} drop" in by_host["core1"]
            assert f"daddr {host.address} drop" in by_host["core1"]
            assert f"saddr {writer.address} drop" in by_host[host.name]
            assert by_host[host.name].count(" drop\n") == 2


def test_rules_are_for_each_address_of_a_host_and_let_ssh_in_where_it_is() -> None:
    host, peer = example().cores
    both = replace(peer, other_address=ip_address("2001:db8::12"))
    fault = one_way_loss("loss", replace(host, ssh_port=2222, old_ssh_ports=(22,)), both, percent=10)
    (act,) = fault.inject
    assert isinstance(act, Script)
    for source in (f"ip saddr {peer.address}", "ip6 saddr 2001:db8::12"):
        kept, lost = f"{source} tcp dport {{ 2222, 22 }} accept", f"{source} numgen random mod 100 < 10 counter drop"
        assert act.text.index(kept) < act.text.index(lost)
    apart = partition("apart", "two groups", [(host,), (both,)], hits=frozenset())
    told = {act.host: act.text for act in apart.inject if isinstance(act, Script)}
    assert {"ip6 saddr 2001:db8::12 drop", "ip6 daddr 2001:db8::12 drop"} <= {
        line.strip() for line in told[host.name].splitlines()
    }


def test_a_blackout_takes_every_host_and_no_script_needs_one_of_them() -> None:
    (drill,) = (one for one in DRILLS if one.name == "blackout")
    fault = faults(drill)[0].fault
    hosts = {host.name for host in example().hosts}
    assert {act.host for act in fault.inject if isinstance(act, Power) and not act.on} == hosts
    assert {act.host for act in fault.heal if isinstance(act, Power) and act.on} == hosts
    assert not any(sign.text for sign in (*fault.observed, *fault.gone))


def test_what_is_abroad_is_told_from_the_residency_rule() -> None:
    (drill,) = (one for one in DRILLS if one.name == "sever-abroad")
    fault = faults(drill)[0].fault
    assert fault.inject == (SiteLink("dublin", up=False),)
    assert fault.hits == {"edge1", "edge2"}


def test_a_drill_that_has_no_place_says_why() -> None:
    fortress = example()
    alone = replace(fortress, hosts=tuple(host for host in fortress.hosts if host.role is Role.CORE))
    reasons = {drill.name: found for drill in DRILLS if isinstance(found := drill.faults(parts(alone)), str)}
    assert reasons == {
        "cut-arbiter": "the fortress has no arbiter",
        "cut-edge": "the fortress has no edge",
        "split-sites": "the fortress has one site",
        "expire-certificate": "the fortress has no edge",
        "sever-abroad": "every site is in a country where personal data may be",
        "scale-edges": "the fortress has no group of edges",
        "move-edges": "the fortress has no group of edges",
    }


def test_edges_move_to_the_site_at_which_nobody_is_and_back() -> None:
    (drill,) = (one for one in DRILLS if one.name == "move-edges")
    fault = faults(drill)[0].fault
    assert (fault.inject, fault.heal) == ((Relocate("edge", "frankfurt"),), (Relocate("edge", "dublin"),))
    assert drill.by_name
    assert fault.planned


def test_a_rolling_restart_is_what_the_verb_does() -> None:
    (drill,) = (one for one in DRILLS if one.name == "rolling-restart")
    assert faults(drill)[0].fault.inject == (RollingRestart(),)
