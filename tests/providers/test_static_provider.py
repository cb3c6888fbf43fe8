"""Hosts that exist already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from festning.errors import UsageError
from festning.providers.interface import Endpoint, Provider
from festning.providers.lab.lab import Lab
from festning.providers.static import Static


def test_endpoints_are_as_declared(fortress):
    assert Static(fortress).endpoint("core1") == Endpoint("core1", "203.0.113.11", 2222, "debian")


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
