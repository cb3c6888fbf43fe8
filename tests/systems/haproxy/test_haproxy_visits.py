"""The visits to the front doors: what each outcome means, and that an old TLS really would be seen."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from festning.model.check import CheckSpec, Output, Verdict
from festning.model.load import load_fortress
from festning.systems.haproxy.checks import checks
from festning.systems.haproxy.probes.manners import old_hello
from tests.conftest import EXAMPLE

REFUSED = {"old_tls": "refused", "unknown_name": "refused", "agent": 403, "method": 405}


def specs(name: str) -> dict[str, CheckSpec]:
    return {spec.host: spec for spec in checks(load_fortress(EXAMPLE / "fortress.yaml")) if spec.id == name}


def verdict(spec: CheckSpec, text: str, status: int = 0) -> Verdict:
    return spec.judge((Output(status=status, stdout=text, stderr="", seconds=0.1),)).verdict


def test_all_refused_passes_and_any_guest_let_in_fails() -> None:
    spec = specs("haproxy.shop.turns-away")["edge1"]
    assert verdict(spec, json.dumps(REFUSED)) is Verdict.PASS
    for what, let_in in {
        "old_tls": "accepted",
        "unknown_name": "accepted with TLSv1.3",
        "agent": 200,
        "method": 200,
    }.items():
        assert verdict(spec, json.dumps(REFUSED | {what: let_in})) is Verdict.FAIL
    assert verdict(spec, json.dumps({"error": "TimeoutError"})) is Verdict.FAIL
    assert verdict(spec, "", status=1) is Verdict.UNKNOWN


def test_a_key_where_it_may_not_be_fails_and_a_missing_one_too() -> None:
    by_host = specs("haproxy.tls-keys")
    assert set(by_host) == {"core1", "core2", "arbiter", "edge1", "edge2"}
    shop, www = "/etc/haproxy/certs/shop.nordlys.example.pem\n", "/etc/haproxy/certs/www.nordlys.example.pem\n"
    assert verdict(by_host["edge1"], www) is Verdict.PASS
    assert verdict(by_host["edge1"], www + shop) is Verdict.FAIL
    assert verdict(by_host["arbiter"], "") is Verdict.PASS
    assert verdict(by_host["core1"], shop) is Verdict.FAIL


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(("allowed", "answer"), [(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], 22), (["-tls1_2"], 21)])
def test_the_old_hello_is_understood(allowed: list[str], answer: int, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            certificate,
            "-subj",
            "/CN=x",
        ],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", certificate, *allowed],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connected(port) as stream:
            stream.sendall(old_hello("x.example"))
            assert stream.recv(1) == bytes([answer])
    finally:
        server.kill()
        server.wait()


def connected(port: int) -> socket.socket:
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("the server does not listen")
