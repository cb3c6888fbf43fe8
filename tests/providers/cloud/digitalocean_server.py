"""DigitalOcean's API as its published reference describes it, as far as festning asks it: https://docs.digitalocean.com

Droplets, firewalls, tags and SSH keys; pages with links; 401, 404, 409 and 422 in its own words. A droplet is ``new``
until it was looked at so many times, and only then has its addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.providers.cloud.api_server import Answer, ApiServer, Request

TOKEN = "dop_v1_test"
REGIONS = {"ams3", "fra1"}
SIZES = {"s-1vcpu-1gb", "s-1vcpu-2gb"}
IMAGES = {"debian-13-x64", "debian-12-x64"}


def refusal(status: int, identity: str, message: str) -> Answer:
    return Answer(status, {"id": identity, "message": message, "request_id": "4d9d8375"})


NOT_FOUND = refusal(404, "not_found", "The resource you requested could not be found.")
UNPROCESSABLE = "unprocessable_entity"


class DigitalOceanServer(ApiServer):
    """An account. ``boots_after`` is how often a droplet is looked at until it is active; ``None``: never."""

    def __init__(self) -> None:
        super().__init__(self._route)
        self.droplets: dict[int, dict[str, Any]] = {}
        self.firewalls: dict[str, dict[str, Any]] = {}
        self.tags: set[str] = set()
        self.keys: dict[int, dict[str, Any]] = {}
        self.droplet_limit = 10
        self.boots_after: int | None = 1
        self._looked: dict[int, int] = {}
        self._next = 3_164_444

    def droplet(self, name: str, tags: Iterable[str] = (), region: str = "ams3") -> int:
        """A droplet that somebody made."""
        self._next += 1
        self.tags.update(tags)
        number = self._next
        created = datetime(2026, 11, 26, tzinfo=UTC) + timedelta(seconds=number % 1000)
        self.droplets[number] = {
            "id": number,
            "name": name,
            "status": "new",
            "created_at": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": {"slug": region},
            "tags": list(tags),
            "networks": {"v4": [], "v6": []},
        }
        return number

    def _route(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(401, "unauthorized", "Unable to authenticate you")
        kind, _, identity = request.path.removeprefix("/v2/").partition("/")
        if kind == "account":
            kind, _, identity = identity.partition("/")
        act: Callable[[Request, str], Answer] | None = getattr(
            self, f"_{request.method.lower()}_{kind}{'_one' if identity else ''}", None
        )
        return act(request, unquote(identity)) if act else NOT_FOUND

    def _page(self, request: Request, key: str, things: list[Any]) -> Answer:
        size, page = int(request.query.get("per_page", 20)), int(request.query.get("page", 1))
        if not 1 <= size <= 200:
            return refusal(422, UNPROCESSABLE, "per_page must be between 1 and 200")
        pages = {}
        if page * size < len(things):
            last = -(-len(things) // size)
            pages = {name: f"{self.url}{request.path}?page={at}" for name, at in (("next", page + 1), ("last", last))}
        shown = things[(page - 1) * size : page * size]
        return Answer(200, {key: shown, "links": {"pages": pages} if pages else {}, "meta": {"total": len(things)}})

    # Droplets

    def _get_droplets(self, request: Request, _identity: str) -> Answer:
        tag, name = request.query.get("tag_name"), request.query.get("name")
        found = [
            self._looked_at(number)
            for number, one in sorted(self.droplets.items())
            if (tag is None or tag in one["tags"]) and (name is None or one["name"].lower() == name.lower())
        ]
        return self._page(request, "droplets", found)

    def _get_droplets_one(self, _request: Request, identity: str) -> Answer:
        number = int(identity)
        return Answer(200, {"droplet": self._looked_at(number)}) if number in self.droplets else NOT_FOUND

    def _post_droplets(self, request: Request, _identity: str) -> Answer:
        wanted = request.document
        for key, known in (("size", SIZES), ("region", REGIONS), ("image", IMAGES)):
            if wanted[key] not in known:
                return refusal(422, UNPROCESSABLE, f"You specified an invalid {key} for Droplet creation.")
        if len(self.droplets) >= self.droplet_limit:
            return refusal(422, UNPROCESSABLE, "creating this/these droplet(s) will exceed your droplet limit")
        if not set(wanted["ssh_keys"]) <= self.keys.keys():
            return refusal(
                422, UNPROCESSABLE, f"{wanted['ssh_keys']} are invalid key identifiers for Droplet creation."
            )
        number = self.droplet(wanted["name"], wanted["tags"], wanted["region"])
        self.droplets[number]["user_data"] = wanted["user_data"]
        return Answer(202, {"droplet": self._shown(number), "links": {"actions": []}})

    def _delete_droplets_one(self, _request: Request, identity: str) -> Answer:
        return Answer(204) if self.droplets.pop(int(identity), None) else NOT_FOUND

    def _looked_at(self, number: int) -> dict[str, Any]:
        looked = self._looked[number] = self._looked.get(number, 0) + 1
        droplet = self.droplets[number]
        if droplet["status"] == "new" and self.boots_after is not None and looked > self.boots_after:
            last = number % 250
            droplet["status"] = "active"
            droplet["networks"] = {
                "v4": [
                    {"ip_address": f"10.110.0.{last}", "netmask": "255.255.240.0", "type": "private"},
                    {"ip_address": f"203.0.113.{last}", "netmask": "255.255.255.0", "type": "public"},
                ],
                "v6": [{"ip_address": f"2001:db8::{last:x}", "netmask": 64, "type": "public"}],
            }
        return self._shown(number)

    def _shown(self, number: int) -> dict[str, Any]:
        return {key: value for key, value in self.droplets[number].items() if key != "user_data"}

    # Firewalls

    def _get_firewalls(self, request: Request, _identity: str) -> Answer:
        return self._page(request, "firewalls", list(self.firewalls.values()))

    def _post_firewalls(self, request: Request, _identity: str) -> Answer:
        if any(one["name"] == request.document["name"] for one in self.firewalls.values()):
            return refusal(409, "conflict", "duplicate name")
        self._next += 1
        return self._set_firewall(request, f"bb4b2611-{self._next}", 202)

    def _put_firewalls_one(self, request: Request, identity: str) -> Answer:
        return self._set_firewall(request, identity, 200) if identity in self.firewalls else NOT_FOUND

    def _set_firewall(self, request: Request, identity: str, status: int) -> Answer:
        wanted = request.document
        if not set(wanted.get("tags", ())) <= self.tags:
            return refusal(422, UNPROCESSABLE, "tag does not exist")
        if not wanted["inbound_rules"] and not wanted["outbound_rules"]:
            return refusal(422, UNPROCESSABLE, "at least one rule is required")
        for rule in (*wanted["inbound_rules"], *wanted["outbound_rules"]):
            if rule.get("ports", "0" if rule["protocol"] == "icmp" else "") == "":
                return refusal(422, UNPROCESSABLE, "invalid ports")
        self.firewalls[identity] = {"id": identity, "status": "succeeded", "droplet_ids": [], **wanted}
        return Answer(status, {"firewall": self.firewalls[identity]})

    def _delete_firewalls_one(self, _request: Request, identity: str) -> Answer:
        return Answer(204) if self.firewalls.pop(identity, None) else NOT_FOUND

    # Tags and keys

    def _get_tags_one(self, _request: Request, identity: str) -> Answer:
        return Answer(200, {"tag": {"name": identity}}) if identity in self.tags else NOT_FOUND

    def _post_tags(self, request: Request, _identity: str) -> Answer:
        self.tags.add(request.document["name"])
        return Answer(201, {"tag": request.document})

    def _delete_tags_one(self, _request: Request, identity: str) -> Answer:
        if identity not in self.tags:
            return NOT_FOUND
        self.tags.remove(identity)
        for droplet in self.droplets.values():
            droplet["tags"] = [tag for tag in droplet["tags"] if tag != identity]
        return Answer(204)

    def _get_keys(self, request: Request, _identity: str) -> Answer:
        return self._page(request, "ssh_keys", list(self.keys.values()))

    def _post_keys(self, request: Request, _identity: str) -> Answer:
        wanted = request.document
        if any(one["public_key"] == wanted["public_key"] for one in self.keys.values()):
            return refusal(422, UNPROCESSABLE, "SSH Key is already in use on your account")
        self._next += 1
        self.keys[self._next] = {"id": self._next, **wanted}
        return Answer(201, {"ssh_key": self.keys[self._next]})

    def _delete_keys_one(self, _request: Request, identity: str) -> Answer:
        return Answer(204) if self.keys.pop(int(identity), None) else NOT_FOUND
