"""The firewall: what flows compile to, and that nft takes it and means it."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.errors import CompileError
from festning.model.catalog import File, Reload, Restart
from festning.model.check import CLIENT, Output, Verdict
from festning.model.flow import ADMIN, ANYONE, Flow, Network, Protocol
from festning.systems.nftables.catalog import catalog, ruleset
from festning.systems.nftables.checks import checks
from festning.systems.nftables.compilation import compile_rules

needs_nft = pytest.mark.skipif(
    shutil.which("nft") is None or os.geteuid() != 0, reason="needs nft, and root for a network namespace"
)


def flow(sources, network=Network.PUBLIC, port=443, target="core1", why="why", protocol=Protocol.TCP):
    return Flow(target=target, sources=tuple(sources), network=network, protocol=protocol, port=port, why=why)


def lines(fortress, *flows, network="public"):
    return [str(rule) for rule in getattr(compile_rules(fortress, fortress.host("core1"), flows), network)]


def test_names_become_public_addresses_or_bridge_addresses(fortress):
    assert lines(fortress, flow(["core2", "arbiter"])) == [
        'ip saddr { 198.51.100.5, 203.0.113.12 } tcp dport 443 counter accept comment "why"'
    ]
    assert lines(fortress, flow(["core2", "arbiter"], Network.BRIDGE), network="bridge") == [
        'ip saddr { 10.8.0.2, 10.8.0.8 } tcp dport 443 counter accept comment "why"'
    ]


def test_the_public_is_anyone_and_on_the_bridge_it_is_every_peer(fortress):
    assert lines(fortress, flow([ANYONE])) == ['tcp dport 443 counter accept comment "why"']
    (rule,) = lines(fortress, flow([ANYONE], Network.BRIDGE), network="bridge")
    assert "10.8.0.2, 10.8.0.8, 10.8.0.16/31" in rule


def test_administrators_come_from_their_networks_in_both_families(fortress):
    networks = (ip_network("192.0.2.0/24"), ip_network("192.0.2.128/25"), ip_network("2001:db8::/32"))
    both = replace(fortress, admin=replace(fortress.admin, networks=networks))
    assert lines(both, flow([ADMIN], port=22)) == [
        'ip saddr { 192.0.2.0/24 } tcp dport 22 counter accept comment "why"',
        'ip6 saddr { 2001:db8::/32 } tcp dport 22 counter accept comment "why"',
    ]


def test_administrators_do_not_come_over_the_bridge(fortress):
    with pytest.raises(CompileError, match="administrators"):
        lines(fortress, flow([ADMIN], Network.BRIDGE))


def test_a_source_that_is_no_host(fortress):
    with pytest.raises(CompileError, match="no host: nobody"):
        lines(fortress, flow(["nobody"]))


def test_a_host_without_an_address_cannot_ask(fortress):
    unplaced = replace(fortress, hosts=tuple(replace(host, address=None) for host in fortress.hosts))
    assert lines(unplaced, flow(["core2"])) == []


def test_flows_of_other_hosts_are_left_out_and_equal_ones_are_one(fortress):
    assert len(lines(fortress, flow([ANYONE]), flow([ANYONE]), flow([ANYONE], target="core2"))) == 1


@given(order=st.permutations([flow(["core2"], port=port) for port in (1, 22, 443)]))
def test_the_order_of_declaration_does_not_matter(fortress, order):
    assert lines(fortress, *order) == lines(fortress, *sorted(order, key=lambda one: one.port))


@given(why=st.text(max_size=300))
def test_no_text_leaves_its_comment(fortress, why):
    (rule,) = lines(fortress, flow([ANYONE], why=why))
    comment = rule.split(" comment ", 1)[1]
    assert comment.startswith('"')
    assert comment.endswith('"')
    assert '"' not in comment[1:-1]
    assert "\n" not in rule
    assert len(comment.encode()) <= 122


def test_a_change_is_reloaded_never_restarted(fortress):
    items = catalog(fortress, fortress.host("core1"), [flow([ANYONE])]).items
    reactions = [reaction for item in items if isinstance(item, File) for reaction in item.on_change]
    assert reactions == [Reload("nftables.service")]
    assert not any(isinstance(reaction, Restart) for reaction in reactions)
    assert "flush ruleset" not in ruleset(fortress, fortress.host("core1"), [])


def in_namespace(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["unshare", "--net", "sh", "-ec", script], capture_output=True, text=True, check=False)


@needs_nft
@pytest.mark.parametrize("host", ["core1", "arbiter", "edge1"])
def test_nft_loads_it_twice_and_leaves_other_tables(fortress, tmp_path, host):
    flows = [flow([ANYONE], target=host), flow(["core2"], Network.BRIDGE, 3306, target=host, why='it\'s a "why"; drop')]
    file = tmp_path / "nftables.conf"
    file.write_text(ruleset(fortress, fortress.host(host), flows))
    done = in_namespace(
        f"nft add table ip others; nft add chain ip others theirs; nft -c -f {file}; nft -f {file}; nft -f {file}; "
        "nft list tables; nft list chain ip others theirs; nft list table inet festning | grep -c 'dport 443'"
    )
    assert done.returncode == 0, done.stderr
    assert "table ip others" in done.stdout
    assert done.stdout.splitlines()[-1] == "1"


@needs_nft
def test_packets_meet_the_rules(fortress, tmp_path):
    """From a namespace that plays the public: a declared port answers, another one and a forged source do not."""
    file = tmp_path / "nftables.conf"
    placed = fortress.placed({"core2": ip_address("203.0.113.12")})
    file.write_text(ruleset(placed, placed.host("core1"), [flow(["core2"], port=443), flow([ANYONE], port=80)]))
    names = [f"vpn-nft{os.getpid()}{side}" for side in "ab"]
    probe = (
        "import socket,sys\n"
        "s = socket.socket(); s.settimeout(0.5); s.bind((sys.argv[1], 0))\n"
        "try: s.connect((sys.argv[2], int(sys.argv[3]))); print('open')\n"
        "except ConnectionRefusedError: print('refused')\n"
        "except TimeoutError: print('silent')"
    )
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        setup = f"""
        ip -n {names[0]} link add v0 type veth peer name v0 netns {names[1]}
        for n in {names[0]} {names[1]}; do ip -n $n link set v0 up; ip -n $n link set lo up; done
        ip -n {names[0]} address add 203.0.113.11/24 dev v0
        ip -n {names[0]} address add 10.8.0.1/32 dev lo
        ip -n {names[0]} route add 10.8.0.0/24 dev v0
        ip -n {names[1]} address add 203.0.113.12/24 dev v0
        ip -n {names[1]} address add 203.0.113.13/24 dev v0
        ip -n {names[1]} address add 10.8.0.2/32 dev lo
        ip -n {names[1]} route add 10.8.0.1/32 dev v0
        ip netns exec {names[0]} nft -f {file}
        """
        subprocess.run(["sh", "-ec", setup], check=True)

        def attempt(source, target, port):
            command = ["ip", "netns", "exec", names[1], "python3", "-c", probe, source, target, str(port)]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

        assert attempt("203.0.113.12", "203.0.113.11", 443) == "refused"  # Let through: nothing listens there.
        assert attempt("203.0.113.12", "203.0.113.11", 3306) == "silent"
        assert attempt("203.0.113.13", "203.0.113.11", 443) == "silent"
        assert attempt("203.0.113.13", "203.0.113.11", 80) == "refused"
        # Neither a forged bridge address as the source, nor one as the target, gets in from the public side.
        assert attempt("10.8.0.2", "203.0.113.11", 80) == "silent"
        assert attempt("203.0.113.12", "10.8.0.1", 80) == "silent"
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def spec(fortress, flows, id_, host):
    return next(one for one in checks(fortress, flows) if (one.id, one.host) == (id_, host))


def output(stdout, status=0):
    return (Output(status=status, stdout=stdout, stderr="", seconds=1.0),)


def test_closed_ports_are_judged_by_what_came_back(fortress):
    check = spec(fortress, [], "nftables.database-closed.public", CLIENT)
    silent = "".join(
        f"{core.address} {port} silent\n" for core in fortress.cores for port in (3306, 4444, 4567, 4568, 9200)
    )
    assert check.judge(output(silent)).verdict is Verdict.PASS
    for how in ("open", "refused"):
        judgement = check.judge(output(silent.replace("3306 silent", f"3306 {how}", 1)))
        assert judgement.verdict is Verdict.FAIL
        assert "core1 203.0.113.11:3306" in judgement.reason
    assert check.judge(output(silent[:40])).verdict is Verdict.UNKNOWN
    assert check.judge(output("", 1)).verdict is Verdict.UNKNOWN


def test_a_declared_flow_is_not_called_open(fortress):
    allowed = flow(["edge1"], Network.BRIDGE, 3306)
    checked = {edge: spec(fortress, [allowed], "nftables.database-closed.bridge", edge) for edge in ("edge1", "edge2")}
    assert "('10.8.0.1', 3306)" not in checked["edge1"].probes[0].script
    assert "('10.8.0.2', 3306)" in checked["edge1"].probes[0].script
    assert "('10.8.0.1', 3306)" in checked["edge2"].probes[0].script


def test_the_loaded_rules_are_compared_with_the_declared(fortress):
    check = spec(fortress, [], "nftables.loaded", "core1")
    digest = hashlib.sha256(ruleset(fortress, fortress.host("core1"), []).encode()).hexdigest()
    assert check.judge(output(f"{digest}  /etc/nftables.conf\nsame\n")).verdict is Verdict.PASS
    assert check.judge(output(f"{digest}  /etc/nftables.conf\ndifferent\n")).verdict is Verdict.FAIL
    assert check.judge(output(f"{'0' * 64}  /etc/nftables.conf\nsame\n")).verdict is Verdict.FAIL
    assert check.judge(output("", 1)).verdict is Verdict.FAIL
