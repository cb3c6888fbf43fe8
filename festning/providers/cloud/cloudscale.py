"""cloudscale.ch, in Switzerland: servers, found by their tags.

It has no firewall between a server and the internet: until festning's own is applied, what the image starts is
reachable (sshd, with keys only). Uses libcloud's driver for its connection and its errors. API reference:
https://www.cloudscale.ch/en/api/v1
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from festning.providers.cloud.calls import Calls, GoneError, renting, taken
from festning.providers.cloud.credentials import NAMES, credentials_of
from festning.providers.cloud.failure import Kind
from festning.providers.cloud.json_api import JsonApi, point_at
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Claim, Place, Rented, State, Wanted

PROVIDER = "cloudscale"
IMAGE = "debian-13"
GOING_S = 120.0

FORTRESS, HOST, MARK = "festning-fortress", "festning-host", "festning-mark"

_STATES = {"running": State.RUNNING, "changing": State.STARTING, "stopped": State.STOPPED}
_WORDS = {
    "quota": Kind.QUOTA,
    "limit": Kind.QUOTA,
    "flavor": Kind.SIZE,
    "image": Kind.IMAGE,
    "zone": Kind.REGION,
}


class Cloudscale:
    """An account at cloudscale.ch. Its lists are of all zones."""

    def __init__(
        self, region: str, credentials: Mapping[str, str], patience: Patience, *, endpoint: str | None = None
    ) -> None:
        """Take the zone to rent in; ``endpoint`` is where the API is, if it is not at cloudscale.ch."""
        from libcloud.compute.drivers.cloudscale import CloudscaleNodeDriver  # noqa: PLC0415 (see the package)

        made: Any = CloudscaleNodeDriver
        driver = made(*credentials_of(PROVIDER, credentials))
        point_at(driver, endpoint)
        self._zone = region
        self._patience = patience
        calls = Calls(provider="cloudscale.ch", keys=NAMES[PROVIDER][0], words=_WORDS, patience=patience)
        self._api = JsonApi(driver, calls)

    def machines(self, claim: Claim) -> tuple[Rented, ...]:
        """The servers that have the claim's tags."""
        return tuple(_rented(server) for server in self._servers() if _whose(server) == claim)

    def create(self, wanted: Wanted) -> Rented:
        """A server; the one that is there already, if it is this fortress's."""
        if (there := self._there(wanted)) is not None:
            return there
        claim = wanted.claim
        document: dict[str, Any] = {
            "name": wanted.name,
            "zone": self._zone,
            "flavor": wanted.size,
            "image": wanted.image or IMAGE,
            "ssh_keys": [wanted.authorized_key.strip()],
            "user_data": wanted.user_data,
            "use_ipv6": True,
            "tags": {FORTRESS: claim.fortress, HOST: wanted.host, MARK: claim.mark},
        }
        if wanted.disk_gib is not None:
            document["volume_size_gb"] = wanted.disk_gib
        return self._api.make("/v1/servers", document, _rented, lambda: self._there(wanted), doing=renting(wanted))

    def guard(self, wanted: Wanted) -> None:
        """Nothing: there is no firewall to set."""

    def destroy(self, claim: Claim, rented: Rented) -> None:  # noqa: ARG002 (there is nothing else of the claim's)
        """Destroy a server with its volumes, and wait until it is gone."""
        path = f"/v1/servers/{rented.id}"
        self._api.remove(path, doing=f"destroy {rented.name}")
        self._patience.until(lambda: self._gone(path), GOING_S)

    def sweep(self, claim: Claim) -> None:
        """Nothing: a server leaves nothing behind."""

    def _servers(self) -> list[Any]:
        return list(self._api.get("/v1/servers", doing="list servers"))

    def _there(self, wanted: Wanted) -> Rented | None:
        """The server of that name, if it is ours. Raises :class:`UsageError` when it is not."""
        named = [server for server in self._servers() if server["name"] == wanted.name]
        ours = [_rented(server) for server in named if _whose(server) == wanted.claim]
        if named and not ours:
            raise taken(wanted, "cloudscale.ch", "server")
        return ours[0] if ours else None

    def _gone(self, path: str) -> bool | None:
        try:
            self._api.get(path, doing="look whether a server is gone")
        except GoneError:
            return True
        return None


def _whose(server: Mapping[str, Any]) -> Claim | None:
    tags = server.get("tags") or {}
    if not {FORTRESS, HOST, MARK} <= tags.keys():
        return None
    return Claim(tags[FORTRESS], tags[MARK])


def _rented(server: Mapping[str, Any]) -> Rented:
    addresses = [
        address
        for interface in server.get("interfaces") or ()
        if interface["type"] == "public"
        for address in interface["addresses"]
    ]
    return Rented(
        name=server["name"],
        host=server["tags"][HOST],
        place=Place(PROVIDER, server["zone"]["slug"]),
        id=server["uuid"],
        state=_STATES.get(server["status"], State.OTHER),
        addresses=tuple(one["address"] for one in sorted(addresses, key=lambda one: int(one["version"]))),
        created=datetime.fromisoformat(server["created_at"]),
    )
