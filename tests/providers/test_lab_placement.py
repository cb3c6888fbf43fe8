"""The lab's arithmetic: which address is whose."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.errors import UsageError
from festning.model.fortress import Database, Role
from festning.providers.lab.placement import (
    CLIENT,
    DATABASE_MEMORY,
    LARGEST_NUMBER,
    POOL,
    SITES,
    Segment,
    plots_of,
    public_segment,
    relocate,
)


def test_hosts_stand_in_their_sites_block_at_16_plus_their_number(fortress):
    lab = relocate(fortress)
    assert lab.lab
    assert [str(host.address) for host in lab.hosts] == ["198.18.16.17", "198.18.32.32", "198.18.32.33"]
    assert {host.ssh_port for host in lab.hosts} == {22}
    assert {host.site.provider for host in lab.hosts} == {"lab"}


def test_what_the_lab_does_not_change_stays(fortress):
    lab = relocate(fortress)
    kept = ("name", "domain", "residency", "bridge", "services", "front_door", "waivers")
    assert all(getattr(lab, name) == getattr(fortress, name) for name in kept)
    assert [(host.name, host.number, host.role, host.bridge) for host in lab.hosts] == [
        (host.name, host.number, host.role, host.bridge) for host in fortress.hosts
    ]
    assert [(site.name, site.country, site.operator) for site in lab.sites] == [
        (site.name, site.country, site.operator) for site in fortress.sites
    ]


def test_ssh_comes_as_root_from_the_routers_own_addresses(fortress):
    admin = relocate(fortress).admin
    assert admin.ssh_user == "root"
    assert admin.networks == (IPv4Network("198.18.16.1/32"), IPv4Network("198.18.32.1/32"))


@pytest.mark.parametrize(("declared", "given"), [(4 << 30, DATABASE_MEMORY), (64 << 20, 64 << 20)])
def test_databases_are_small(fortress, declared, given):
    assert relocate(replace(fortress, database=Database(memory=declared))).database.memory == given


def test_the_client_is_in_the_public_network_and_first(fortress):
    client = plots_of(fortress)[0]
    assert (client.name, client.segment.bridge, str(client.interface)) == (CLIENT, "public", "198.18.0.16/20")
    assert str(public_segment().router) == "198.18.0.1"


def test_31_sites_fit_and_no_more(fortress, make_site):
    fitting = tuple(make_site(f"s{number}") for number in range(SITES))
    assert SITES == 31
    relocate(replace(fortress, sites=fitting, hosts=()))
    with pytest.raises(UsageError, match="room for 31 sites; the fortress has 32"):
        relocate(replace(fortress, sites=(*fitting, make_site("one-more")), hosts=()))


def test_a_number_without_an_address_is_refused(fortress, make_host):
    oslo = fortress.sites[0]
    relocate(replace(fortress, hosts=(make_host("far", LARGEST_NUMBER, Role.EDGE, oslo),)))
    with pytest.raises(UsageError, match="far has number 4001"):
        relocate(replace(fortress, hosts=(make_host("far", LARGEST_NUMBER + 1, Role.EDGE, oslo),)))


def test_a_host_may_not_take_the_clients_name(fortress, make_host):
    with pytest.raises(UsageError, match="client"):
        relocate(replace(fortress, hosts=(make_host(CLIENT, 16, Role.EDGE, fortress.sites[0]),)))


@given(st.lists(st.tuples(st.integers(0, SITES), st.integers(0, LARGEST_NUMBER)), unique=True, min_size=2, max_size=20))
def test_no_two_machines_and_no_router_share_an_address(places):
    segments = {index: Segment(index, f"s{index}") for index, _ in places}
    addresses = [segments[index].address(number) for index, number in places]
    routers = {segment.router for segment in segments.values()}
    assert len(set(addresses)) == len(addresses)
    assert not routers & set(addresses)
    for (index, _), address in zip(places, addresses, strict=True):
        assert address in segments[index].network
        assert address != segments[index].network.broadcast_address
        assert address in POOL


def test_bridges_have_names_that_interfaces_may_have():
    assert Segment(31, "a-site-with-quite-a-long-name").bridge == "site31"
    assert Segment(31, "x").network.broadcast_address == IPv4Address("198.19.255.255")
