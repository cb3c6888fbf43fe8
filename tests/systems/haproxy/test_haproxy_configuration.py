"""The front doors' configuration: accepted by HAProxy without a warning, and true to what the fortress declares."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.programs import Program
from festning.model.catalog import File
from festning.model.fortress import Data, Fortress, FrontDoor, Role, Runtime
from festning.model.load import load_fortress
from festning.model.reference import references
from festning.systems.haproxy.catalog import catalog, configuration
from festning.systems.haproxy.flows import flows
from festning.systems.haproxy.rendering import quoted
from festning.systems.haproxy.routing import check_every_ms
from tests.conftest import EXAMPLE


def example() -> Fortress:
    return load_fortress(EXAMPLE / "fortress.yaml")


def with_services(*changes: dict[str, object]) -> Fortress:
    """The example with services like its shop, each changed."""
    fortress = example()
    services = tuple(
        replace(
            fortress.services[0], name=f"s{index}", index=index, host=f"s{index}.nordlys.example", port=9000 + index
        )
        for index in range(len(changes))
    )
    changed = tuple(replace(service, **change) for service, change in zip(services, changes, strict=True))
    return replace(fortress, services=changed)


ANY_KIND = with_services(
    {
        "runs_on": Role.EDGE,
        "runtime": Runtime.COMMAND,
        "data": Data.PUBLIC,
        "database": True,
        "health": "/a?b=$c&d=\"e'",
    },
    {"runs_on": Role.EDGE, "runtime": Runtime.PHP, "data": Data.PERSONAL, "database": False},
    {"runs_on": Role.CORE, "runtime": Runtime.STATIC, "data": Data.PUBLIC, "database": False},
    {"runs_on": Role.EDGE, "runtime": Runtime.STATIC, "data": Data.PUBLIC, "database": False},
)
FORTRESSES = {
    "example": example(),
    "any kind of service": ANY_KIND,
    "only personal services": replace(example(), services=example().services[:1]),
    "no service": replace(example(), services=()),
    "nobody denied": replace(example(), front_door=FrontDoor(deny_agents=(), methods=("GET",))),
    "IPv6": example().placed({host.name: ip_address(f"2001:db8::{host.number}") for host in example().hosts}),
}


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate with its key, for nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    import datetime  # noqa: PLC0415

    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (certificate.public_bytes(serialization.Encoding.PEM) + private).decode()


@pytest.mark.parametrize("kind", FORTRESSES)
def test_haproxy_accepts_it_without_a_warning(kind: str, pem: str, tmp_path: Path, program: Program) -> None:
    fortress = FORTRESSES[kind]
    for host in fortress.hosts:
        compiled = catalog(fortress, host)
        if compiled is None:
            continue
        place = tmp_path / host.name
        (place / "certs").mkdir(parents=True)
        for item in compiled.items:
            if isinstance(item, File) and item.path.startswith("/etc/haproxy/"):
                text = pem if references(item.content) else str(item.content)
                target = place / item.path.removeprefix("/etc/haproxy/")
                target.write_text(text.replace("/etc/haproxy", str(place)), newline="")
        command = (*program("haproxy"), "-c", "-f", str(place / "haproxy.cfg"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
        assert "ALERT" not in done.stderr


def test_no_key_of_a_personal_service_goes_where_it_may_not() -> None:
    fortress = example()
    keys = {
        host.name: sorted(
            name
            for item in compiled.items
            if isinstance(item, File)
            for name in references(item.content)
            if name.startswith("key/")
        )
        for host in fortress.hosts
        if (compiled := catalog(fortress, host)) is not None
    }
    shop, www = "key/web/shop.nordlys.example", "key/web/www.nordlys.example"
    assert keys == {"core1": [shop, www], "core2": [shop, www], "edge1": [www], "edge2": [www]}


def test_keys_are_for_root_alone_and_leave_with_the_right_to_decrypt() -> None:
    compiled = catalog(example(), example().host("core1"))
    assert compiled is not None
    for item in compiled.items:
        if isinstance(item, File) and item.secret:
            assert item.mode == 0o600
    directory = next(item for item in compiled.items if getattr(item, "path", "") == "/etc/haproxy/certs")
    assert getattr(directory, "purge", False)


def test_addresses_are_cut_in_logs_only_where_the_rule_does_not_admit_the_site() -> None:
    fortress = example()
    for name, whole in (("core1", True), ("edge1", False)):
        formats = re.findall(r"log-format .*", configuration(fortress, fortress.host(name)))
        assert len(formats) == 4  # Requests and errors, of HTTP and of relayed TLS.
        for one in formats:
            assert ("%[src]" in one) is whole
            assert ("%[src,ipmask(24,48)]" in one) is not whole
            assert "%ci" not in one


def test_who_has_no_database_gets_no_way_to_it() -> None:
    fortress = example()
    assert "127.0.0.1:3306" in configuration(fortress, fortress.host("core1"))
    assert "3306" not in configuration(fortress, fortress.host("edge1"))
    assert catalog(fortress, fortress.host("arbiter")) is None


def test_a_core_answers_at_home_and_asks_the_other_one_where_it_is_refused() -> None:
    fortress = example()
    text = configuration(fortress, fortress.host("core2"))
    lines = re.findall(r"^    server (core\d) \S+:8100 (.*)$", text, re.MULTILINE)
    assert lines == [("core1", "tcp-ut 3s"), ("core2", "tcp-ut 3s weight 100")]
    alone = replace(fortress, hosts=tuple(host for host in fortress.hosts if host.name != "core1"))
    assert " weight " not in configuration(alone, alone.host("core2"))
    edge = configuration(fortress, fortress.host("edge1"))
    assert " weight " not in edge


def test_only_what_changes_nothing_or_has_a_key_that_the_service_knows_is_asked_again() -> None:
    fortress = example()
    rule = r"^    http-request (disable-l7-retry .*)$"
    shop, www = re.findall(rule, configuration(fortress, fortress.host("core1")), re.MULTILINE)
    assert www == "disable-l7-retry unless { method GET HEAD OPTIONS }"
    assert shop == f"{www} || {{ req.hdr(Idempotency-Key) -m found }}"
    keyless = replace(fortress, services=tuple(replace(one, idempotency_key=False) for one in fortress.services))
    assert re.findall(rule, configuration(keyless, fortress.host("core1")), re.MULTILINE) == [www, www]


def servers(text: str, backend: str) -> list[str]:
    section = (
        text.split(f"\nbackend {backend} ")[1].split("\nbackend ", maxsplit=1)[0].split("\nlisten ", maxsplit=1)[0]
    )
    return [line.split()[1] + "=" + line.split()[2] for line in section.splitlines() if line.startswith("    server ")]


def test_the_cores_ask_the_edges_first_and_their_own_copy_last() -> None:
    text = configuration(example(), example().host("core2"))
    assert servers(text, "service_www") == ["edge1=10.8.0.16:8101", "edge2=10.8.0.17:8101", "copy=127.0.0.1:8101"]
    assert servers(text, "service_shop") == ["core1=10.8.0.1:8100", "core2=127.0.0.1:8100"]


def test_an_edge_asks_itself_first_and_the_cores_last() -> None:
    text = configuration(example(), example().host("edge2"))
    assert servers(text, "service_www") == ["edge2=127.0.0.1:8101", "core1=10.8.0.1:8443", "core2=10.8.0.2:8443"]
    assert servers(text, "relay_shop") == ["core1=10.8.0.1:8443", "core2=10.8.0.2:8443"]
    assert "backend service_shop" not in text


def with_edges(count: int) -> Fortress:
    fortress = example()
    edge = fortress.edges[0]
    edges = tuple(replace(edge, name=f"edge{number}", number=15 + number) for number in range(1, count + 1))
    return replace(fortress, hosts=(*fortress.cores, *fortress.arbiters, *edges))


@pytest.mark.parametrize(("edges", "every_ms"), [(1, 250), (12, 250), (13, 260), (47, 940), (50, 1000), (1000, 1000)])
def test_many_edges_and_their_cores_look_at_each_other_less_often(edges: int, every_ms: int) -> None:
    assert check_every_ms(with_edges(edges)) == every_ms


def test_an_edge_looks_seldom_at_what_it_needs_when_its_own_server_is_down() -> None:
    fortress = with_edges(13)
    text = configuration(fortress, fortress.host("edge1"))
    relays = dict(re.findall(r"^backend (\S+) from relay\n(.*?)^$", text, re.MULTILINE | re.DOTALL))
    looks = {name: found[1] for name, block in relays.items() if (found := re.search(r" inter (\S+) ", block))}
    assert looks == {"relay_shop": "260ms", "relay_www": "2s"}


def test_every_server_over_the_bridge_has_its_flow() -> None:
    for fortress in (example(), ANY_KIND):
        open_ports = {(flow.target, source, flow.port) for flow in flows(fortress) for source in flow.sources}
        owners = {str(host.bridge): host.name for host in fortress.hosts}
        for host in (*fortress.cores, *fortress.edges):
            for address, port in re.findall(
                r"^    server \S+ (10\.8\.\S+):(\d+)", configuration(fortress, host), re.MULTILINE
            ):
                if port == "3306" or owners[address] == host.name:  # The database declares its own.
                    continue
                assert (owners[address], host.name, int(port)) in open_ports


def test_edges_do_not_speak_to_each_other() -> None:
    edges = {edge.name for edge in ANY_KIND.edges}
    for flow in flows(ANY_KIND):
        assert not (flow.target in edges and edges & set(flow.sources))


@pytest.mark.parametrize("text", ["plain", 'a "b" c', "$HOME", "back\\slash", "it's # no comment"])
def test_quoted_text_is_one_word_to_a_shell_like_reader(text: str) -> None:
    import shlex  # noqa: PLC0415

    assert shlex.split(quoted(text).replace("\\$", "$")) == [text]


def test_the_page_for_an_unavailable_service_is_an_answer_of_http() -> None:
    compiled = catalog(example(), example().host("core1"))
    assert compiled is not None
    page = next(str(i.content) for i in compiled.items if isinstance(i, File) and i.path.endswith("unavailable.http"))
    head, body = page.split("\r\n\r\n", 1)
    assert head.startswith("HTTP/1.1 503 ")
    assert "\r\nRetry-After: 5\r\n" in head
    assert "\n" not in head.replace("\r\n", "")
    assert body.startswith("<!doctype html>")
