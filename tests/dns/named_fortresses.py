"""Fortresses to name: the example with addresses, changed by a line or two."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from festning.dns.records import RecordSet, Type, record_set
from festning.model.fortress import Fortress, Host
from festning.model.load import parse_fortress
from tests.conftest import EXAMPLE

TEXT = (EXAMPLE / "fortress.yaml").read_text()
SHOP, WWW = "shop.nordlys.example", "www.nordlys.example"
EDGES = ("192.0.2.101", "192.0.2.102")
CORES = ("203.0.113.11", "203.0.113.12")


def fortress(*changes: tuple[str, str], edges: Iterable[str] = EDGES) -> Fortress:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    places = {f"edge{number}": ip_address(address) for number, address in enumerate(edges, 1)}
    return parse_fortress(text, "fortress.yaml", EXAMPLE).placed(places)


def without_edges() -> Fortress:
    return fortress(("  edge:    {site: dublin, role: edge, count: 2, size: t3.small, traffic: 300GiB}\n", ""))


def door(address: str) -> Host:
    return next(host for host in fortress().hosts if str(host.address) == address)


def a(name: str, *values: str, ttl: int = 60) -> RecordSet:
    return record_set(name, Type.A, values, ttl)
