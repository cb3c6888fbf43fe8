"""The example with IPv6 where it can be: edges that have nothing else, cores with both, an arbiter without."""

from __future__ import annotations

from ipaddress import ip_address

from festning.model.fortress import Fortress
from festning.model.load import parse_fortress
from tests.conftest import EXAMPLE

SIX = {"edge1": "2001:db8:3::1", "edge2": "2001:db8:3::2"}


def mixed() -> Fortress:
    """The example with IPv6 where it can be."""
    text = (EXAMPLE / "fortress.yaml").read_text()
    for number in (1, 2):
        old = f"address: 203.0.113.1{number},"
        assert old in text
        text = text.replace(old, f"address: [203.0.113.1{number}, 2001:db8:1::{number}],")
    admin = "{network: 192.0.2.0/24, country: NO}"
    assert admin in text
    text = text.replace(admin, f"{admin}, {{network: 2001:db8:99::/48, country: NO}}")
    placed = parse_fortress(text, "fortress.yaml", EXAMPLE)
    return placed.placed({name: ip_address(address) for name, address in SIX.items()})
