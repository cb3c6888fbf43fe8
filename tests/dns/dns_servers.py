"""Name servers' APIs on loopback, each after its provider's published description, with what they refuse.

Each keeps record sets in the provider's own spelling, tells what it was asked, and fails on demand.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as Xml

ZONE = "nordlys.example"
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Failure:
    """What the server answers instead, to the next request of a method."""

    method: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class RefusedError(Exception):
    def __init__(self, status: int, document: Any) -> None:
        super().__init__(status)
        self.status, self.document = status, document


class Api:
    """A provider's API. ``sets`` are values and TTL by name within the zone and type, spelled as in ``RecordSet``."""

    provider: ClassVar[str]
    environment: ClassVar[dict[str, str]]

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self.set_up()

    def set_up(self) -> None:
        """Begin with an empty zone."""

    def authorized(self, headers: Mapping[str, str]) -> bool:
        raise NotImplementedError

    def unauthorized(self) -> Answer:
        raise NotImplementedError

    def failed(self, status: int) -> Any:
        return {"message": f"status {status}", "error": f"status {status}", "cause": "failure"}

    def handle(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def sets(self) -> dict[tuple[str, str], tuple[frozenset[str], int]]:
        raise NotImplementedError

    def add(self, name: str, kind: str, values: list[str], ttl: int) -> None:
        raise NotImplementedError

    @staticmethod
    def encoded(document: Any) -> bytes:
        return b"" if document is None else json.dumps(document).encode()


class DigitalOcean(Api):
    """One record for each value; pages of at most 200; an error has an id and a message."""

    provider = "digitalocean"
    environment: ClassVar = {"DIGITALOCEAN_TOKEN": "dop_v1_x"}

    def set_up(self) -> None:
        self.ids = count(1001)
        self.kept: dict[int, dict[str, Any]] = {}

    def authorized(self, headers: Mapping[str, str]) -> bool:
        return headers.get("Authorization") == "Bearer dop_v1_x"

    def unauthorized(self) -> Answer:
        return 401, {"id": "unauthorized", "message": "Unable to authenticate you."}

    def handle(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        parts = path.strip("/").split("/")
        if parts == ["v2", "domains"] and method == "GET":
            return 200, self._page("domains", [{"name": ZONE, "ttl": 1800, "zone_file": ""}], path, query)
        if parts[:4] != ["v2", "domains", ZONE, "records"]:
            return 404, {"id": "not_found", "message": "The resource you were accessing could not be found."}
        if len(parts) == 4:
            if method == "GET":
                return 200, self._page("domain_records", list(self.kept.values()), path, query)
            return 201, {"domain_record": self._new(json.loads(body))}
        number = int(parts[4])
        if number not in self.kept:
            return 404, {"id": "not_found", "message": "The resource you were accessing could not be found."}
        if method == "DELETE":
            del self.kept[number]
            return 204, None
        self.kept[number] |= {k: v for k, v in json.loads(body).items() if k in ("data", "ttl")}
        return 200, {"domain_record": self.kept[number]}

    def _new(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted["type"] in ("A", "AAAA"):
            if ip_address(wanted["data"]).version != (4 if wanted["type"] == "A" else 6):
                raise RefusedError(422, {"id": "unprocessable_entity", "message": "Data is not an IP address"})
            if any(r["name"] == wanted["name"] and r["type"] == "CNAME" for r in self.kept.values()):
                raise RefusedError(422, {"id": "unprocessable_entity", "message": "CNAME records cannot share a name"})
        if wanted["ttl"] < 30:
            raise RefusedError(422, {"id": "unprocessable_entity", "message": "Ttl must be at least 30"})
        empty = {"priority": None, "port": None, "weight": None, "flags": None, "tag": None}
        number = next(self.ids)
        # Null is what the API has for what a type does not use, and takes for what is not said.
        self.kept[number] = {"id": number, **empty, **wanted}
        return self.kept[number]

    @staticmethod
    def _page(key: str, items: list[Any], path: str, query: dict[str, str]) -> dict[str, Any]:
        size, page = min(int(query.get("per_page", 20)), 200), int(query.get("page", 1))
        last = -(-len(items) // size)
        links = {}
        if last > 1:
            links = {"pages": {"last": f"https://api.digitalocean.com{path}?page={last}&per_page={size}"}}
        return {key: items[(page - 1) * size : page * size], "links": links, "meta": {"total": len(items)}}

    def sets(self) -> dict[tuple[str, str], tuple[frozenset[str], int]]:
        found: dict[tuple[str, str], tuple[frozenset[str], int]] = {}
        for one in self.kept.values():
            key = ("" if one["name"] == "@" else one["name"], one["type"])
            values, _ = found.get(key, (frozenset(), 0))
            found[key] = (values | {one["data"]}, one["ttl"])
        return found

    def add(self, name: str, kind: str, values: list[str], ttl: int) -> None:
        for value in values:
            self._new({"name": name or "@", "type": kind, "data": value, "ttl": ttl})


def _inner(name: str) -> str:
    """A name with a dot at its end, within the zone."""
    return name.removesuffix(f"{ZONE}.").rstrip(".")


class PowerDns(Api):
    """Sets are replaced as a whole by PATCH; names end with a dot, and text is in quotes."""

    provider = "powerdns"
    environment: ClassVar = {"PDNS_API_KEY": "changeme"}

    def set_up(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}

    def authorized(self, headers: Mapping[str, str]) -> bool:
        return headers.get("X-API-Key") == "changeme"

    def unauthorized(self) -> Answer:
        return 401, "Unauthorized"

    def handle(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        zone = {"id": f"{ZONE}.", "name": f"{ZONE}.", "kind": "Native", "serial": 1, "dnssec": False, "account": ""}
        zone |= {"url": path, "masters": [], "last_check": 0, "notified_serial": 0}
        if path == "/api/v1/servers/localhost/zones":
            return 200, [zone]
        if path != f"/api/v1/servers/localhost/zones/{ZONE}.":
            return 404, {"error": "Not Found"}
        if method == "GET":
            return 200, zone | {"rrsets": list(self.kept.values())}
        for one in json.loads(body)["rrsets"]:
            self._change(one)
        return 204, None

    def _change(self, one: dict[str, Any]) -> None:
        key = (one["name"], one["type"])
        if not one["name"].endswith("."):
            raise RefusedError(422, {"error": f"DNS Name '{one['name']}' is not canonical"})
        if one["changetype"] == "DELETE":
            self.kept.pop(key, None)
            return
        for record in one["records"]:
            if one["type"] == "TXT" and not record["content"].startswith('"'):
                raise RefusedError(422, {"error": 'Data field in DNS should start with quote (")', "errors": ["TXT"]})
        self.kept[key] = {"name": one["name"], "type": one["type"], "ttl": one["ttl"], "records": one["records"]}

    def sets(self) -> dict[tuple[str, str], tuple[frozenset[str], int]]:
        return {
            (_inner(name), kind): (frozenset(r["content"].strip('"') for r in one["records"]), one["ttl"])
            for (name, kind), one in self.kept.items()
        }

    def add(self, name: str, kind: str, values: list[str], ttl: int) -> None:
        quoted = [f'"{value}"' if kind == "TXT" else value for value in values]
        at = f"{name}.{ZONE}." if name else f"{ZONE}."
        records = [{"content": value, "disabled": False} for value in quoted]
        self._change({"name": at, "type": kind, "ttl": ttl, "changetype": "REPLACE", "records": records})


class Gandi(Api):
    """Sets have a path each: POST makes one that is not there, PUT replaces, DELETE removes."""

    provider = "gandi_live"
    environment: ClassVar = {"GANDI_API_KEY": "key"}

    def set_up(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}

    def authorized(self, headers: Mapping[str, str]) -> bool:
        return headers.get("X-Api-Key") == "key"

    def unauthorized(self) -> Answer:
        return 401, {"code": 401, "message": "Unauthorized", "cause": "Unauthorized", "object": "HTTPUnauthorized"}

    def handle(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts == ["api", "v5", "domains"]:
            return 200, [{"fqdn": ZONE}]
        if parts[:5] != ["api", "v5", "domains", ZONE, "records"]:
            return 404, {"code": 404, "message": "Unknown zone", "cause": "Not Found"}
        if method == "GET":
            return 200, list(self.kept.values())
        wanted = json.loads(body) if body else {}
        if wanted.get("rrset_ttl", 300) < 300:
            return 400, {"code": 400, "message": "rrset_ttl is too small", "cause": "Bad Request"}
        if method == "POST":
            key = (wanted["rrset_name"], wanted["rrset_type"])
            if key in self.kept:
                return 409, {"code": 409, "message": "A DNS Record already exists", "cause": "Duplicate Entry"}
            self.kept[key] = wanted
            return 201, {"message": "DNS Record Created"}
        key = (parts[5], parts[6])
        if key not in self.kept:
            return 404, {"code": 404, "message": "Can't find the DNS record", "cause": "Not Found"}
        if method == "DELETE":
            del self.kept[key]
            return 204, None
        self.kept[key] = {"rrset_name": key[0], "rrset_type": key[1], **wanted}
        return 201, {"message": "DNS Record Created"}

    def sets(self) -> dict[tuple[str, str], tuple[frozenset[str], int]]:
        return {
            ("" if name == "@" else name, kind): (
                frozenset(value.strip('"') for value in one["rrset_values"]),
                one["rrset_ttl"],
            )
            for (name, kind), one in self.kept.items()
        }

    def add(self, name: str, kind: str, values: list[str], ttl: int) -> None:
        quoted = [f'"{value}"' if kind == "TXT" else value for value in values]
        named = {"rrset_name": name or "@", "rrset_type": kind}
        self.kept[name or "@", kind] = {**named, "rrset_values": quoted, "rrset_ttl": ttl}


NAMESPACE = "https://route53.amazonaws.com/doc/2012-02-29/"


class Route53(Api):
    """Batches are done as one or not at all; a set is removed only by all that it has; pages of 100 sets."""

    provider = "route53"
    environment: ClassVar = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}

    def set_up(self) -> None:
        self.kept: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}

    def authorized(self, headers: Mapping[str, str]) -> bool:
        return "AWSAccessKeyId=AKIA" in headers.get("X-Amzn-Authorization", "")

    def unauthorized(self) -> Answer:
        return 403, self._error("InvalidClientTokenId", "The security token included in the request is invalid.")

    def failed(self, status: int) -> Any:
        return self._error("ServiceUnavailable", f"status {status}")

    def handle(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        if path == "/2012-02-29/hostedzone":
            root = self._root("ListHostedZonesResponse")
            zone = Xml.SubElement(Xml.SubElement(root, "HostedZones"), "HostedZone")
            for tag, words in (("Id", "/hostedzone/Z1"), ("Name", f"{ZONE}."), ("ResourceRecordSetCount", "2")):
                Xml.SubElement(zone, tag).text = words
            Xml.SubElement(root, "IsTruncated").text = "false"
            return 200, root
        if path != "/2012-02-29/hostedzone/Z1/rrset":
            return 404, self._error("NoSuchHostedZone", "No hosted zone found")
        if method == "GET":
            return 200, self._list(query.get("name"))
        after = dict(self.kept)
        for change in Xml.fromstring(body).iter(f"{{{NAMESPACE}}}Change"):
            self._change(after, change)
        self.kept = after
        return 200, self._root("ChangeResourceRecordSetsResponse")

    def _change(self, kept: dict[tuple[str, str], tuple[tuple[str, ...], int]], change: Xml.Element) -> None:
        def words(tag: str) -> list[str]:
            return [one.text or "" for one in change.iter(f"{{{NAMESPACE}}}{tag}")]

        key = (words("Name")[0], words("Type")[0])
        said = (tuple(sorted(words("Value"))), int(words("TTL")[0]))
        if words("Action") == ["DELETE"]:
            if kept.get(key) != said:
                raise RefusedError(400, self._error("InvalidChangeBatch", f"{key} was not found as given"))
            del kept[key]
        elif key in kept:
            raise RefusedError(400, self._error("InvalidChangeBatch", f"{key} already exists"))
        else:
            kept[key] = said

    def _list(self, start: str | None) -> Xml.Element:
        root = self._root("ListResourceRecordSetsResponse")
        listed = Xml.SubElement(root, "ResourceRecordSets")
        names = sorted(self.kept)
        begin = next((at for at, key in enumerate(names) if start is None or key[0] >= start), len(names))
        for name, kind in names[begin : begin + 100]:
            values, ttl = self.kept[name, kind]
            one = Xml.SubElement(listed, "ResourceRecordSet")
            for tag, words in (("Name", name), ("Type", kind), ("TTL", str(ttl))):
                Xml.SubElement(one, tag).text = words
            records = Xml.SubElement(one, "ResourceRecords")
            for value in values:
                Xml.SubElement(Xml.SubElement(records, "ResourceRecord"), "Value").text = value
        more = len(names) > begin + 100
        Xml.SubElement(root, "IsTruncated").text = "true" if more else "false"
        if more:
            Xml.SubElement(root, "NextRecordName").text = names[begin + 100][0]
        return root

    @staticmethod
    def _root(tag: str) -> Xml.Element:
        return Xml.Element(tag, {"xmlns": NAMESPACE})

    def _error(self, code: str, message: str) -> Xml.Element:
        root = self._root("ErrorResponse")
        error = Xml.SubElement(root, "Error")
        Xml.SubElement(error, "Code").text = code
        Xml.SubElement(error, "Message").text = message
        return root

    @staticmethod
    def encoded(document: Any) -> bytes:
        return Xml.tostring(document) if document is not None else b""

    def sets(self) -> dict[tuple[str, str], tuple[frozenset[str], int]]:
        return {
            (_inner(name), kind): (frozenset(value.strip('"') for value in values), ttl)
            for (name, kind), (values, ttl) in self.kept.items()
        }

    def add(self, name: str, kind: str, values: list[str], ttl: int) -> None:
        quoted = [f'"{value}"' if kind == "TXT" else value for value in values]
        self.kept[f"{name}.{ZONE}." if name else f"{ZONE}.", kind] = (tuple(sorted(quoted)), ttl)


APIS: tuple[type[Api], ...] = (DigitalOcean, PowerDns, Gandi, Route53)


@contextmanager
def serve(api: Api) -> Iterator[Api]:
    """The API on a free port of loopback, while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            api.requests.append((self.command, url.path))
            failure = next((one for one in api.failures if one.method == self.command), None)
            headers: Mapping[str, str] = {}
            if failure is not None:
                api.failures.remove(failure)
                status, headers = failure.status, failure.headers
                data = failure.body if failure.body is not None else api.encoded(api.failed(failure.status))
            else:
                status, document = self.handled(url.path, url.query, body)
                data = api.encoded(document)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def handled(self, path: str, query: str, body: bytes) -> Answer:
            if not api.authorized(self.headers):
                return api.unauthorized()
            try:
                return api.handle(self.command, path, {k: v[0] for k, v in parse_qs(query).items()}, body)
            except RefusedError as refused:
                return refused.status, refused.document

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
