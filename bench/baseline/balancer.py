"""The load balancer of 2014: HAProxy on the cores, before the web nodes."""

from __future__ import annotations

from bench.baseline import material, web
from bench.baseline.layout import Layout
from bench.baseline.rendering import render
from festning.model.catalog import Directory, File, Item, Package, SystemCatalog, Unit, Wave
from festning.model.reference import public, secret

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
CERTIFICATES = "/etc/haproxy/certs"
ADMIN_SOCKET = "/run/haproxy/admin.sock"
BACKEND = "web"


def catalog(layout: Layout) -> SystemCatalog:
    """HAProxy of a core; the same on both."""
    certificates = material.web_certificates(layout)
    content = render(
        "haproxy.cfg",
        admin_socket=ADMIN_SOCKET,
        certificates=CERTIFICATES,
        backend=BACKEND,
        servers={server_name(number): node.address for number, node in enumerate(layout.webs, start=1)},
        backup=web.BACKUP,
    )
    items: tuple[Item, ...] = (
        Package("haproxy"),
        Directory(path=CERTIFICATES, mode=0o700),
        *(
            File(
                path=f"{CERTIFICATES}/{one.name}.pem",
                content=f"{public(one.certificate)}\n{secret(one.key)}\n",
                mode=0o600,
            )
            for one in certificates
        ),
        File(path=CONFIGURATION, content=content, validate=("haproxy", "-c", "-q", "-f", CONFIGURATION)),
        Unit(name="haproxy.service"),
    )
    return SystemCatalog(system="balancer", wave=Wave.SERVICES, items=items, materials=certificates)


def server_name(number: int) -> str:
    """How HAProxy calls the web node of that number, from 1."""
    return f"web{number:02}"
