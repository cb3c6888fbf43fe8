"""Names, ports and paths that the room's configuration, flows and checks agree on."""

from __future__ import annotations

from festning.model.fortress import Service

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
CERTIFICATES = "/etc/haproxy/certs"
UNAVAILABLE = "/etc/haproxy/unavailable.http"
WEB_CA = "/etc/haproxy/web-ca.pem"
ADMIN_SOCKET = "/run/haproxy/admin.sock"
UNIT = "haproxy.service"
HERE = "here/traffic"
"""A server that is never connected to: its state says whether this core takes relayed traffic."""

PLAIN = "plain"
"""The frontend that sends requests without TLS to TLS."""
DECRYPTED = "decrypted"
"""An edge's frontend behind TLS: its requests are what the edge may read."""
RELAYED = "relay_"
"""How the names of an edge's backends begin that hand ciphertext on."""

PUBLIC_HTTP = 80
PUBLIC_HTTPS = 443
RELAY = 8443
"""Where a core takes TLS that an edge relays, with the client's address in front (PROXY protocol v2)."""
READY = 8404
"""Where a core tells whether it has a server for a service: ``GET /ready/<service>``."""
DATABASE = 3306
WRITER = 9200
"""Where a data node tells whether it takes the writes now: ``GET /writer``."""


def service_backend(service: Service) -> str:
    """The backend that has a service's servers."""
    return f"service_{service.name}"


def relay_backend(service: Service) -> str:
    """The backend of an edge that relays a service's ciphertext to the cores."""
    return f"{RELAYED}{service.name}"


def certificate_path(service: Service) -> str:
    """The service's certificate and key, on hosts whose front door may decrypt it."""
    return f"{CERTIFICATES}/{service.host}.pem"
