"""The parts of the example, as a running one would have them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.proof.faults.parts import Parts
from festning.providers.lab.placement import relocate

EXAMPLE = Path(__file__).parents[3] / "examples" / "nordlys" / "fortress.yaml"
TODAY = date(2026, 11, 23)


def example() -> Fortress:
    return relocate(load_fortress(EXAMPLE))


def parts(fortress: Fortress | None = None, writer: str = "core1") -> Parts:
    fortress = fortress or example()
    return Parts(
        fortress=fortress,
        writer=writer,
        database="mariadb.service",
        data_folder="/var/lib/mysql",
        hubs={hub.name: ("openvpn-server@hub.service",) for hub in fortress.hubs},
        tunnels={
            host.name: tuple(f"openvpn-client@hub{hub.number}.service" for hub in fortress.hubs_of(host))
            for host in fortress.hosts
        },
        front_door="haproxy.service",
        services={"shop": "festning-service-shop.service"},
        bridge_certificate="/etc/openvpn/festning/host.crt",
        expired_certificate="-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
    )
