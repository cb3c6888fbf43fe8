"""What a host needs in order to be a front door, or to reach the database, or both.

Knows HAProxy. Which servers stand behind what is decided in ``routing``; leaves the servers themselves to ``nginx``,
``services`` and ``galera``, and closing the ports to everyone else to ``nftables``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from festning.model.catalog import (
    Directory,
    File,
    Gate,
    Item,
    Package,
    Reload,
    Renewal,
    Restart,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.fortress import Addresses, Fortress, Host, Role, Service
from festning.model.material import Authority, Certificate
from festning.model.reference import public, secret
from festning.systems.haproxy import names
from festning.systems.haproxy.rendering import render
from festning.systems.haproxy.routing import backends, relayed

SYSTEM = "haproxy"
DATABASE_WAIT_S = 60
# What the log has for the client. Truncated: the network that the address is in.
_LOGGED = {Addresses.FULL: "%[src]", Addresses.TRUNCATED: "%[src,ipmask(24,48)]", Addresses.NONE: "-"}


def catalog(fortress: Fortress, host: Host) -> SystemCatalog | None:
    """HAProxy of a host, or ``None`` where nothing passes through it."""
    if host.role is Role.ARBITER and not fortress.needs_database(host):
        return None
    return SystemCatalog(
        system=SYSTEM,
        wave=Wave.SERVICES,
        items=tuple(_items(fortress, host)),
        materials=tuple(certificate(fortress, service) for service in _decrypted(fortress, host)),
    )


def certificate(fortress: Fortress, service: Service) -> Certificate:
    """The certificate that the public sees for a service."""
    return Certificate(authority=Authority.WEB, name=service.host, dns=(service.host,), days=fortress.lifetimes.web)


def configuration(fortress: Fortress, host: Host) -> str:
    """The host's ``haproxy.cfg``."""
    return render(
        "haproxy.cfg",
        fortress=fortress,
        host=host,
        names=names,
        listen=("*", "[::]") if host.address is not None and host.address.version == 6 else ("*",),
        backends=backends(fortress, host),
        relayed=relayed(fortress, host) if host.role is Role.EDGE else (),
        client=_LOGGED[fortress.logged_at(host.site)],
        database=fortress.needs_database(host),
    )


def _decrypted(fortress: Fortress, host: Host) -> tuple[Service, ...]:
    return tuple(service for service in fortress.services if fortress.decrypts(host, service))


def _items(fortress: Fortress, host: Host) -> Iterator[Item]:
    reload = (Reload(names.UNIT),)
    yield Package("haproxy")
    yield File(
        path="/etc/systemd/system/haproxy.service.d/festning.conf",
        content=_DROP_IN,
        on_change=(Restart(names.UNIT),),
    )
    # HAProxy reads keys as root, before it drops its privileges: nobody else needs to. Purged, so that a key leaves
    # the host together with the right to decrypt.
    yield Directory(path=names.CERTIFICATES, mode=0o700, purge=True)
    for service in _decrypted(fortress, host):
        pair = certificate(fortress, service)
        yield File(
            path=names.certificate_path(service),
            content=f"{public(pair.certificate)}\n{secret(pair.key)}\n",
            mode=0o600,
            on_change=reload,
        )
    if any(backend.through_cores for backend in backends(fortress, host)):
        yield File(path=names.WEB_CA, content=f"{public(Authority.WEB.certificate)}\n", on_change=reload)
    yield File(path=names.UNAVAILABLE, content=_unavailable(), on_change=reload)
    yield File(
        path=names.CONFIGURATION,
        content=configuration(fortress, host),
        validate=("haproxy", "-c", "-q", "-f", names.CONFIGURATION),
        on_change=reload,
    )
    # A reload replaces every process: the master executes itself anew, and hands the listeners to new workers.
    yield Unit(name=names.UNIT, renewal=Renewal.RELOAD)
    if fortress.needs_database(host):
        yield Gate(name="the database answers at 127.0.0.1", check=_DATABASE_ANSWERS, timeout_s=DATABASE_WAIT_S)


@cache
def _unavailable() -> str:
    """The raw answer for a service that has no server left; HTTP wants CRLF between its headers."""
    head, body = render("unavailable.http").split("\n\n", 1)
    return head.replace("\n", "\r\n") + "\r\n\r\n" + body


_DROP_IN = """\
# Compiled by festning; edits are overwritten.
[Unit]
# However often it fails, it is tried again: a host that comes up half must not need a visit.
StartLimitIntervalSec=0

[Service]
# At boot the bridge's address, which HAProxy listens on, may come a moment later than HAProxy.
RestartSec=500ms
"""

# MariaDB speaks first: whoever reads a byte has come all the way to the writer.
_DATABASE_ANSWERS = f"""\
python3 - <<'END'
import socket
with socket.create_connection(("127.0.0.1", {names.DATABASE}), timeout=2) as connection:
    raise SystemExit(0 if connection.recv(1) else "closed: there is no writer")
END
"""
