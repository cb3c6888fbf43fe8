"""UpCloud's API 1.3 in the shapes that its reference shows: servers with labels, templates, and refusals by code."""

from __future__ import annotations

import base64
from typing import Any

from tests.providers.cloud.api_server import Answer, ApiServer, Request

USER, PASSWORD = "nordlys-api", "secret"
TEMPLATE = "01000000-0000-4000-8000-000020080100"
PLANS, ZONES = {"1xCPU-2GB"}, {"fi-hel1", "se-sto1"}


def refusal(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"error_code": code, "error_message": message}})


class UpCloudServer(ApiServer):
    """An account. A server is in maintenance, on its way, the first time that it is looked at after a change."""

    def __init__(self) -> None:
        super().__init__(self._route)
        self.servers: dict[str, dict[str, Any]] = {}
        self.coming: dict[str, list[str]] = {}
        self.most = 10

    def server(self, title: str, labels: dict[str, str], zone: str = "fi-hel1") -> str:
        number = len(self.servers) + 1
        uuid = f"00798b85-efdc-41ca-8021-f6ef457b85{number:02x}"
        addresses = [
            ("utility", "IPv4", f"10.0.0.{number}"),
            ("public", "IPv6", f"2001:db8::{number:x}"),
            ("public", "IPv4", f"203.0.113.{number}"),
        ]
        self.servers[uuid] = {
            "uuid": uuid,
            "title": title,
            "state": "maintenance",
            "zone": zone,
            "created": 1_795_000_000 + number,
            "labels": {"label": [{"key": key, "value": value} for key, value in labels.items()]},
            "ip_addresses": {
                "ip_address": [{"access": access, "family": family, "address": ip} for access, family, ip in addresses]
            },
        }
        self.coming[uuid] = ["maintenance", "started"]
        return uuid

    def _route(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return refusal(401, "AUTHENTICATION_FAILED", "Authentication failed using the given username and password.")
        parts = request.path.removeprefix("/1.3/").strip("/").split("/")
        match request.method, parts:
            case "GET", ["storage", "template"]:
                storage = {"uuid": TEMPLATE, "title": "Debian GNU/Linux 13 (Trixie)", "type": "template"}
                return Answer(200, {"storages": {"storage": [storage]}})
            case "GET", ["server"]:
                listed = [{k: v for k, v in one.items() if k != "ip_addresses"} for one in self.servers.values()]
                return Answer(200, {"servers": {"server": listed}})
            case "POST", ["server"]:
                return self._make(request.document["server"])
            case method, ["server", uuid, *rest]:
                return self._one(method, uuid, rest)
        return refusal(404, "NOT_FOUND", "nothing is here")

    def _one(self, method: str, uuid: str, rest: list[str]) -> Answer:
        if uuid not in self.servers:
            return refusal(404, "SERVER_NOT_FOUND", f"The server {uuid} does not exist.")
        match method, rest:
            case "GET", []:
                if self.coming[uuid]:
                    self.servers[uuid]["state"] = self.coming[uuid].pop(0)
                return Answer(200, {"server": self.servers[uuid]})
            case "POST", ["stop"]:
                self.coming[uuid] = ["started", "maintenance", "stopped"]
                return Answer(200, {"server": self.servers[uuid]})
            case "DELETE", []:
                if self.servers[uuid]["state"] != "stopped":
                    return refusal(409, "SERVER_STATE_ILLEGAL", "The server is not stopped.")
                del self.servers[uuid]
                return Answer(204)
        return refusal(404, "NOT_FOUND", "nothing is here")

    def _make(self, wanted: dict[str, Any]) -> Answer:
        if wanted["plan"] not in PLANS:
            return refusal(400, "PLAN_INVALID", f"The plan {wanted['plan']} is not valid.")
        if wanted["zone"] not in ZONES:
            return refusal(404, "ZONE_NOT_FOUND", f"The zone {wanted['zone']} does not exist.")
        if len(self.servers) >= self.most:
            return refusal(409, "SERVER_LIMIT_REACHED", "The account's limit of servers has been reached.")
        labels = {one["key"]: one["value"] for one in wanted["labels"]["label"]}
        uuid = self.server(wanted["title"], labels, wanted["zone"])
        self.servers[uuid]["asked"] = wanted
        return Answer(202, {"server": {key: value for key, value in self.servers[uuid].items() if key != "asked"}})
