"""What a host needs in order to be a front door, or to reach the database, or both.

Knows HAProxy. Which servers stand behind what is decided in ``routing``; leaves the servers themselves to ``nginx``,
``services`` and ``galera``, and closing the ports to everyone else to ``nftables``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from festning.model.catalog import (
    Directory,
    Drain,
    File,
    Gate,
    Item,
    Package,
    Reload,
    Renewal,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.fortress import Addresses, Fortress, Host, Role, Service
from festning.model.material import Authority, Certificate
from festning.model.reference import public, secret
from festning.model.repeating import KEY_HEADER
from festning.model.traffic import FRONT_DOOR, FRONT_DOOR_BACK, HEALTH_AGENT, LONGEST_AWAY_S
from festning.systems.haproxy import names
from festning.systems.haproxy.rendering import render
from festning.systems.haproxy.routing import backends, check_every_ms, relayed

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
        hook=FRONT_DOOR,
        listen=("*", "[::]") if any(address.version == 6 for address in host.addresses) else ("*",),
        backends=backends(fortress, host),
        check_ms=check_every_ms(fortress),
        health_agent=HEALTH_AGENT,
        key_header=KEY_HEADER,
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
        on_change=reload,
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
    if host.role is Role.CORE:
        script = render("traffic.sh", names=names, back=FRONT_DOOR_BACK, longest_s=LONGEST_AWAY_S)
        yield File(path=FRONT_DOOR, content=script, mode=0o755)
    # A reload replaces every process: the master executes itself anew, and hands the listeners to new workers.
    yield Unit(name=names.UNIT, renewal=Renewal.RELOAD)
    yield _drain(host)
    if fortress.needs_database(host):
        yield Gate(name="the database answers at 127.0.0.1", check=_DATABASE_ANSWERS, timeout_s=DATABASE_WAIT_S)


def _drain(host: Host) -> Drain:
    """A reload hands the listeners over, and loses nothing. Before it, a core's front door sends the edges away; nobody
    stands before an edge's."""
    begin, back = (f"{FRONT_DOOR} away\n", f"{FRONT_DOOR} back\n") if host.role is Role.CORE else ("", "")
    return Drain(name="front door", units=(names.UNIT,), begin=begin or ":\n", end=f"{_RUNS}{back}", timeout_s=30)


@cache
def _unavailable() -> str:
    """The raw answer for a service that has no server left; HTTP wants CRLF between its headers."""
    head, body = render("unavailable.http").split("\n\n", 1)
    return head.replace("\n", "\r\n") + "\r\n\r\n" + body


# The new processes are there when the socket answers that they are.
_RUNS = f"""\
tries=0
until python3 -I -S -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("{names.ADMIN_SOCKET}")'; do
    tries=$((tries + 1))
    if [ $tries -ge 50 ]; then exit 1; fi
    sleep 0.1
done
"""

_DROP_IN = """\
# Compiled by festning; edits are overwritten.
[Unit]
# However often it fails, it is tried again: a host that comes up half must not need a visit.
StartLimitIntervalSec=0

[Service]
# While it is down this front door is shut. At boot the bridge's address, which HAProxy listens on, may come a moment
# later than HAProxy: what a vain attempt costs is 0.05 s of a processor.
RestartSec=100ms
"""

# MariaDB speaks first: whoever reads a byte has come all the way to the writer.
_DATABASE_ANSWERS = f"""\
python3 - <<'END'
import socket
with socket.create_connection(("127.0.0.1", {names.DATABASE}), timeout=2) as connection:
    raise SystemExit(0 if connection.recv(1) else "closed: there is no writer")
END
"""
