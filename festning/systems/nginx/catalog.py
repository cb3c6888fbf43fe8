"""What a host needs in order to serve files, and PHP, behind its front door.

Knows nginx. Leaves TLS, rules for requests and routing to ``haproxy``, and PHP itself to ``services``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from festning.model.catalog import Drain, File, Item, Package, Reload, SystemCatalog, Unit, Wave
from festning.model.fortress import Addresses, Fortress, Host, Role, Runtime, Service, SourceFile
from festning.model.traffic import HEALTH_AGENT, HOOKS
from festning.templates import templates_of

render = templates_of("festning.systems.nginx")

SYSTEM = "nginx"
CONFIGURATION = "/etc/nginx/nginx.conf"
UNIT = "nginx.service"

Sources = Mapping[str, tuple[SourceFile, ...]]


def catalog(fortress: Fortress, host: Host, sources: Sources) -> SystemCatalog | None:
    """The web server of a host, or ``None`` where no service needs one.

    ``sources`` holds the files of every service by its name: they tell which folder of it is for the public.
    """
    served = _served(fortress.services_on(host))
    copies = _served(fortress.copies_on(host))
    if not served and not copies:
        return None
    content = render(
        "nginx.conf",
        host=host,
        served=served,
        copies=copies,
        roots={service.name: document_root(service, sources[service.name]) for service in (*served, *copies)},
        elsewhere=_elsewhere(fortress, host, served),
        health_agent=HEALTH_AGENT,
        bridge=fortress.bridge.hosts if _may_know_clients(fortress, host) else None,
    )
    return SystemCatalog(system=SYSTEM, wave=Wave.SERVICES, items=tuple(_items(content, (*served, *copies))))


def document_root(service: Service, source: tuple[SourceFile, ...]) -> str:
    """The folder of a service on its host that the public may reach.

    For PHP that is ``public/`` where the source has an ``index.php`` there (so that libraries, migrations and settings
    beside it stay out of reach), otherwise the whole source.
    """
    if service.runtime is Runtime.PHP and any(file.path == "public/index.php" for file in source):
        return f"{service.root}/public"
    return service.root


def _items(content: str, services: tuple[Service, ...]) -> Iterator[Item]:
    yield Package("nginx")
    yield File(
        path="/etc/systemd/system/nginx.service.d/festning.conf",
        content=_DROP_IN,
    )
    yield File(
        path=CONFIGURATION,
        content=content,
        validate=("nginx", "-t", "-q", "-c", CONFIGURATION),
        on_change=(Reload(UNIT),),
    )
    yield Unit(name=UNIT)
    ports = " ".join(str(service.port) for service in services)
    # A reload too: it closes kept connections, and a front door may just be sending a request on one of them.
    yield Drain(
        name="web server",
        units=(UNIT,),
        begin=f"{HOOKS}/20-services away {ports}\n",
        end=f"{HOOKS}/20-services back {ports}\n",
    )


_DROP_IN = """\
# Compiled by festning; edits are overwritten.
[Unit]
# However often it fails, it is tried again: a host that comes up half must not need a visit.
StartLimitIntervalSec=0

[Service]
# At boot the bridge's address, which nginx listens on, may come a moment later than nginx.
Restart=on-failure
RestartSec=500ms
"""


def _served(services: tuple[Service, ...]) -> tuple[Service, ...]:
    return tuple(service for service in services if service.runtime is not Runtime.COMMAND)


def _elsewhere(fortress: Fortress, host: Host, served: tuple[Service, ...]) -> dict[str, tuple[Host, ...]]:
    """The other cores that run a service with a program behind nginx; edges cannot ask each other."""
    return {
        service.name: others
        for service in served
        if service.runtime is Runtime.PHP and service.runs_on is Role.CORE
        if (others := tuple(other for other in fortress.hosts_of(service) if other.name != host.name))
    }


def _may_know_clients(fortress: Fortress, host: Host) -> bool:
    """Client addresses are personal data: whole ones are for sites that the residency rule admits, unless declared."""
    return fortress.logged_at(host.site) is Addresses.FULL
