"""How hosts are reached: what may be declared of addresses, ports, keys and the bastion, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from festning.errors import BadFileError
from festning.model.fortress import Bastion, Fortress
from festning.model.load import parse_fortress
from tests.conftest import EXAMPLE

TEXT = (EXAMPLE / "fortress.yaml").read_text()
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqtry3CjErTSgGdP0UBD9EZB4BhRQ2mxLcr3HEnhJ6v"
ADMIN = "admin: {from: [{network: 192.0.2.0/24, country: NO}], ssh_user: root}"


def declared(*changes: tuple[str, str]) -> Fortress:
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return parse_fortress(text, "fortress.yaml", EXAMPLE)


def core1(words: str) -> tuple[str, str]:
    return ("address: 203.0.113.11,", words)


def admin(words: str) -> tuple[str, str]:
    return (ADMIN, f"admin: {{{words}}}")


def test_a_host_with_two_addresses_a_port_that_is_being_changed_and_a_key() -> None:
    host = declared(
        core1(f"address: [203.0.113.11, 2001:db8::11], ssh_port: [2222, 22], host_key: {KEY} root@core1,")
    ).host("core1")
    assert host.addresses == (ip_address("203.0.113.11"), ip_address("2001:db8::11"))
    assert host.ssh_ports == (2222, 22)
    assert host.host_key == KEY, "the comment says nothing"


def test_a_host_as_it_was_always_declared() -> None:
    host = declared().host("core1")
    assert host.addresses == (ip_address("203.0.113.11"),)
    assert host.ssh_ports == (22,)
    assert host.host_key is None


def test_a_bastion_is_come_to_as_the_hosts_are_unless_it_says_otherwise() -> None:
    assert declared().admin.bastion is None
    alone = declared(admin("from: [192.0.2.0/24], ssh_user: kari, bastion: {address: 192.0.2.7}"))
    assert alone.admin.bastion == Bastion(address=ip_address("192.0.2.7"), ssh_port=22, ssh_user="kari")
    whole = f"{{address: 192.0.2.7, ssh_port: 2022, ssh_user: jump, host_key: {KEY}}}"
    bastion = declared(admin(f"from: [192.0.2.0/24], bastion: {whole}")).admin.bastion
    assert bastion == Bastion(address=ip_address("192.0.2.7"), ssh_port=2022, ssh_user="jump", host_key=KEY)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (core1("address: [],"), "hosts.core1.address", "is not one address, or one of each family"),
        (core1("address: [203.0.113.11, 203.0.113.13],"), "hosts.core1.address", "is not one address, or one of each"),
        (core1("address: [203.0.113.11, 203.0.113.300],"), "hosts.core1.address", "is not an IP address"),
        (core1("address: 203.0.113.11, ssh_port: 0,"), "hosts.core1.ssh_port", "is not a port"),
        (core1("address: 203.0.113.11, ssh_port: true,"), "hosts.core1.ssh_port", "is not a port"),
        (core1("address: 203.0.113.11, ssh_port: [],"), "hosts.core1.ssh_port", "is not a port"),
        (core1("address: 203.0.113.11, ssh_port: [22, 22],"), "hosts.core1.ssh_port", "has a port twice"),
        (core1("address: 203.0.113.11, ssh_port: 443,"), "hosts.core1.ssh_port", "is used by the fortress itself"),
        (core1("address: 203.0.113.11, ssh_port: [22, 3306],"), "hosts.core1.ssh_port", "port 3306 is used"),
        (core1("address: 203.0.113.11, host_key: AAAA,"), "hosts.core1.host_key", "is not a public key line"),
        (core1(f"address: 203.0.113.11, host_key: {KEY[:-3]},"), "hosts.core1.host_key", "is not a public key line"),
        (
            core1(f"address: 203.0.113.11, host_key: {KEY.replace('ssh-ed25519', 'ssh-rsa')},"),
            "hosts.core1.host_key",
            "is not a public key line",
        ),
        (core1("address: [2001:db8::11, 203.0.113.11],"), "admin.from", "no network here is IPv6"),
        (("count: 2,", f"count: 2, host_key: {KEY},"), "hosts.edge.host_key", "to be rented from ec2"),
        (
            admin("from: [192.0.2.0/24], bastion: {address: 198.51.100.9}"),
            "admin.bastion.address",
            "198.51.100.9 is in no network of admin.from",
        ),
        (admin("from: [192.0.2.0/24], bastion: {adress: 192.0.2.7}"), "admin.bastion.adress", "did you mean address?"),
        (admin("from: [192.0.2.0/24], bastion: {}"), "admin.bastion.address", "is missing"),
    ],
)
def test_mistakes_are_told_with_their_place(change: tuple[str, str], place: str, words: str) -> None:
    with pytest.raises(BadFileError) as caught:
        declared(change)
    told = [str(problem) for problem in caught.value.problems]
    assert any(f": {place}: " in one and words in one for one in told), told


def test_one_key_is_not_that_of_two_hosts() -> None:
    with pytest.raises(BadFileError, match="one host key cannot be that of 2 hosts"):
        declared(("provider: ec2", "provider: static"), ("count: 2,", f"count: 2, host_key: {KEY},"))


def test_an_arbiter_may_have_its_ssh_where_others_have_a_front_door() -> None:
    assert declared(("address: 198.51.100.5,", "address: 198.51.100.5, ssh_port: 443,")).host("arbiter").ssh_port == 443


def test_who_dials_whom_without_a_family_in_common_is_told_at_both_ends() -> None:
    six = admin("from: [192.0.2.0/24, 2001:db8:99::/48]")
    with pytest.raises(BadFileError) as caught:
        declared(six, ("address: 198.51.100.5,", "address: 2001:db8::5,"))
    told = "\n".join(map(str, caught.value.problems))
    assert "hosts.arbiter.address: arbiter has only an IPv6 address, and core1, which it dials, has none" in told
    assert "hosts.core1.address: core1 has only an IPv4 address, and arbiter, which it dials, has none" in told
    old = "address: 203.0.113.1"
    both = [(f"{old}{n},", f"address: [203.0.113.1{n}, 2001:db8::1{n}],") for n in (1, 2)]
    declared(six, ("address: 198.51.100.5,", "address: 2001:db8::5,"), *both)


def test_hosts_dial_by_the_families_that_both_have() -> None:
    fortress = declared(core1("address: [203.0.113.11, 2001:db8::11],"))
    hub, arbiter, edge = (fortress.host(name) for name in ("core1", "arbiter", "edge1"))
    assert fortress.ways_to(hub, arbiter) == (ip_address("203.0.113.11"),)
    six = replace(edge, address=ip_address("2001:db8::21"))
    assert fortress.ways_to(hub, six) == (ip_address("2001:db8::11"),)
    assert fortress.ways_to(hub, edge) == hub.addresses, "it has no address yet"
