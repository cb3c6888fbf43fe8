"""cloudscale.ch's API in the shapes that its reference shows: servers, and refusals as lists of words by field."""

from __future__ import annotations

from typing import Any

from tests.providers.cloud.api_server import Answer, ApiServer, Request

TOKEN = "HELPIMTRAPPEDINATOKENGENERATOR"
FLAVORS, IMAGES, ZONES = {"flex-4-2"}, {"debian-13"}, {"rma1", "lpg1"}


class CloudscaleServer(ApiServer):
    """An account whose servers run when they were listed once."""

    def __init__(self) -> None:
        super().__init__(self._route)
        self.servers: dict[str, dict[str, Any]] = {}
        self.most = 10

    def server(self, name: str, tags: dict[str, str], zone: str = "rma1") -> dict[str, Any]:
        number = len(self.servers) + 1
        uuid = f"47cec963-fcd2-482f-bdb6-24461b2d47{number:02x}"
        addresses = [
            {"version": 6, "address": f"2001:db8::{number:x}", "prefix_length": 128},
            {"version": 4, "address": f"203.0.113.{number}", "prefix_length": 24},
        ]
        self.servers[uuid] = {
            "uuid": uuid,
            "name": name,
            "status": "changing",
            "zone": {"slug": zone},
            "created_at": f"2026-11-26T12:00:{number:02d}.000000Z",
            "tags": tags,
            "interfaces": [{"type": "public", "addresses": addresses}],
        }
        return self.servers[uuid]

    def _route(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"detail": "Invalid token."})
        uuid = request.path.removeprefix("/v1/servers").strip("/")
        if request.method == "POST":
            return self._make(request.document)
        if not uuid:
            listed = [dict(one) for one in self.servers.values()]
            for one in self.servers.values():
                one["status"] = "running"
            return Answer(200, listed)
        if uuid not in self.servers:
            return Answer(404, {"detail": "Not found."})
        return Answer(204) if request.method == "DELETE" and self.servers.pop(uuid) else Answer(200, self.servers[uuid])

    def _make(self, wanted: dict[str, Any]) -> Answer:
        for key, known in (("flavor", FLAVORS), ("image", IMAGES), ("zone", ZONES)):
            if wanted[key] not in known:
                return Answer(400, {key: [f"'{wanted[key]}' is not a valid choice for {key}."]})
        if len(self.servers) >= self.most:
            return Answer(400, {"non_field_errors": ["This would exceed your quota of servers."]})
        made = self.server(wanted["name"], wanted["tags"], wanted["zone"])
        made["asked"] = wanted
        return Answer(201, {key: value for key, value in made.items() if key != "asked"})
