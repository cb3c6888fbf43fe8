"""The web server behind the front door: run for real, in a network namespace of its own, and asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.programs import Program
from festning.model.catalog import File
from festning.model.fortress import Fortress, Host, Residency, Role, Runtime, SourceFile
from festning.model.load import load_fortress, read_source
from festning.model.traffic import HEALTH_AGENT
from festning.systems.nginx.catalog import CONFIGURATION, catalog, document_root
from tests.conftest import EXAMPLE

ASK = """
import http.client, json, subprocess, sys
for command in (["ip", "link", "set", "lo", "up"], ["ip", "address", "add", BRIDGE + "/32", "dev", "lo"]):
    subprocess.run(command, check=True)
exec(NEIGHBOURS)
subprocess.run([*NGINX, "-t", "-q", "-c", CONFIGURATION], check=True)
server = subprocess.Popen([*NGINX, "-c", CONFIGURATION, "-g", "daemon off;"])
answers = []
try:
    for address, port, host, path, *posted in REQUESTS:
        for _ in range(100 if not answers else 1):  # Only the first may have to wait for nginx.
            connection = http.client.HTTPConnection(address, port, timeout=5)
            try:
                method, body, more = posted or ("GET", None, {})
                headers = {"Host": host, "X-Forwarded-For": "192.0.2.77"} | more
                connection.request(method, path, body=body, headers=headers)
                answer = connection.getresponse()
                answers.append([answer.status, answer.read().decode(), dict(answer.getheaders())])
            except ConnectionRefusedError:
                import time; time.sleep(0.05)
                continue
            except (http.client.RemoteDisconnected, ConnectionResetError):
                answers.append([0, "", {}])
            break
        else:
            answers.append([-1, "refused", {}])
finally:
    server.terminate()
    server.wait()
print(json.dumps(answers))
"""


# The other core's nginx, which tells what it was asked; and a php-fpm that takes a request and dies.
NEIGHBOURS = """
import http.server, os, socket, threading
subprocess.run(["ip", "address", "add", OTHER + "/32", "dev", "lo"], check=True)
class Core(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = json.dumps([self.command, self.path, body, dict(self.headers)]).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *_):
        pass
core = http.server.ThreadingHTTPServer((OTHER, 8100), Core)
threading.Thread(target=core.serve_forever, daemon=True).start()
def dies():
    while True:
        accepted, _ = program.accept()
        accepted.recv(1)
        accepted.close()
if DIES:
    program = socket.socket(socket.AF_UNIX)
    program.bind(SOCKET)
    program.listen()
    threading.Thread(target=dies, daemon=True).start()
"""


def example() -> Fortress:
    return load_fortress(EXAMPLE / "fortress.yaml")


def configuration(fortress: Fortress, host: Host) -> str:
    compiled = catalog(fortress, host, {service.name: read_source(service) for service in fortress.services})
    assert compiled is not None
    return next(str(item.content) for item in compiled.items if isinstance(item, File) and item.path == CONFIGURATION)


@pytest.fixture
def nginx(program: Program) -> tuple[str, ...]:
    if os.geteuid() != 0:
        pytest.skip("needs root for a network namespace")
    return program("nginx")


def ask(
    nginx: tuple[str, ...],
    fortress: Fortress,
    host: Host,
    place: Path,
    *requests: tuple[object, ...],
    neighbours: str = "",
) -> list[list[Any]]:
    """Serve a host's services from copies of their sources, and request.

    A request is an address, a port, a host and a path; and where it is no GET, its method, its body and its headers.
    ``neighbours`` is what else runs in the namespace.
    """
    for service in fortress.services:
        target = place / "srv" / service.name
        shutil.copytree(service.source, target)
        (target / ".env").write_text("secret")
        (target / ".well-known").mkdir()
        (target / ".well-known" / "security.txt").write_text("Contact: mailto:security@nordlys.example\n")
    text = configuration(fortress, host).replace("user www-data;", "user root;")  # The test's folder is root's alone.
    text = text.replace("/srv/festning", str(place / "srv")).replace("/run/nginx.pid", str(place / "pid"))
    text = text.replace("unix:/run/", f"unix:{place}/")
    text = text.replace("include mime.types", "include /etc/nginx/mime.types")
    text = text.replace("include fastcgi.conf", "include /etc/nginx/fastcgi.conf")
    file = place / "nginx.conf"
    file.write_text(text)
    given = (
        f"NGINX = {nginx!r}\n"
        f"BRIDGE, CONFIGURATION, REQUESTS = {str(host.bridge)!r}, {str(file)!r}, {list(requests)!r}\n"
        f"NEIGHBOURS = {neighbours!r}\n"
    )
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-"], input=given + ASK, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[list[Any]] = json.loads(done.stdout)
    return answers


def test_an_edge_serves_its_files_and_nothing_else(tmp_path: Path, nginx: tuple[str, ...]) -> None:
    www, port = "www.nordlys.example", 8101
    asked = ask(
        nginx,
        example(),
        example().host("edge1"),
        tmp_path,
        ("127.0.0.1", port, www, "/"),
        ("10.8.0.16", port, www, "/health.txt"),
        ("127.0.0.1", port, www, "/nordlys.css"),
        ("127.0.0.1", port, www, "/.env"),
        ("127.0.0.1", port, www, "/.well-known/security.txt"),
        ("127.0.0.1", port, www, "/../../etc/passwd"),
        ("127.0.0.1", port, "elsewhere.example", "/"),
        ("10.8.0.16", 8100, "shop.nordlys.example", "/"),
    )
    assert [status for status, *_ in asked] == [200, 200, 200, 404, 200, 400, 0, -1]
    assert "Nordlys" in str(asked[0][1])
    assert asked[0][2]["Server"] == "nginx"


def test_a_core_serves_its_copy_on_loopback_alone_and_hides_what_is_beside_public(
    tmp_path: Path, nginx: tuple[str, ...]
) -> None:
    asked = ask(
        nginx,
        example(),
        example().host("core1"),
        tmp_path,
        ("127.0.0.1", 8101, "www.nordlys.example", "/"),
        ("10.8.0.1", 8101, "www.nordlys.example", "/"),
        ("127.0.0.1", 8100, "shop.nordlys.example", "/release.php"),
        ("127.0.0.1", 8100, "shop.nordlys.example", "/orders"),
    )
    # A script that is not public is none; without php-fpm at hand the front controller is a bad gateway.
    assert [status for status, *_ in asked] == [200, -1, 404, 502]


def order(number: int, **headers: str) -> tuple[object, ...]:
    return ("127.0.0.1", 8100, "shop.nordlys.example", f"/orders?number={number}", "POST", f"body {number}", headers)


def beside(place: Path, *, dies: bool) -> str:
    program = place / "festning-service-shop" / "php.sock"
    program.parent.mkdir()
    return f"OTHER, SOCKET, DIES = '10.8.0.2', {str(program)!r}, {dies}\n{NEIGHBOURS}"


def test_what_finds_no_program_here_is_asked_once_of_the_other_core(tmp_path: Path, nginx: tuple[str, ...]) -> None:
    fortress = example()
    handed, again, health = ask(
        nginx,
        fortress,
        fortress.host("core1"),
        tmp_path,
        order(1),
        order(2, **{"X-Handed-On": "core2"}),
        order(3, **{"User-Agent": HEALTH_AGENT}),
        neighbours=beside(tmp_path, dies=False),
    )
    assert handed[0] == 201
    method, path, body, headers = json.loads(handed[1])
    assert (method, path, body) == ("POST", "/orders?number=1", "body 1")
    assert headers["Host"] == "shop.nordlys.example"
    assert headers["X-Forwarded-For"] == "192.0.2.77"
    assert headers["X-Handed-On"] == "core1"
    assert again[0] == 502, "what comes from the other core would go round in a circle"
    assert health[0] == 502, "a host that answers for another is not well"


def test_what_a_program_may_have_done_is_asked_of_nobody_else(tmp_path: Path, nginx: tuple[str, ...]) -> None:
    fortress = example()
    core = fortress.host("core1")
    (asked,) = ask(nginx, fortress, core, tmp_path, order(1), neighbours=beside(tmp_path, dies=True))
    assert asked[0] == 502


def test_client_addresses_are_known_only_where_the_rule_admits_the_site() -> None:
    fortress = example()
    assert "real_ip_header" in configuration(fortress, fortress.host("core1"))
    assert "real_ip_header" not in configuration(fortress, fortress.host("edge1"))
    everywhere = replace(fortress, residency=Residency(frozenset({"NO", "IE"}), frozenset({"NO", "US"})))
    assert "set_real_ip_from 10.8.0.0/24;" in configuration(everywhere, everywhere.host("edge1"))


def test_a_host_without_anything_to_serve_has_no_nginx() -> None:
    fortress = example()
    assert catalog(fortress, fortress.host("arbiter"), {}) is None
    commands = tuple(
        replace(service, runtime=Runtime.COMMAND, runs_on=Role.CORE, command="serve") for service in fortress.services
    )
    assert catalog(replace(fortress, services=commands), fortress.host("core1"), {}) is None


def test_public_is_the_document_root_where_the_source_has_a_front_controller_there() -> None:
    shop, www = example().services
    inside, outside = SourceFile("public/index.php", b""), SourceFile("index.php", b"")
    assert document_root(shop, (inside,)) == "/srv/festning/shop/public"
    assert document_root(shop, (outside,)) == "/srv/festning/shop"
    assert document_root(www, (inside,)) == "/srv/festning/www"
