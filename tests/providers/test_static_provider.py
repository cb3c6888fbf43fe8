"""Hosts that exist already."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from festning.errors import UsageError
from festning.model.fortress import Bastion
from festning.providers.interface import Endpoint, Provider
from festning.providers.lab.lab import Lab
from festning.providers.lab.placement import relocate
from festning.providers.static import Static

V6 = ip_address("2001:db8::11")


def test_endpoints_are_as_declared(fortress):
    where = "hosts.core1.host_key"
    assert Static(fortress).endpoint("core1") == Endpoint("core1", "203.0.113.11", 2222, "debian", key_source=where)
    whole = replace(fortress.hosts[0], old_ssh_ports=(22,), host_key="ssh-ed25519 AAAA", other_address=V6)
    assert Static(replace(fortress, hosts=(whole,))).endpoint("core1") == Endpoint(
        "core1", "203.0.113.11", 2222, "debian", known_host_key="ssh-ed25519 AAAA", key_source=where, other_ports=(22,)
    )


def test_all_hosts_are_behind_the_bastion(fortress):
    bastion = Bastion(address=V6, ssh_port=2022, ssh_user="jump", host_key="ssh-ed25519 BBBB")
    behind = replace(fortress, admin=replace(fortress.admin, bastion=bastion))
    via = Static(behind).endpoint("core1").via
    assert via == Endpoint(
        "bastion", "2001:db8::11", 2022, "jump", known_host_key="ssh-ed25519 BBBB", key_source="admin.bastion.host_key"
    )


def test_the_lab_has_neither_a_bastion_nor_ports_and_keys_of_its_hosts(fortress):
    host = replace(fortress.hosts[0], old_ssh_ports=(22,), host_key="ssh-ed25519 AAAA", other_address=V6)
    bastion = Bastion(address=V6, ssh_port=2022, ssh_user="jump")
    admin = replace(fortress.admin, bastion=bastion)
    moved = relocate(replace(fortress, hosts=(host,), admin=admin))
    assert moved.admin.bastion is None
    assert moved.hosts[0].ssh_ports == (22,)
    assert moved.hosts[0].host_key is None
    assert len(moved.hosts[0].addresses) == 1


def test_a_host_without_address_is_named(fortress):
    with pytest.raises(UsageError, match="edge1, edge2"):
        Static(fortress).place(fortress)
    with pytest.raises(UsageError, match="edge1"):
        Static(fortress).endpoint("edge1")
    complete = replace(fortress, hosts=fortress.hosts[:1])
    assert Static(complete).place(complete) == complete


def test_an_unknown_host_gets_the_names_of_the_known_ones(fortress):
    with pytest.raises(UsageError, match="'core9'") as unknown:
        Static(fortress).endpoint("core9")
    assert "core1" in unknown.value.hint


def test_both_providers_are_providers(fortress):
    providers: list[Provider] = [Static(fortress), Lab(fortress)]
    assert len(providers) == 2


def test_a_private_key_is_not_shown():
    assert "PRIVATE" not in repr(Endpoint("core1", "198.18.16.17", 22, "root", client_key="PRIVATE"))
