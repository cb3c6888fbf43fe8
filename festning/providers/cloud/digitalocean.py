"""DigitalOcean: droplets, found by their tags, each behind a firewall of its own.

A tag here is one word: a claim has one, and each of its machines another. Uses libcloud's connection; lists by tag and
firewalls are not in its driver. API reference: https://docs.digitalocean.com/reference/api/digitalocean/
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from festning.providers.cloud.calls import Calls, GoneError, renting, taken
from festning.providers.cloud.credentials import NAMES, credentials_of
from festning.providers.cloud.digitalocean_firewall import Firewalls, tag_of
from festning.providers.cloud.failure import Kind
from festning.providers.cloud.json_api import JsonApi, point_at
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Claim, Place, Rented, State, Wanted

PROVIDER = "digitalocean"
IMAGE = "debian-13-x64"
PER_PAGE = 200
"""The most that a page may have."""
GOING_S = 120.0
"""How long a droplet that is being destroyed may still be in lists."""

_STATES = {"new": State.STARTING, "active": State.RUNNING, "off": State.STOPPED}
_WORDS = {
    "droplet limit": Kind.QUOTA,
    "size is not available": Kind.SIZE,
    "invalid size": Kind.SIZE,
    "invalid region": Kind.REGION,
    "region is not available": Kind.REGION,
    "invalid image": Kind.IMAGE,
    "image is not available": Kind.IMAGE,
}


class DigitalOcean:
    """An account at DigitalOcean. Its lists are of all regions."""

    def __init__(
        self,
        region: str,
        credentials: Mapping[str, str],
        patience: Patience,
        *,
        endpoint: str | None = None,
        per_page: int = PER_PAGE,
    ) -> None:
        """Take the region to rent in; ``endpoint`` is where the API is, if it is not at DigitalOcean."""
        from libcloud.compute.drivers.digitalocean import DigitalOceanNodeDriver  # noqa: PLC0415 (see the package)

        made: Any = DigitalOceanNodeDriver
        driver = made(*credentials_of(PROVIDER, credentials))
        driver.ex_per_page = per_page
        point_at(driver, endpoint)
        self._region = region
        self._patience = patience
        calls = Calls(provider="DigitalOcean", keys=NAMES[PROVIDER][0], words=_WORDS, patience=patience)
        self._api = JsonApi(driver, calls)
        self._firewalls = Firewalls(self._api)

    def machines(self, claim: Claim) -> tuple[Rented, ...]:
        """The droplets that have the claim's tag and that of one of its machines."""
        droplets = self._api.pages("/v2/droplets", "droplets", doing="list droplets", tag_name=tag_of(claim))
        return tuple(_rented(droplet, host) for droplet in droplets if (host := _host(claim, droplet)))

    def create(self, wanted: Wanted) -> Rented:
        """A droplet behind its firewall; the one that is there already, if it is this fortress's."""
        if (there := self._there(wanted)) is not None:
            return there
        self.guard(wanted)
        document = {
            "name": wanted.name,
            "region": self._region,
            "size": wanted.size,
            "image": wanted.image or IMAGE,
            "ssh_keys": [self._key(wanted)],  # Without one, root has a mailed password that must be changed first.
            "user_data": wanted.user_data,
            "ipv6": True,
            "tags": [tag_of(wanted.claim), tag_of(wanted.claim, wanted.host)],
        }
        return self._api.make(
            "/v2/droplets",
            document,
            lambda answer: _rented(answer["droplet"], wanted.host),
            lambda: self._there(wanted),
            doing=renting(wanted),
        )

    def guard(self, wanted: Wanted) -> None:
        """The firewall of a droplet, as wanted: it is for a tag, and so holds from the droplet's first moment."""
        self._firewalls.set(wanted)

    def destroy(self, claim: Claim, rented: Rented) -> None:
        """Destroy a droplet, wait until it is in no list, and take its firewall away."""
        path = f"/v2/droplets/{rented.id}"
        self._api.remove(path, doing=f"destroy {rented.name}")
        self._patience.until(lambda: self._gone(path), GOING_S)
        if not any(machine.host == rented.host for machine in self.machines(claim)):
            self._firewalls.remove(claim, [rented.host])

    def sweep(self, claim: Claim) -> None:
        """Remove firewalls of machines that are not there; when none is, also the claim's key and tag.

        Never the tag of what is there: without it, nobody would find it again.
        """
        present = {machine.host for machine in self.machines(claim)}
        self._firewalls.remove(claim, self._firewalls.hosts(claim) - present)
        if present:
            return
        for key in self._keys():
            if key["name"] == tag_of(claim):
                self._api.remove(f"/v2/account/keys/{key['id']}", doing="remove the SSH key")
        self._api.remove(f"/v2/tags/{tag_of(claim)}", doing="remove the tag")

    def _there(self, wanted: Wanted) -> Rented | None:
        """The droplet of that name, if it is ours. Raises :class:`UsageError` when it is not."""
        named = list(self._api.pages("/v2/droplets", "droplets", doing="list droplets", name=wanted.name))
        ours = [droplet for droplet in named if _host(wanted.claim, droplet) == wanted.host]
        if named and not ours:
            raise taken(wanted, "DigitalOcean", "droplet")
        return _rented(ours[0], wanted.host) if ours else None

    def _key(self, wanted: Wanted) -> int:
        """The number of the SSH key at DigitalOcean, which has each key once."""

        def there() -> int | None:
            text = wanted.authorized_key.split()[:2]
            return next((int(key["id"]) for key in self._keys() if key["public_key"].split()[:2] == text), None)

        document = {"name": tag_of(wanted.claim), "public_key": wanted.authorized_key.strip()}
        return there() or self._api.make(
            "/v2/account/keys", document, lambda answer: int(answer["ssh_key"]["id"]), there, doing="add the SSH key"
        )

    def _keys(self) -> list[Any]:
        return list(self._api.pages("/v2/account/keys", "ssh_keys", doing="list SSH keys"))

    def _gone(self, path: str) -> bool | None:
        try:
            self._api.get(path, doing="look whether a droplet is gone")
        except GoneError:
            return True
        return None


def _host(claim: Claim, droplet: Mapping[str, Any]) -> str | None:
    """The host that a droplet was made for, by its tags; ``None`` for one that is not the claim's."""
    tags = droplet["tags"]
    prefix = tag_of(claim, "")
    if tag_of(claim) not in tags:
        return None
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), None)


def _rented(droplet: Mapping[str, Any], host: str) -> Rented:
    networks = droplet.get("networks") or {}
    return Rented(
        name=droplet["name"],
        host=host,
        place=Place(PROVIDER, droplet["region"]["slug"]),
        id=str(droplet["id"]),
        state=_STATES.get(droplet["status"], State.OTHER),
        addresses=tuple(
            one["ip_address"]
            for version in ("v4", "v6")
            for one in networks.get(version) or ()
            if one["type"] == "public"
        ),
        created=datetime.fromisoformat(droplet["created_at"]),
    )
