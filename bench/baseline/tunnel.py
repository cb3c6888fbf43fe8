"""The tunnel of 2014: one OpenVPN server on the first core, and everyone else its client."""

from __future__ import annotations

from bench.baseline import material
from bench.baseline.layout import POOL, Layout, Member
from bench.baseline.rendering import render
from festning.errors import CompileError
from festning.model.catalog import File, Gate, Item, Package, SystemCatalog, Unit, Wave
from festning.model.reference import public, secret

FOLDER = "/etc/openvpn"
DEVICE = "tun0"
PORT = 1194


def catalog(layout: Layout, member: Member) -> SystemCatalog:
    """OpenVPN of one host. Raises :class:`CompileError` when the server has no public address."""
    certificate = material.tunnel_certificate(layout, member)
    is_server = member == layout.first
    kind = "server" if is_server else "client"
    items: tuple[Item, ...] = (
        Package("openvpn"),
        File(path=f"{FOLDER}/ca.crt", content=public(certificate.authority.certificate)),
        File(path=f"{FOLDER}/{kind}.crt", content=public(certificate.certificate)),
        File(path=f"{FOLDER}/{kind}.key", content=secret(certificate.key), mode=0o600),
        File(path=f"{FOLDER}/ta.key", content=f"{material.tls_auth()}\n", mode=0o600),
        *(_server(layout) if is_server else _client(layout)),
        # Debian's unit of the time, and still shipped: configurations in /etc/openvpn itself.
        Unit(name=f"openvpn@{kind}.service"),
        _gate(member),
    )
    return SystemCatalog(
        system="tunnel", wave=Wave.GROUND, items=items, materials=(certificate, material.SEED), guarded=True
    )


def _server(layout: Layout) -> tuple[Item, ...]:
    leases = "".join(f"{client.name},{client.address},\n" for client in layout.clients)
    return (
        File(path=f"{FOLDER}/dh2048.pem", content=render("dh2048.pem")),
        File(path=f"{FOLDER}/ipp.txt", content=leases),
        File(path=f"{FOLDER}/server.conf", content=render("server.conf", pool=POOL, port=PORT)),
    )


def _client(layout: Layout) -> tuple[Item, ...]:
    server = layout.first.host.address
    if server is None:
        raise CompileError(f"{layout.first.name} has no public address yet: nobody could dial it")
    return (File(path=f"{FOLDER}/client.conf", content=render("client.conf", server=server, port=PORT)),)


def _gate(member: Member) -> Gate:
    return Gate(
        name="tunnel: the host has its address",
        check=f"ip -4 -oneline address show dev {DEVICE} | grep --quiet --fixed-strings ' {member.address}/'\n",
        timeout_s=60,
    )
