"""A small fortress of the providers' own, and for the tests that boot it a lab called ``labtest``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

import asyncssh
import pytest

from festning.model.bridge import Bridge
from festning.model.fortress import Admin, Database, Fortress, FrontDoor, Host, Operator, Residency, Role, Site
from festning.providers.interface import KeyPair
from festning.providers.lab.image import Image, ensure_image
from festning.providers.lab.lab import Lab
from festning.providers.lab.recipe import Recipe
from festning.providers.lab.requirements import why_not

MakeFortress = Callable[..., Fortress]


def site(name: str) -> Site:
    return Site(name=name, provider="static", country="NO", operator=Operator(name, "NO"))


def host(name: str, number: int, role: Role, at: Site, address: str | None = None) -> Host:
    return Host(
        name=name,
        entry=name,
        number=number,
        role=role,
        site=at,
        bridge=Bridge().address(number),
        address=IPv4Address(address) if address else None,
        ssh_port=2222,
    )


@pytest.fixture(scope="session")
def make_site() -> Callable[[str], Site]:
    return site


@pytest.fixture(scope="session")
def make_host() -> Callable[..., Host]:
    return host


@pytest.fixture(scope="session")
def make_fortress() -> MakeFortress:
    """A core in oslo and two edges in dublin, unless told otherwise."""

    def make(**changes) -> Fortress:
        oslo, dublin = site("oslo"), site("dublin")
        fields = {
            "name": "labtest",
            "domain": "labtest.example",
            "residency": Residency(frozenset({"NO"}), frozenset({"NO"})),
            "sites": (oslo, dublin),
            "hosts": (
                host("core1", 1, Role.CORE, oslo, "203.0.113.11"),
                host("edge1", 16, Role.EDGE, dublin),
                host("edge2", 17, Role.EDGE, dublin),
            ),
            "bridge": Bridge(),
            "database": Database(),
            "services": (),
            "front_door": FrontDoor(deny_agents=(), methods=()),
            "admin": Admin(networks=(), ssh_user="debian"),
        }
        return Fortress(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def fortress(make_fortress: MakeFortress) -> Fortress:
    return make_fortress()


def new_key() -> KeyPair:
    key = asyncssh.generate_private_key("ssh-ed25519")
    return KeyPair(key.export_private_key().decode(), key.export_public_key().decode().strip())


@pytest.fixture(scope="session")
def operator() -> KeyPair:
    return new_key()


@pytest.fixture(scope="session")
def host_keys(fortress: Fortress) -> dict[str, KeyPair]:
    return {name: new_key() for name in ("client", *(host.name for host in fortress.hosts))}


@pytest.fixture(scope="session")
def image() -> Image:
    """The image of the base packages, from the cache where it is there."""
    if reason := why_not():
        pytest.skip(reason)
    return ensure_image(Recipe())


@pytest.fixture(scope="module")
def lab(fortress: Fortress, image: Image, operator: KeyPair, host_keys: dict[str, KeyPair]) -> Iterator[Lab]:
    """The booted lab; a test that breaks something heals it again."""
    made = Lab(fortress)
    made.down()
    try:
        made.up(image, operator, host_keys)
        yield made
    finally:
        made.down()
