"""A small fortress for the database's tests: two data nodes, one arbitrator, an edge, two services."""

from __future__ import annotations

from pathlib import Path

import pytest

from festning.model.bridge import Bridge
from festning.model.fortress import (
    Admin,
    Data,
    Database,
    Durability,
    Fortress,
    FrontDoor,
    Host,
    Operator,
    Residency,
    Role,
    Runtime,
    Service,
    Site,
)

NORWAY = frozenset(["NO"])
BRIDGE = Bridge()


def _host(name: str, number: int, role: Role) -> Host:
    site = Site(name="oslo", provider="static", country="NO", operator=Operator("Oslo VPS", "NO"))
    return Host(name=name, entry=name, number=number, role=role, site=site, bridge=BRIDGE.address(number))


def _service(name: str, index: int, role: Role, *, database: bool) -> Service:
    return Service(
        name=name,
        index=index,
        source=Path("/nowhere"),
        runtime=Runtime.PHP,
        runs_on=role,
        data=Data.PERSONAL if database else Data.PUBLIC,
        host=f"{name}.nordlys.example",
        health="/",
        port=8100 + index,
        database=database,
    )


def make_fortress(durability: Durability = Durability.STRICT, memory: int = 4 << 30) -> Fortress:
    """The fortress, with a choice of what its database must hold and survive."""
    hosts = (
        _host("core1", 1, Role.CORE),
        _host("core2", 2, Role.CORE),
        _host("arbiter", 8, Role.ARBITER),
        _host("edge1", 16, Role.EDGE),
    )
    return Fortress(
        name="nordlys",
        domain="nordlys.example",
        residency=Residency(NORWAY, NORWAY),
        sites=(hosts[0].site,),
        hosts=hosts,
        bridge=BRIDGE,
        database=Database(durability=durability, memory=memory),
        services=(
            _service("web-shop", 0, Role.CORE, database=True),
            _service("www", 1, Role.EDGE, database=False),
        ),
        front_door=FrontDoor(deny_agents=(), methods=("GET",)),
        admin=Admin(networks=()),
    )


@pytest.fixture
def fortress() -> Fortress:
    return make_fortress()
