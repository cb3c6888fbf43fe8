"""The stack of 2014 has the guide's settings, and nothing that festning would have added."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.baseline import load
from bench.baseline.layout import ARBITRATOR, FIRST, POOL, SECOND, lay_out
from bench.baseline.material import static_key
from festning.errors import CompileError
from festning.model.catalog import File, Step
from festning.model.fortress import Runtime
from festning.model.reference import references
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.loading import streams_of
from tests.bench.baseline_example import catalogs, files, fortress, text, with_edges

SERVER, CLIENT = "/etc/openvpn/server.conf", "/etc/openvpn/client.conf"
HAPROXY = "/etc/haproxy/haproxy.cfg"
MARIADB = "/etc/mysql/mariadb.conf.d/90-baseline.cnf"

TUNNEL = (
    "dev tun",
    "proto udp",
    "cipher AES-256-CBC",
    "data-ciphers AES-256-CBC",
    "comp-lzo",
    "allow-compression yes",
    "user nobody",
    "persist-key",
    "persist-tun",
    "verb 3",
)
HUB = (
    "port 1194",
    "server 10.8.0.0 255.255.255.0",
    "ifconfig-pool-persist /etc/openvpn/ipp.txt 0",
    'push "route 10.8.0.0 255.255.255.0"',
    "keepalive 10 120",
    "dh /etc/openvpn/dh2048.pem",
    "tls-auth /etc/openvpn/ta.key 0",
    "client-to-client",
    "status openvpn-status.log",
)
BALANCER = (
    "maxconn 4096",
    "mode http",
    "option httplog",
    "option dontlognull",
    "retries 3",
    "option redispatch",
    "timeout connect 5s",
    "timeout client 50s",
    "timeout server 50s",
    "bind *:80",
    "bind *:443 ssl crt /etc/haproxy/certs/",
    "acl robot hdr_sub(User-Agent) -i curl wget",
    "http-request deny if robot",
    "balance roundrobin",
    "option httpchk GET /health_check.php",
    "server web01 10.8.0.2:80 check",
    "server web02 10.8.0.3:80 check",
    "server backup 127.0.0.1:8080 backup",
)
DATABASE = (
    "binlog_format = ROW",
    "default_storage_engine = InnoDB",
    "innodb_autoinc_lock_mode = 2",
    "innodb_doublewrite = ON",
    "innodb_flush_log_at_trx_commit = 1",
    "query_cache_type = OFF",
    "wsrep_cluster_address = gcomm://10.8.0.1,10.8.0.5",
)


def lines(host: str, path: str) -> list[str]:
    return [line.strip() for line in text(host, path).splitlines() if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize(
    ("host", "path", "settings"),
    [
        ("core1", SERVER, (*TUNNEL, *HUB)),
        ("core2", CLIENT, TUNNEL),
        ("arbiter", CLIENT, TUNNEL),
        ("edge2", CLIENT, TUNNEL),
        ("core1", HAPROXY, BALANCER),
        ("core2", HAPROXY, BALANCER),
        ("core1", MARIADB, (*DATABASE, "wsrep_node_address = 10.8.0.1")),
        ("core2", MARIADB, (*DATABASE, "wsrep_node_address = 10.8.0.5")),
    ],
)
def test_the_guides_settings_are_there(host: str, path: str, settings: tuple[str, ...]):
    assert set(settings) <= set(lines(host, path))


@pytest.mark.parametrize("host", ["core1", "core2"])
def test_provider_options_are_at_their_defaults(host: str):
    assert not any(line.startswith("wsrep_provider_options") for line in lines(host, MARIADB))


def test_nobody_tunes_what_the_guide_does_not_name():
    tuned = ("/etc/sysctl", "/etc/systemd/")
    assert not [path for host in catalogs() for path in files(host) if path.startswith(tuned)]


def test_checks_of_servers_have_their_defaults():
    assert not re.search(r"\b(inter|fall|rise|default-server)\b", "\n".join(lines("core1", HAPROXY)))


def test_only_the_first_core_is_a_server_of_the_tunnel():
    assert [host for host in catalogs() if SERVER in files(host)] == ["core1"]
    address = fortress().host("core1").address
    assert all(f"remote {address} 1194" in lines(host, CLIENT) for host in catalogs() if host != "core1")


def test_the_dh_parameters_have_2048_bits():
    frame = re.sub("-----.*-----|\\s", "", text("core1", "/etc/openvpn/dh2048.pem"))
    der = b64decode(frame)
    # SEQUENCE { INTEGER p, INTEGER g } (PKCS #3): the first byte of p is the sign's.
    assert der[:2] == b"\x30\x82"
    assert der[4:6] == b"\x02\x82"
    size = int.from_bytes(der[6:8], "big")
    assert int.from_bytes(der[8 : 8 + size], "big").bit_length() == 2048
    assert der[8 + size :] == b"\x02\x01\x02"


def test_every_host_has_the_lease_of_the_document():
    leases = dict(line.split(",")[:2] for line in text("core1", "/etc/openvpn/ipp.txt").splitlines())
    assert leases == {"edge1": "10.8.0.2", "edge2": "10.8.0.3", "core2": "10.8.0.5", "arbiter": "10.8.0.6"}


@given(st.integers(0, 251))
def test_any_number_of_web_nodes_has_addresses_of_the_pool(count: int):
    layout = lay_out(with_edges(count))
    addresses = [member.address for member in (layout.first, *layout.clients)]
    assert len(set(addresses)) == count + 3
    assert set(addresses) <= set(POOL.hosts())
    assert addresses[:3] == [FIRST, SECOND, ARBITRATOR]


def test_more_web_nodes_than_leases_are_refused():
    with pytest.raises(CompileError, match="251 web nodes"):
        lay_out(with_edges(252))


def test_another_shape_than_the_guides_is_refused():
    hosts = tuple(host for host in fortress().hosts if host.name != "arbiter")
    with pytest.raises(CompileError, match="one arbitrator"):
        lay_out(replace(fortress(), hosts=hosts))
    command = tuple(replace(service, runtime=Runtime.COMMAND) for service in fortress().services)
    with pytest.raises(CompileError, match="command"):
        lay_out(replace(fortress(), services=command))
    with pytest.raises(CompileError, match="one PHP service with a database"):
        lay_out(replace(fortress(), services=fortress().services[1:]))


@pytest.mark.parametrize(
    ("host", "listen"), [("edge1", "80"), ("core1", "127.0.0.1:8080"), ("core2", "127.0.0.1:8080")]
)
def test_the_shop_is_served_and_finds_the_first_member_only(host: str, listen: str):
    site, pool = text(host, "/etc/nginx/sites-available/default"), text(host, "/etc/php/8.4/fpm/pool.d/www.conf")
    default, other = site.split("server {")[1:]
    assert f"listen {listen} default_server;" in default
    assert "server_name shop.nordlys.example;" in default
    assert "root /srv/festning/shop/public;" in default
    assert f"listen {listen};" in other
    assert "env[DATABASE_HOST] = 10.8.0.1\n" in pool


def test_the_firewall_opens_what_firewalld_would():
    def opened(host: str) -> set[str]:
        return {line for line in lines(host, "/etc/nftables.conf") if "dport" in line}

    ssh, web = "tcp dport 22 accept", "tcp dport { 80, 443 } accept"
    data = 'iifname "tun0" tcp dport { 3306, 4444, 4567, 4568 } accept'
    assert opened("core1") == {ssh, web, data, "udp dport { 1194 } accept"}
    assert opened("core2") == {ssh, web, data}
    assert opened("arbiter") == {ssh, 'iifname "tun0" tcp dport { 4567 } accept'}
    assert opened("edge1") == {ssh, 'iifname "tun0" tcp dport { 80 } accept'}


def test_machines_of_festnings_own_image_have_every_package():
    own = compile_catalogs(fortress(), read_sources(fortress()), Formation.running())
    image = {package for catalog in own.values() for package in catalog.packages}
    assert {package for catalog in catalogs().values() for package in catalog.packages} <= image


def test_files_that_hold_secrets_are_for_root_alone():
    secret = [item for host in catalogs() for item in files(host).values() if item.secret]
    assert {item.path for item in secret} > {"/etc/openvpn/ta.key", "/etc/baseline/shop.env"}
    assert not [item.path for item in secret if item.mode & 0o077]


def test_everything_that_is_referred_to_is_declared_as_material_or_made_of_it():
    for catalog in catalogs().values():
        named = {
            name
            for _, item in catalog.items()
            for content in ([item.content] if isinstance(item, File) else [item.do] if isinstance(item, Step) else [])
            for name in references(content)
        }
        declared = {
            name
            for one in catalog.materials
            for name in (getattr(one, "certificate", None), getattr(one, "key", None), getattr(one, "value", None))
        }
        authorities = {one.authority.certificate for one in catalog.materials if hasattr(one, "authority")}
        assert named <= declared | authorities | {"baseline/tls-auth-key"}


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_static_key_is_openvpns_and_of_one_seed(seed: str, other: str):
    first, *body, last = static_key(seed).splitlines()
    assert (first, last) == ("-----BEGIN OpenVPN Static key V1-----", "-----END OpenVPN Static key V1-----")
    assert len(body) == 16
    assert all(re.fullmatch("[0-9a-f]{32}", line) for line in body)
    assert (static_key(seed) == static_key(other)) == (seed == other)


def test_its_load_is_festnings_at_the_same_doors():
    found = load.streams(fortress(), 3.0)
    assert {stream.door for stream in found} == {"core1", "core2"}
    assert found == tuple(stream for stream in streams_of(fortress(), 3.0) if stream.door.startswith("core"))
    place = load.session_place(fortress())
    assert place.environment in files(place.host)
