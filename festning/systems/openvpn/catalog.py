"""The bridge's part of a host: a hub on every core and arbiter, and links to the hubs that the host dials.

A core's hub may be several processes: each has a port, a device and a block of links of its own, and its own edges.

Pure: from the resolved fortress to packages, files and units. Addresses are ``model.bridge``'s arithmetic. Which link
carries what (all of it as routes with metrics, so that the kernel decides without anyone's help):

* A host reaches a hub by its own link to it. Its device is there only while the link is up, so a dead link takes its
  routes along.
* A hub reaches another host by that host's link to it. Between two hubs that is the second choice, after its own link
  to the other hub: at the dialling end the device tells whether the link is up, at the hub's end it does not.
* What has no link at all is unreachable (``base`` says so), never the default route's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from festning.errors import CompileError
from festning.model.catalog import (
    Account,
    Directory,
    File,
    Gate,
    Item,
    Package,
    Reload,
    Restart,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.fortress import Fortress, Host
from festning.model.material import Authority, Certificate, Material, TlsCryptClientKey, TlsCryptServerKey
from festning.model.reference import public, secret
from festning.model.traffic import FRONT_DOOR, FRONT_DOOR_BACK
from festning.systems.openvpn import drains, layout
from festning.templates import templates_of

render = templates_of("festning.systems.openvpn")

SYSTEM = "openvpn"

PING_S = 1
PING_RESTART_S = 3
MTU = 1420
SECOND_METRIC = 99
"""Under 100, the metric of the routes that OpenVPN itself sets for ``iroute`` when the data channel is the kernel's
(``DCO_IROUTE_METRIC`` in OpenVPN's src/openvpn/dco.h): those have no preferred source."""

FAREWELL = "/usr/local/lib/festning/hub-farewell"
_NETWORKD = "systemd-networkd.service"


def catalog(fortress: Fortress, host: Host) -> SystemCatalog:
    """The bridge's part of one host.

    Raises :class:`CompileError` when a hub that the host must dial has no public address yet.
    """
    servers, links = layout.servers(fortress, host), layout.links(fortress, host)
    units = (*(server.unit for server in servers), *(link.unit for link in links))
    items: list[Item] = [Package("openvpn"), Account(layout.ACCOUNT), *_material(fortress, host, units)]
    if servers:
        items += [_hub_key(host, servers), _farewell()]
    for server in servers:
        items += _server(fortress, server)
    for hub in fortress.hubs_of(host):
        own = [link for link in links if link.hub is hub]
        items += [_link_key(host, hub, own)]
        for link in own:
            items += _link(fortress, link)
    items += [_gate(units)]
    return SystemCatalog(
        system=SYSTEM,
        wave=Wave.GROUND,
        items=tuple(items),
        materials=tuple(_materials(fortress, host)),
        guarded=True,
    )


def certificate(fortress: Fortress, host: Host) -> Certificate:
    """A host's certificate on the bridge: a hub's is for servers too, since hubs dial each other."""
    return Certificate(
        authority=Authority.BRIDGE,
        name=host.name,
        dns=(host.name,),
        server=host in fortress.hubs,
        client=True,
        days=fortress.lifetimes.bridge,
    )


def _materials(fortress: Fortress, host: Host) -> Iterator[Material]:
    yield certificate(fortress, host)
    if host in fortress.hubs:
        yield TlsCryptServerKey(hub=host.name)
    for hub in fortress.hubs_of(host):
        yield TlsCryptClientKey(hub=hub.name, client=host.name)


def _material(fortress: Fortress, host: Host, units: tuple[str, ...]) -> tuple[Item, ...]:
    own = certificate(fortress, host)
    restart = tuple(Restart(unit) for unit in units)
    return (
        Directory(path=layout.MATERIAL, mode=0o700, purge=True),
        File(path=layout.CA, content=public(own.authority.certificate), on_change=restart),
        File(path=layout.CERTIFICATE, content=public(own.certificate), on_change=restart),
        File(path=layout.KEY, content=secret(own.key), mode=0o600, on_change=restart),
    )


def _hub_key(hub: Host, servers: tuple[layout.Server, ...]) -> File:
    return File(
        path=layout.HUB_TLS_CRYPT,
        content=secret(TlsCryptServerKey(hub=hub.name).key),
        mode=0o600,
        on_change=tuple(Restart(server.unit) for server in servers),
    )


def _farewell() -> File:
    return File(
        path=FAREWELL, content=render("hub-farewell.sh", front_door=FRONT_DOOR, back=FRONT_DOOR_BACK), mode=0o755
    )


def _server(fortress: Fortress, server: layout.Server) -> tuple[Item, ...]:
    doubled = fortress.hubs_of(server.hub)
    common = {"fortress": fortress, "server": server, "hub": server.hub, "mtu": MTU}
    config = render(
        "hub.conf",
        **common,
        **_settings(),
        protocol="udp6" if any(address.version == 6 for address in server.hub.addresses) else "udp4",
        max_clients=fortress.bridge.largest_host,
    )
    return (
        Directory(path=server.clients_folder, purge=True),
        # Read anew at each connection, so a new host needs no restart of the hub.
        *(
            File(
                path=f"{server.clients_folder}/{client.name}",
                content=render("client-config", server=server, hub=server.hub, client=client),
            )
            for client in server.clients
        ),
        File(
            path=server.network,
            content=render("hub.network", **common, doubled=doubled, second_metric=SECOND_METRIC),
            on_change=(Reload(_NETWORKD),),
        ),
        *_unit(server.unit, server.config, config, hub_device=server.device),
        drains.hub(server, only=any(client not in doubled for client in server.clients)),
    )


def _link_key(host: Host, hub: Host, links: Sequence[layout.Link]) -> File:
    return File(
        path=layout.client_tls_crypt(hub),
        content=secret(TlsCryptClientKey(hub=hub.name, client=host.name).key),
        mode=0o600,
        on_change=tuple(Restart(link.unit) for link in links),
    )


def _link(fortress: Fortress, link: layout.Link) -> tuple[Item, ...]:
    host, hub = link.host, link.hub
    if hub.address is None:
        raise CompileError(
            f"{host.name} cannot dial the hub {hub.name}: it has no public address yet",
            hint=f"give hosts.{hub.entry} an address, or let `festning up` make the machine first",
        )
    common = {
        "fortress": fortress,
        "host": host,
        "hub": hub,
        "link": link,
        "mtu": MTU,
        # Each process's own, so that a link that comes or goes changes nothing about the other.
        "metric": hub.number if link.server.process == 0 else SECOND_METRIC + 1 - link.server.process,
    }
    config = render(
        "client.conf",
        **common,
        **_settings(),
        remotes=[(address, f"udp{address.version}") for address in fortress.ways_to(hub, host)],
    )
    return (
        File(path=link.network, content=render("client.network", **common), on_change=(Reload(_NETWORKD),)),
        *_unit(link.unit, link.config, config, hub_device=None),
        drains.link(link, only=host not in fortress.hubs),
    )


def _unit(unit: str, path: str, config: str, *, hub_device: str | None) -> tuple[Item, ...]:
    restart = (Restart(unit),)
    return (
        File(path=path, content=config, on_change=restart),
        File(
            path=layout.drop_in(unit),
            content=render("drop-in.conf", hub_device=hub_device, farewell=FAREWELL),
            on_change=restart,
        ),
        Unit(name=unit),
    )


def _settings() -> dict[str, object]:
    return {
        "files": {
            "client_tls_crypt": layout.client_tls_crypt,
            "ca": layout.CA,
            "certificate": layout.CERTIFICATE,
            "key": layout.KEY,
            "hub_tls_crypt": layout.HUB_TLS_CRYPT,
        },
        "account": layout.ACCOUNT,
        "ping_s": PING_S,
        "ping_restart_s": PING_RESTART_S,
    }


def _gate(units: tuple[str, ...]) -> Gate:
    # Own processes only: a hub that is away must not hold up everyone else. That tunnels are up is for the checks.
    running = " && ".join(f"systemctl is-active --quiet {unit}" for unit in units)
    return Gate(name="bridge processes", check=running, timeout_s=20.0)
