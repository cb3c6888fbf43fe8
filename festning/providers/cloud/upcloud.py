"""UpCloud, in Finland: servers, found by their labels.

Its firewall is not used: it keeps no track of connections (https://upcloud.com/docs/guides/managing-firewall/), and so
would have to let in whatever may be an answer. Until festning's own is applied, what the image starts is reachable
(sshd, with keys only). Uses libcloud's driver for its connection and its credentials; what it has of the API is version
1.2, which knows neither labels nor user data, so servers are made by 1.3. API reference:
https://developers.upcloud.com/1.3/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from festning.errors import ProviderError, UsageError
from festning.providers.cloud.calls import AGAIN, Calls, GoneError, renting, taken
from festning.providers.cloud.credentials import NAMES, credentials_of
from festning.providers.cloud.failure import Kind
from festning.providers.cloud.json_api import JsonApi, point_at
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Claim, Place, Rented, State, Wanted

PROVIDER = "upcloud"
IMAGE = "Debian GNU/Linux 13 (Trixie)"
DISK_GIB = 25
"""Of a machine whose disk is not declared."""
STOPPING_S = 120.0

FORTRESS, HOST, MARK = "festning-fortress", "festning-host", "festning-mark"

_STATES = {
    "started": State.RUNNING,
    "maintenance": State.STARTING,
    "stopped": State.STOPPED,
    "error": State.BROKEN,
}
_WORDS = {
    "authentication_failed": Kind.CREDENTIALS,
    "permission": Kind.FORBIDDEN,
    "insufficient_credits": Kind.QUOTA,
    "limit_reached": Kind.QUOTA,
    "trial": Kind.QUOTA,
    "resources_unavailable": Kind.CAPACITY,
    "server_not_found": Kind.GONE,
    "plan_": Kind.SIZE,
    "zone_": Kind.REGION,
    "storage_": Kind.IMAGE,
}


class UpCloud:
    """An account at UpCloud. Its lists are of all zones."""

    def __init__(
        self, region: str, credentials: Mapping[str, str], patience: Patience, *, endpoint: str | None = None
    ) -> None:
        """Take the zone to rent in; ``endpoint`` is where the API is, if it is not at UpCloud."""
        from libcloud.compute.drivers.upcloud import UpcloudDriver  # noqa: PLC0415 (see the package)

        made: Any = UpcloudDriver
        driver = made(*credentials_of(PROVIDER, credentials))
        point_at(driver, endpoint)
        self._zone = region
        self._patience = patience
        calls = Calls(provider="UpCloud", keys=" and ".join(NAMES[PROVIDER]), words=_WORDS, patience=patience)
        self._api = JsonApi(driver, calls)

    def machines(self, claim: Claim) -> tuple[Rented, ...]:
        """The servers that have the claim's labels. Only a server's own document has its addresses."""
        ours = [server for server in self._servers() if _whose(server) == claim]
        return tuple(_rented(one) for server in ours if (one := self._server(server["uuid"])) is not None)

    def create(self, wanted: Wanted) -> Rented:
        """A server; the one that is there already, if it is this fortress's."""
        if (there := self._there(wanted)) is not None:
            return there
        return self._api.make(
            "/1.3/server",
            {"server": self._document(wanted)},
            lambda answer: _rented(answer["server"]),
            lambda: self._there(wanted),
            doing=renting(wanted),
        )

    def guard(self, wanted: Wanted) -> None:
        """Nothing: see the module."""

    def destroy(self, claim: Claim, rented: Rented) -> None:  # noqa: ARG002 (there is nothing else of the claim's)
        """Stop a server, then delete it with its disks. Raises :class:`ProviderError` when it does not stop."""
        doing = f"destroy {rented.name}"
        server = self._patience.until(partial(self._settled, rented.id), STOPPING_S)
        if server and server["state"] == "started":
            stop = {"stop_server": {"stop_type": "hard"}}
            self._api.send("POST", f"/1.3/server/{rented.id}/stop", stop, doing=doing)
            server = self._patience.until(partial(self._settled, rented.id, but="started"), STOPPING_S)
        if server is None:
            raise ProviderError(f"{doing}: it does not stop", hint=AGAIN)
        if server:
            self._api.remove(f"/1.3/server/{rented.id}?storages=1&backups=delete", doing=doing)

    def sweep(self, claim: Claim) -> None:
        """Nothing: a server leaves nothing behind."""

    def _document(self, wanted: Wanted) -> dict[str, Any]:
        claim = wanted.claim
        labels = {FORTRESS: claim.fortress, HOST: wanted.host, MARK: claim.mark}
        disk = {
            "action": "clone",
            "storage": self._template(wanted),
            "title": f"{wanted.name} disk",
            "size": wanted.disk_gib or DISK_GIB,
        }
        return {
            "title": wanted.name,
            "hostname": wanted.host,
            "zone": self._zone,
            "plan": wanted.size,
            "metadata": "yes",  # By which cloud-init hears of its user data.
            "user_data": wanted.user_data,
            "firewall": "off",
            "labels": {"label": [{"key": key, "value": value} for key, value in labels.items()]},
            "login_user": {
                "username": "root",
                "create_password": "no",
                "ssh_keys": {"ssh_key": [wanted.authorized_key.strip()]},
            },
            "storage_devices": {"storage_device": [disk]},
        }

    def _template(self, wanted: Wanted) -> str:
        """The UUID of an image, which is known by its title. Raises :class:`UsageError` when there is none."""
        title = wanted.image or IMAGE
        answer = self._api.get("/1.3/storage/template", doing="list images")
        templates = answer["storages"]["storage"]
        found = next((one["uuid"] for one in templates if title in (one["title"], one["uuid"])), None)
        if found is None:
            known = ", ".join(sorted(one["title"] for one in templates))
            raise UsageError(f"UpCloud has no image {title!r} for {wanted.host}", hint=f"there are {known}")
        return str(found)

    def _servers(self) -> list[Any]:
        return list(self._api.get("/1.3/server", doing="list servers")["servers"]["server"])

    def _server(self, uuid: str) -> Any:  # noqa: ANN401 (a JSON object, or None)
        try:
            return self._api.get(f"/1.3/server/{uuid}", doing="look at a server")["server"]
        except GoneError:
            return None

    def _settled(self, uuid: str, *, but: str = "") -> Any:  # noqa: ANN401 (a JSON object, or None)
        """A server that is not on its way to another state, and not in that one; what is empty when it is gone."""
        server = self._server(uuid) or {}
        return None if server and server["state"] in ("maintenance", but) else server

    def _there(self, wanted: Wanted) -> Rented | None:
        """The server of that name, if it is ours. Raises :class:`UsageError` when it is not."""
        named = [server for server in self._servers() if server["title"] == wanted.name]
        ours = [server["uuid"] for server in named if _whose(server) == wanted.claim]
        if named and not ours:
            raise taken(wanted, "UpCloud", "server")
        server = self._server(ours[0]) if ours else None
        return _rented(server) if server is not None else None


def _labels(server: Mapping[str, Any]) -> dict[str, str]:
    return {label["key"]: label["value"] for label in (server.get("labels") or {}).get("label", ())}


def _whose(server: Mapping[str, Any]) -> Claim | None:
    labels = _labels(server)
    if not {FORTRESS, HOST, MARK} <= labels.keys():
        return None
    return Claim(labels[FORTRESS], labels[MARK])


def _rented(server: Mapping[str, Any]) -> Rented:
    addresses = [one for one in server["ip_addresses"]["ip_address"] if one["access"] == "public"]
    created = server.get("created")
    return Rented(
        name=server["title"],
        host=_labels(server)[HOST],
        place=Place(PROVIDER, server["zone"]),
        id=server["uuid"],
        state=_STATES.get(server["state"], State.OTHER),
        addresses=tuple(one["address"] for one in sorted(addresses, key=lambda one: str(one["family"]))),
        created=datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None,
    )
