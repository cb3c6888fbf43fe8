"""Where the bridge's parts are on a host: names of devices, files and units. Pure."""

from __future__ import annotations

from festning.model.fortress import Host

HUB_DEVICE = "fst-hub"
"""The hub's own device; the client link to hub number *k* is ``fst-hub<k>``."""

ACCOUNT = "festning-vpn"
MATERIAL = "/etc/openvpn/festning"
CA = f"{MATERIAL}/ca.crt"
CERTIFICATE = f"{MATERIAL}/host.crt"
KEY = f"{MATERIAL}/host.key"
HUB_TLS_CRYPT = f"{MATERIAL}/hub.tls-crypt-v2.key"
HUB_CONFIG = "/etc/openvpn/server/hub.conf"
HUB_CLIENTS = "/etc/openvpn/server/hub-clients"
HUB_UNIT = "openvpn-server@hub.service"
HUB_STATUS = "/run/openvpn-server/status-hub.log"
"""Written by the unit of Debian's package (``--status``, version 2)."""
HUB_NETWORK = "/etc/systemd/network/20-festning-hub.network"


def device(hub: Host) -> str:
    """The device of the link to a hub, at the end that dials."""
    return f"{HUB_DEVICE}{hub.number}"


def client_tls_crypt(hub: Host) -> str:
    """The client key for a hub."""
    return f"{MATERIAL}/hub{hub.number}.tls-crypt-v2.key"


def client_config(hub: Host) -> str:
    """The configuration of the link to a hub."""
    return f"/etc/openvpn/client/hub{hub.number}.conf"


def client_unit(hub: Host) -> str:
    """The unit of the link to a hub."""
    return f"openvpn-client@hub{hub.number}.service"


def client_network(hub: Host) -> str:
    """networkd's part of the link to a hub."""
    return f"/etc/systemd/network/20-festning-hub{hub.number}.network"


def drop_in(unit: str) -> str:
    """The drop-in of one instance: other tunnels that may be on the machine are left alone."""
    return f"/etc/systemd/system/{unit}.d/festning.conf"
