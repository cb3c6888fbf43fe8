"""What IPv6 changes on each host, as golden files: edges that have nothing else, cores with both, an arbiter without.

Each file is the difference to the catalog of the same host in the example, where all addresses are IPv4. That programs
accept what comes of it is in ``test_whole_hosts``. ``--regold`` accepts the files as they are now.
"""

from __future__ import annotations

import difflib
from ipaddress import ip_address
from pathlib import Path

import pytest

from festning.model.catalog import File
from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from tests.conftest import EXAMPLE
from tests.golden.families import mixed
from tests.golden.test_catalogs import ADDRESSES, HOSTS, written

GOLD = Path(__file__).parent / "nordlys-with-ipv6"


def catalogs(fortress: Fortress):
    return compile_catalogs(fortress, read_sources(fortress), Formation.running())


@pytest.mark.parametrize("host", HOSTS)
def test_what_ipv6_changes(host: str, request: pytest.FixtureRequest) -> None:
    plain = load_fortress(EXAMPLE / "fortress.yaml").placed({n: ip_address(a) for n, a in ADDRESSES.items()})
    before, after = (written(catalogs(fortress)[host]).splitlines() for fortress in (plain, mixed()))
    text = "\n".join(difflib.unified_diff(before, after, "IPv4", "both", lineterm="", n=2)) + "\n"
    gold = GOLD / f"{host}.diff"
    if request.config.getoption("--regold"):
        gold.parent.mkdir(exist_ok=True)
        gold.write_text(text)
    assert text == gold.read_text()


def test_every_host_is_reached_in_the_family_that_it_has() -> None:
    """Read once more without the golden files, which a careless ``--regold`` would accept."""
    found = catalogs(mixed())

    def content(host: str, path: str) -> str:
        return next(str(i.content) for _, i in found[host].items() if isinstance(i, File) and i.path == path)

    assert "remote 2001:db8:1::1 1194 udp6\n" in content("edge1", "/etc/openvpn/client/hub1.conf")
    assert "203.0.113.11" not in content("edge1", "/etc/openvpn/client/hub1.conf")
    dialled = content("core2", "/etc/openvpn/client/hub1.conf")
    assert "remote 203.0.113.11 1194 udp4\nremote 2001:db8:1::1 1194 udp6\n" in dialled
    assert "remote 203.0.113.11 1194 udp4\n" in content("arbiter", "/etc/openvpn/client/hub1.conf")
    assert "udp6" not in content("arbiter", "/etc/openvpn/client/hub1.conf")
    assert "proto udp6\n" in content("core1", "/etc/openvpn/server/hub.conf")
    assert "proto udp4\n" in content("arbiter", "/etc/openvpn/server/hub.conf"), "its kernel may have no IPv6"
    for host in ("core1", "edge1"):
        assert "bind [::]:443 v6only" in content(host, "/etc/haproxy/haproxy.cfg")
    rules = content("core1", "/etc/nftables.conf")
    assert "ip6 saddr { 2001:db8:1::2, 2001:db8:3::1, 2001:db8:3::2 } udp dport 1194" in rules
    assert "ip saddr { 198.51.100.5, 203.0.113.12 } udp dport 1194" in rules
    assert "ip6 saddr { 2001:db8:99::/48 } tcp dport 22 " in rules
