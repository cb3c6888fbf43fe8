"""Visitors of a little server on this machine: sent at their time, and told by what became of them."""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from programs_here import Ran, run

from festning.model.drill import Fate, Kind
from festning.proof.load.telling import PRIORITY

HOST = "shop.example"
BY_NAME = "127.0.0.1"
"""A name that leads to this machine, whatever its resolver knows."""
Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the host, with its key, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address(BY_NAME))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("pair") / "pair.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class Server:
    """Answers requests as ``answer`` does; counts connections."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[str] = []
        self.port = 0

    @asynccontextmanager
    async def listening(self, pair: Path) -> AsyncIterator[Server]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.requests.append(head)
                await self.answer(head.split(" ")[1], writer)
                await writer.drain()
        except (EOFError, OSError):
            pass
        finally:
            writer.close()


async def well(_path: str, writer: asyncio.StreamWriter, status: str = "200 OK") -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())


def stream(port: int, **more: Any) -> dict[str, Any]:
    told = {"door": "core1", "address": "127.0.0.1", "host": HOST, "method": "GET", "path": "/", "keep": False}
    return {**told, "per_second": 20, "book": "", "header": "", "port": port, **more}


def writing(port: int, **more: Any) -> dict[str, Any]:
    return stream(port, method="POST", path="/orders?number={token}", book="orders: shop", **more)


async def visit(pair: Path, *streams: dict[str, Any], stop_after_s: float | None = None, **more: Any) -> Ran:
    bounds = {"prefix": "p", "seconds": 0.5, "most": 1000, "patience_s": 2.0, "connecting_s": 0.5}
    orders = {"streams": streams, "authority": certificate_in(pair)}
    return await run("visitors", {**orders, **bounds, **more}, stop_after_s=stop_after_s)


def certificate_in(pair: Path) -> str:
    return pair.read_text().split("-----END PRIVATE KEY-----\n")[1]


def test_requests_are_sent_at_their_time_though_nothing_is_answered(pair: Path) -> None:
    async def late(path: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.0)
        await well(path, writer)

    async def work() -> Ran:
        async with Server(late).listening(pair) as server:
            return await visit(pair, stream(server.port, keep=True))

    ran = asyncio.run(work())
    begun = ran.begun()
    assert len(begun) == 10
    assert ran.lines[-1] == {"sent": 10}
    assert ran.status == 0
    first = begun[0]["due"]
    assert [round((one["due"] - first) * 20) for one in begun] == list(range(10))
    assert all(one["at"] - one["due"] > -0.001 for one in begun)
    # All were begun before the first answer came: the loop is open.
    assert max(one["at"] for one in begun) < min(one["at"] for one in ran.ended())
    assert all(one.ended - one.due >= 1.0 for one in ran.heard().outcomes() if one.ended is not None)


@pytest.mark.parametrize(
    ("status", "read", "written"),
    [
        ("200 OK", "ok", "ok"),
        ("201 Created", "ok", "ok"),
        ("303 See Other", "ok", "ok"),
        ("404 Not Found", "failed", "failed"),
        ("429 Too Many Requests", "failed", "failed"),
        ("500 Internal Server Error", "failed", "unknown"),
        ("503 Service Unavailable", "failed", "unknown"),
    ],
)
def test_a_fault_of_the_server_leaves_a_write_unknown(pair: Path, status: str, read: str, written: str) -> None:
    async def answer(path: str, writer: asyncio.StreamWriter) -> None:
        await well(path, writer, status)

    async def work() -> Ran:
        async with Server(answer).listening(pair) as server:
            return await visit(pair, stream(server.port), writing(server.port), seconds=0.1)

    fates = {(one.kind, one.fate) for one in asyncio.run(work()).heard().outcomes()}
    assert fates == {(Kind.READ, Fate(read)), (Kind.WRITE, Fate(written))}


def test_an_answer_that_never_comes_leaves_a_write_unknown(pair: Path) -> None:
    async def nothing(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def half(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
        await asyncio.sleep(5)

    async def work(answer: Answer) -> Ran:
        async with Server(answer).listening(pair) as server:
            return await visit(pair, stream(server.port), writing(server.port), seconds=0.1, patience_s=0.4)

    for answer in (nothing, half):
        outcomes = list(asyncio.run(work(answer)).heard().outcomes())
        assert {one.fate for one in outcomes if one.kind is Kind.WRITE} == {Fate.UNKNOWN}
        assert {one.fate for one in outcomes if one.kind is Kind.READ} == {Fate.FAILED}
        assert {one.number for one in outcomes if one.kind is Kind.WRITE} <= {"p1", "p2", "p3", "p4"}


def test_what_was_never_sent_has_failed_for_certain(pair: Path) -> None:
    async def refused() -> Ran:
        async with Server(well).listening(pair) as server:
            port = server.port
        return await visit(pair, writing(port), seconds=0.1)

    async def silent() -> Ran:
        """A door that takes the connection, and never says a word of TLS."""

        async def stare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(stare, "127.0.0.1", 0)
        async with server:
            return await visit(pair, writing(server.sockets[0].getsockname()[1]), seconds=0.1)

    for work, why in ((refused, "no connection: ConnectionRefusedError"), (silent, "no connection within 0.5 s")):
        outcomes = list(asyncio.run(work()).heard().outcomes())
        assert outcomes
        assert {one.fate for one in outcomes} == {Fate.FAILED}
        assert all(one.why.startswith(why) for one in outcomes)


def test_a_kept_connection_is_used_again_and_a_new_one_is_new(pair: Path) -> None:
    async def work(*, keep: bool) -> tuple[Ran, Server]:
        async with Server(well).listening(pair) as server:
            return await visit(pair, stream(server.port, keep=keep)), server

    ran, server = asyncio.run(work(keep=True))
    assert (len(ran.ended()), server.connections) == (10, 1)
    ran, server = asyncio.run(work(keep=False))
    assert (len(ran.ended()), server.connections) == (10, 10)


def test_a_kept_connection_that_the_server_closed_is_not_used(pair: Path) -> None:
    async def once(path: str, writer: asyncio.StreamWriter) -> None:
        await well(path, writer)
        await writer.drain()
        writer.close()

    async def work() -> Ran:
        async with Server(once).listening(pair) as server:
            return await visit(pair, writing(server.port, keep=True, per_second=10))

    assert {one.fate for one in asyncio.run(work()).heard().outcomes()} == {Fate.OK}


def test_numbers_are_new_each_time_and_the_load_is_bounded(pair: Path) -> None:
    async def work() -> tuple[Ran, Server]:
        async with Server(well).listening(pair) as server:
            return await visit(pair, writing(server.port), writing(server.port), seconds=60, most=7), server

    ran, server = asyncio.run(work())
    assert sorted(one["value"] for one in ran.begun()) == [f"p{number}" for number in range(1, 8)]
    assert sorted(head.split("number=")[1].split(" ")[0] for head in server.requests) == [f"p{n}" for n in range(1, 8)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be served before others")
def test_visitors_are_served_first_in_a_session_of_their_own(pair: Path) -> None:
    before, seen = os.getpriority(os.PRIO_PROCESS, 0), set[tuple[int, bool]]()

    async def look(_path: str, writer: asyncio.StreamWriter) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()  # noqa: ASYNC240
        seen.update((os.getpriority(os.PRIO_PROCESS, int(pid)), os.getsid(int(pid)) == int(pid)) for pid in children)
        await well(_path, writer)

    async def work() -> None:
        async with Server(look).listening(pair) as server:
            await visit(pair, stream(server.port), seconds=60, most=1)

    asyncio.run(work())
    assert (PRIORITY, True) in seen
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_the_end_of_input_ends_it_once_every_outcome_is_known(pair: Path) -> None:
    async def late(path: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await well(path, writer)

    async def work() -> Ran:
        async with Server(late).listening(pair) as server:
            return await visit(pair, stream(server.port), seconds=60, stop_after_s=0.6)

    ran = asyncio.run(work())
    assert 0 < len(ran.begun()) < 20
    assert len(ran.ended()) == len(ran.begun()) == ran.lines[-1]["sent"]


def test_who_comes_by_a_name_asks_anew_where_it_leads_after_a_while(pair: Path) -> None:
    async def work() -> tuple[Ran, int]:
        async with Server(well).listening(pair) as server:
            by_name = stream(server.port, address="", host=BY_NAME, door="shop", keep=True, per_second=100)
            return await visit(pair, by_name, seconds=1.0), server.connections

    ran, connections = asyncio.run(work())
    outcomes = list(ran.heard().outcomes())
    assert [one.fate for one in outcomes] == [Fate.OK] * 100
    assert {one.door for one in outcomes} == {"shop"}
    assert connections >= 4  # Of 30 requests at most.


def test_who_comes_by_a_name_tells_at_whose_door_it_went_wrong(pair: Path) -> None:
    async def broken(path: str, writer: asyncio.StreamWriter) -> None:
        await well(path, writer, "503 Service Unavailable")

    async def work() -> Ran:
        async with Server(broken).listening(pair) as server:
            by_name = stream(server.port, address="", host=BY_NAME, keep=True)
            nowhere = stream(server.port, address="", host="nowhere.invalid")
            return await visit(pair, by_name, nowhere)

    whys = {one.why for one in asyncio.run(work()).heard().outcomes()}
    assert "status 503 from 127.0.0.1, request 1 of its connection" in whys
    assert any(why.startswith("no connection: gaierror") or "no connection within" in why for why in whys), whys
