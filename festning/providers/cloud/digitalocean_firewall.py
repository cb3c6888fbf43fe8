"""DigitalOcean's firewalls and tags: one firewall a machine, for whatever has that machine's tag.

Knows how a claim is written as a tag; leaves droplets to ``digitalocean``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from festning.providers.cloud.calls import GoneError, taken
from festning.providers.cloud.json_api import JsonApi
from festning.providers.cloud.rented import ANYWHERE, Claim, Opening, Wanted

_EVERYTHING_OUT = [
    {"protocol": "tcp", "ports": "0", "destinations": {"addresses": list(ANYWHERE)}},
    {"protocol": "udp", "ports": "0", "destinations": {"addresses": list(ANYWHERE)}},
    {"protocol": "icmp", "destinations": {"addresses": list(ANYWHERE)}},
]
"""Said in full, since what is not let out is held back. Port 0 stands for all."""


def tag_of(claim: Claim, host: str | None = None) -> str:
    """The tag of everything that a claim has, or of one host's machine."""
    tag = f"festning:{claim.fortress}:{claim.mark}"
    return tag if host is None else f"{tag}:{host}"


class Firewalls:
    """The firewalls of one account."""

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    def set(self, wanted: Wanted) -> None:
        """Make a machine's firewall, or change it to what is wanted. Raises ``UsageError`` for somebody else's."""
        tag = tag_of(wanted.claim, wanted.host)
        document = {
            "name": wanted.name,
            "inbound_rules": [_rule(opening) for opening in wanted.openings],
            "outbound_rules": _EVERYTHING_OUT,
            "tags": [tag],
        }
        doing = f"set the firewall of {wanted.host}"
        there = self._there(wanted)
        if there is not None:
            self._api.send("PUT", f"/v2/firewalls/{there['id']}", document, doing=doing)
            return
        self._ensure_tag(tag)
        self._api.make(
            "/v2/firewalls", document, lambda answer: answer["firewall"], lambda: self._there(wanted), doing=doing
        )

    def hosts(self, claim: Claim) -> frozenset[str]:
        """The hosts that the claim has firewalls for."""
        prefix = tag_of(claim, "")
        return frozenset(
            tag.removeprefix(prefix) for one in self._list() for tag in one["tags"] if tag.startswith(prefix)
        )

    def remove(self, claim: Claim, hosts: Collection[str]) -> None:
        """Take the firewalls of some hosts away, and then their tags."""
        tags = {tag_of(claim, host) for host in hosts}
        for one in self._list() if tags else ():
            if set(one["tags"]) & tags:
                self._api.remove(f"/v2/firewalls/{one['id']}", doing=f"remove the firewall {one['name']}")
        for tag in sorted(tags):
            self._api.remove(f"/v2/tags/{tag}", doing="remove a tag")

    def _there(self, wanted: Wanted) -> Any:  # noqa: ANN401 (a JSON object, or None)
        named = [one for one in self._list() if one["name"] == wanted.name]
        if named and named[0]["tags"] != [tag_of(wanted.claim, wanted.host)]:
            raise taken(wanted, "DigitalOcean", "firewall")
        return named[0] if named else None

    def _ensure_tag(self, tag: str) -> None:
        """A firewall can only be for a tag that exists."""
        try:
            self._api.get(f"/v2/tags/{tag}", doing="look for a tag")
        except GoneError:
            self._api.send("POST", "/v2/tags", {"name": tag}, doing="make a tag")

    def _list(self) -> list[Any]:
        return list(self._api.pages("/v2/firewalls", "firewalls", doing="list firewalls"))


def _rule(opening: Opening) -> dict[str, Any]:
    ports = {} if opening.protocol == "icmp" else {"ports": str(opening.port)}
    return {"protocol": opening.protocol, **ports, "sources": {"addresses": list(opening.sources)}}
