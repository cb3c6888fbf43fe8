"""What the clouds' tests share: a clock that only moves when somebody sleeps, and a machine that is wanted."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import ANYWHERE, Claim, Opening, Place, Wanted
from tests.providers.cloud.digitalocean_server import DigitalOceanServer

SSH = Opening("tcp", 22, ("192.0.2.0/24", "2001:db8:1::/48"))
HTTPS = Opening("tcp", 443, ANYWHERE)
PING = Opening("icmp", 0, ANYWHERE)
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFHoperatorkey operator@nordlys\n"


@dataclass
class Time:
    """Seconds that pass only while somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def patience(self, **changes: float) -> Patience:
        return replace(Patience(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 0.0), **changes)


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may ask a provider itself, not even for its address."""
    ask = socket.getaddrinfo

    def only_here(host: str, *arguments: Any, **named: Any) -> Any:
        assert host == "127.0.0.1", f"a test asks for {host}"
        return ask(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def claim() -> Claim:
    return Claim("nordlys", "0123456789ab")


@pytest.fixture
def want(claim: Claim) -> Callable[..., Wanted]:
    """A wanted machine at a place, unless told otherwise ``edge1``."""

    def make(place: Place, size: str, **changes: object) -> Wanted:
        fields = {
            "claim": claim,
            "host": "edge1",
            "openings": (PING, SSH, HTTPS),
            "user_data": "#cloud-config\nhostname: edge1\n",
            "authorized_key": PUBLIC_KEY,
        }
        return Wanted(place=place, size=size, **{**fields, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def digitalocean() -> Iterator[DigitalOceanServer]:
    server = DigitalOceanServer()
    yield server
    server.close()
