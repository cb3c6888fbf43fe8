"""``dns apply`` from end to end: front doors that speak HTTPS, a provider's API, and doors that die and come back."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from festning.dns.changes import Act
from festning.dns.standing import Look
from festning.dns.zones.opening import open_zone
from festning.dns.zones.patience import Manner
from festning.errors import FestningError
from festning.model.fortress import Fortress, Host, Service
from festning.workflows import grounds, repointing
from festning.workflows.looking_at_doors import ask, look, trusting
from festning.workflows.opening import Surroundings
from festning.workflows.repointing import Done, Looking, Planned, carry_out, plan
from tests.dns.dns_servers import Api, DigitalOcean, Failure, PowerDns, serve
from tests.dns.named_fortresses import CORES, EDGES, SHOP, WWW, fortress


class Quiet:
    def stage(self, title: str) -> None:
        pass

    def detail(self, text: str) -> None:
        pass


class Doors:
    """Front doors that are well, or not."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.unknown: set[str] = set()
        self.asked = 0

    async def ask(self, service: Service, door: Host) -> Look:
        self.asked += 1
        return Look.DEAD if door.name in self.dead else Look.UNKNOWN if door.name in self.unknown else Look.WELL


@pytest.fixture(params=[DigitalOcean, PowerDns], ids=lambda api: api.provider)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with serve(request.param()) as served:
        yield served


def applied(api: Api, doors: Doors, declared: Fortress | None = None) -> tuple[Planned, list[Done]]:
    zone = open_zone(
        api.provider,
        "nordlys.example",
        {**api.environment, "PDNS_API_URL": api.url},
        Manner(lambda _: None),
        endpoint=api.url,
    )
    work = plan(declared or fortress(), zone, doors.ask, Looking(3, 0), prune=False, progress=Quiet())
    planned = asyncio.run(work)
    return planned, list(carry_out(planned, Quiet()))


def addresses(api: Api, name: str) -> set[str]:
    return set(api.sets()[name, "A"][0])


def test_a_dead_edge_leaves_the_answer_and_comes_back(api: Api) -> None:
    doors = Doors()
    api.add("mail", "A", ["198.51.100.25"], 3600)
    _, done = applied(api, doors)
    assert {one.error for one in done} == {""}
    assert addresses(api, "shop") == addresses(api, "www") == set(EDGES)
    doors.dead = {"edge2"}
    applied(api, doors)
    assert addresses(api, "shop") == addresses(api, "www") == {EDGES[0]}
    doors.dead = {"edge1", "edge2"}
    applied(api, doors)
    assert addresses(api, "shop") == set(CORES)
    doors.dead |= {"core1", "core2"}
    planned, done = applied(api, doors)
    assert (done, planned.plan.trouble) == ([], True)
    assert addresses(api, "shop") == set(CORES), "with nobody well, what is there stays"
    doors.dead = set()
    applied(api, doors)
    assert addresses(api, "www") == set(EDGES)
    assert api.sets()["mail", "A"] == (frozenset({"198.51.100.25"}), 3600)
    assert doors.asked == 5 * 3 * 2 * 4
    assert applied(api, doors)[1] == [], "once is enough"


def test_what_cannot_be_looked_at_keeps_its_place(api: Api) -> None:
    doors = Doors()
    doors.dead = {"edge2"}
    applied(api, doors)
    doors.dead, doors.unknown = set(), {"edge1", "edge2", "core1", "core2"}
    _, done = applied(api, doors)
    assert done == []
    assert addresses(api, "shop") == {EDGES[0]}


def test_a_change_that_fails_stops_its_name_and_no_other(api: Api) -> None:
    api.failures = [Failure("POST" if isinstance(api, DigitalOcean) else "PATCH", 500)]
    _, done = applied(api, Doors())
    assert [(one.name, bool(one.error)) for one in done] == [(SHOP, True), (SHOP, True), (WWW, False), (WWW, False)]
    assert "not tried" in done[1].error
    assert ("shop", "A") not in api.sets()
    _, again = applied(api, Doors())
    assert [(one.name, one.change.act, one.error) for one in again] == [(SHOP, Act.CREATE, "")] * 2


def certificate(name: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


@contextmanager
def front_door(folder: Path, certified: tuple[str, str], status: int = 204) -> Iterator[tuple[int, list[str]]]:
    """A front door on loopback: its port, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host']}{self.path}")
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pem = folder / "pair.pem"
    pem.write_text("".join(certified))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def seen(port: int, authority: str, address: str = "127.0.0.1") -> Look:
    declared = fortress()
    door = replace(declared.host("edge1"), address=ip_address(address))
    return asyncio.run(ask(declared.services[0], door, trusting(authority), port))


@pytest.mark.parametrize(
    ("status", "expected"), [(204, Look.WELL), (200, Look.WELL), (302, Look.DEAD), (503, Look.DEAD)]
)
def test_a_door_is_well_when_the_health_page_is(tmp_path: Path, status: int, expected: Look) -> None:
    certified = certificate(SHOP)
    with front_door(tmp_path, certified, status) as (port, asked):
        assert seen(port, certified[0]) is expected
    assert asked == [f"{SHOP}/health_check.php"]


def test_a_door_with_a_certificate_of_another_name_or_another_authority_is_dead(tmp_path: Path) -> None:
    other, good = certificate(WWW), certificate(SHOP)
    with front_door(tmp_path, other) as (port, asked):
        assert seen(port, other[0]) is Look.DEAD
    with front_door(tmp_path, good) as (port, more):
        assert seen(port, other[0]) is Look.DEAD
    assert asked + more == []


def test_a_door_that_is_not_there_is_dead_and_one_without_a_way_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = certificate(SHOP)[0]
    assert seen(1, authority) is Look.DEAD

    async def no_way(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio, "open_connection", no_way)
    assert seen(443, authority) is Look.UNKNOWN


def test_looks_are_told_in_order_for_each() -> None:
    declared = fortress()
    turns = iter([Look.WELL, Look.DEAD, Look.DEAD, Look.DEAD])

    async def one(service: Service, door: Host) -> Look:
        return next(turns)

    pairs = [(declared.services[0], declared.host("edge1")), (declared.services[0], declared.host("edge2"))]
    assert asyncio.run(look(pairs, one, 2, 0)) == {
        ("shop", "edge1"): (Look.WELL, Look.DEAD),
        ("shop", "edge2"): (Look.DEAD, Look.DEAD),
    }
    assert asyncio.run(look([], one, 2, 0)) == {}


def test_edges_that_leave_are_out_of_the_zone_unless_nobody_else_is_well(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = Doors()
    zone = open_zone(
        api.provider,
        "nordlys.example",
        {**api.environment, "PDNS_API_URL": api.url},
        Manner(lambda _: None),
        endpoint=api.url,
    )

    async def asked(service: Service, door: Host, context: object) -> Look:
        del context
        return await doors.ask(service, door)

    monkeypatch.setattr(grounds, "ask", asked)
    monkeypatch.setattr(grounds, "trusting", str)
    monkeypatch.setattr(repointing, "open_own_zone", lambda *_: zone)
    monkeypatch.setattr(repointing, "Looking", lambda: Looking(3, 0))
    declared = fortress(("waivers: []", f"dns: {{provider: {api.provider}, ttl: 90}}"))
    surroundings = Surroundings({}, "kari@desk", None, date(2026, 11, 26))
    ground = grounds.RentedGround(Path("fortress.yaml"), surroundings, lambda: datetime.now(UTC), Quiet())

    def point(leaving: str) -> grounds.Pointed:
        hosts = tuple(replace(host, leaving=host.name == leaving) for host in declared.hosts)
        opened = SimpleNamespace(fortress=replace(declared, hosts=hosts), vault=SimpleNamespace(lookup=str))
        return asyncio.run(ground.point(cast("Any", opened), cast("Any", None)))

    assert point("").ttl_s == 90
    assert addresses(api, "shop") == set(EDGES)
    point("edge2")
    assert addresses(api, "shop") == addresses(api, "www") == {EDGES[0]}
    doors.dead = {"edge1"}
    before = api.sets()
    with pytest.raises(FestningError, match=r"shop\.nordlys\.example: only edges that are to leave answer for it"):
        point("edge2")
    assert api.sets() == before


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (Look.WELL, Look.WELL, Look.WELL),
        (Look.WELL, Look.DEAD, Look.DEAD),
        (Look.DEAD, Look.UNKNOWN, Look.DEAD),
        (Look.WELL, Look.UNKNOWN, Look.WELL),
        (Look.UNKNOWN, Look.UNKNOWN, Look.UNKNOWN),
    ],
)
def test_a_door_is_looked_at_in_both_families(
    monkeypatch: pytest.MonkeyPatch, first: Look, second: Look, found: Look
) -> None:
    """The answer has both addresses or none, and what this machine cannot reach itself says nothing."""
    came = {"192.0.2.101": first, "2001:db8::21": second}

    async def at(service: Service, address: str, port: int, context: ssl.SSLContext) -> Look:
        del service, port, context
        return came.pop(address)

    monkeypatch.setattr("festning.workflows.looking_at_doors._ask_at", at)
    declared = fortress()
    door = replace(declared.host("edge1"), other_address=ip_address("2001:db8::21"))
    assert asyncio.run(ask(declared.services[0], door, ssl.create_default_context())) is found
    assert not came
