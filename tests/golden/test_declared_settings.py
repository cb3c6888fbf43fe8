"""What the file can set is what the hosts get: each key of it changes a line of a catalog."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from festning.model.catalog import File
from festning.model.load import parse_fortress
from festning.model.material import Certificate
from festning.systems.base.checks import checks
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from tests.conftest import EXAMPLE

TEXT = (EXAMPLE / "fortress.yaml").read_text()
PLACES = {"edge1": ip_address("192.0.2.101"), "edge2": ip_address("192.0.2.102")}


def declared(old: str, new: str):
    assert old in TEXT
    return parse_fortress(TEXT.replace(old, new, 1), "fortress.yaml", EXAMPLE).placed(PLACES)


def content(fortress, host: str, path: str) -> str:
    catalog = compile_catalogs(fortress, read_sources(fortress), Formation.running())[host]
    found = [item.content for _, item in catalog.items() if isinstance(item, File) and item.path == path]
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize(("kept", "shown"), [("none", '"- %['), ("truncated", "ipmask(24,48)"), ("full", '"%[src] %[')])
def test_addresses_in_the_logs_of_edges(kept: str, shown: str) -> None:
    fortress = declared("waivers: []", f"logs: {{addresses: {kept}}}")
    assert shown in content(fortress, "edge1", "/etc/haproxy/haproxy.cfg")
    assert '"%[src] %[' in content(fortress, "core1", "/etc/haproxy/haproxy.cfg")
    assert ("set_real_ip_from" in content(fortress, "edge1", "/etc/nginx/nginx.conf")) == (kept == "full")


def test_tls_of_the_front_doors() -> None:
    fortress = declared("waivers: []", 'tls: {minimum: "1.3", ciphers: [ECDHE-RSA-AES128-SHA]}')
    text = content(fortress, "core1", "/etc/haproxy/haproxy.cfg")
    assert "ssl-min-ver TLSv1.3 no-tls-tickets" in text
    assert "ssl-default-bind-ciphers ECDHE-RSA-AES128-SHA\n" in text


def test_ciphers_of_the_bridge() -> None:
    fortress = declared("waivers: []", "bridge: {ciphers: [CHACHA20-POLY1305, AES-128-CBC]}")
    for host, path in (("core1", "/etc/openvpn/server/hub.conf"), ("edge1", "/etc/openvpn/client/hub1.conf")):
        assert "data-ciphers CHACHA20-POLY1305:AES-128-CBC\n" in content(fortress, host, path)


def test_processes_of_the_hubs() -> None:
    fortress = declared("waivers: []", "bridge: {port: 1200, processes: 2}")
    second = content(fortress, "core1", "/etc/openvpn/server/hub-b.conf")
    assert "\nport 1201\n" in second
    assert "remote 203.0.113.11 1201 udp4\n" in content(fortress, "edge2", "/etc/openvpn/client/hub1-b.conf")
    rules = content(fortress, "core1", "/etc/nftables.conf")
    assert "ip saddr { 192.0.2.102 } udp dport 1201 " in rules
    assert "ip saddr { 192.0.2.101, 198.51.100.5, 203.0.113.12 } udp dport 1200 " in rules
    both = declared("waivers: []", "bridge: {port: 1200, processes: 1, beside: 2}")
    assert "remote 203.0.113.11 1200 udp4\n" in content(both, "edge2", "/etc/openvpn/client/hub1.conf")
    assert "remote 203.0.113.11 1201 udp4\n" in content(both, "edge2", "/etc/openvpn/client/hub1-b.conf")


def test_lifetimes_of_certificates() -> None:
    fortress = declared("waivers: []", "certificates: {web: 90, bridge: 100, database: 110}")
    catalog = compile_catalogs(fortress, read_sources(fortress), Formation.running())["core1"]
    days = {m.authority.value: m.days for m in catalog.materials if isinstance(m, Certificate)}
    assert days == {"web": 90, "bridge": 100, "database": 110}


def test_a_service_in_a_relaxed_sandbox() -> None:
    path = "/etc/systemd/system/festning-service-shop.service"
    strict = content(declared("waivers: []", ""), "core1", path)
    relaxed = content(declared("    data: personal", "    data: personal\n    isolation: relaxed"), "core1", path)
    assert "ProtectSystem=strict" in strict
    assert "ProtectSystem=full" in relaxed
    assert "SystemCallFilter" not in relaxed


def test_ports_that_are_declared_open() -> None:
    fortress = declared(
        "arbiter, address: 198.51.100.5,",
        "arbiter, address: 198.51.100.5, open: [{port: 9100, why: metrics, from: [192.0.2.0/25]}, "
        "{port: 53, protocol: udp, why: names}],",
    )
    rules = content(fortress, "arbiter", "/etc/nftables.conf")
    assert 'ip saddr { 192.0.2.0/25 } tcp dport 9100 counter accept comment "metrics"' in rules
    assert 'udp dport 53 counter accept comment "names"' in rules
    assert "9100" not in content(fortress, "core1", "/etc/nftables.conf")


def test_a_declared_disk_is_compared_with_the_disk() -> None:
    fortress = declared("address: 203.0.113.11,", "address: 203.0.113.11, disk: 40GiB,")
    (check,) = (check for check in checks(fortress) if check.id == "base.disk-size")
    assert (check.host, check.expected) == ("core1", "≥ 36.0 GiB (40 GiB declared)")


PORTS = "/etc/ssh/sshd_config.d/01-port.conf"


def test_where_sshd_listens() -> None:
    fortress = declared("address: 203.0.113.11,", "address: 203.0.113.11, ssh_port: [2222, 22],")
    assert content(fortress, "core1", PORTS).splitlines()[1:] == ["Port 2222", "Port 22"]
    rules = content(fortress, "core1", "/etc/nftables.conf")
    assert "tcp dport 2222 counter accept" in rules
    assert "tcp dport 22 counter accept" in rules
    alone = declared("address: 203.0.113.11,", "address: 203.0.113.11, ssh_port: 2222,")
    assert content(alone, "core1", PORTS).splitlines()[1:] == ["Port 2222"]
    assert "tcp dport 22 counter accept" not in content(alone, "core1", "/etc/nftables.conf")


def test_where_sshd_listens_by_itself_nothing_is_said() -> None:
    catalog = compile_catalogs(
        declared("waivers: []", ""), read_sources(declared("waivers: []", "")), Formation.running()
    )
    assert not [item for _, item in catalog["core1"].items() if isinstance(item, File) and item.path == PORTS]
