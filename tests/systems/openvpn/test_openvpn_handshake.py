"""The compiled configurations and the vault's keys in real handshakes, between network namespaces on this machine."""

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from festning.model.catalog import File
from festning.model.material import TlsCryptClientKey
from festning.model.reference import fill
from festning.systems.openvpn.catalog import catalog
from festning.vault import age
from festning.vault.vault import Vault

DONE = "Initialization Sequence Completed"
PATIENCE_S = 12

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None or not Path("/dev/net/tun").exists(),
    reason="needs root, iproute2 and /dev/net/tun",
)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wire():
    """Two namespaces with a cable between them: the hub's and the host's."""
    names = [f"vpn-{side}{os.getpid()}" for side in ("hub", "edge")]
    try:
        for name in names:
            run("ip", "netns", "add", name)
        run("ip", "-n", names[0], "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", names[1])
        for name, address in zip(names, ("203.0.113.11", "203.0.113.101"), strict=True):
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "v0")
            run("ip", "-n", name, "link", "set", "v0", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def placed(fortress):
    return fortress.placed({"edge1": ip_address("203.0.113.101")})


@pytest.fixture(scope="module")
def vault(placed, tmp_path_factory):
    vault = Vault.create(tmp_path_factory.mktemp("vault") / "vault.age", [age.generate_identity()[1]])
    for host in placed.hosts:
        vault.ensure(catalog(placed, host).materials, datetime.now(UTC))
    return vault


def lay(fortress, vault, host, folder):
    """A host's files under a folder of the test's own, run as nobody: this machine has no account of festning's."""
    for item in catalog(fortress, fortress.host(host)).items:
        if isinstance(item, File) and item.path.startswith("/etc/openvpn/"):
            path = folder / item.path.removeprefix("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            text = fill(item.content, vault.lookup)
            for before, after in (
                ("/etc/openvpn/", f"{folder}/etc/openvpn/"),
                ("/run/openvpn-server/", f"{folder}/"),
                ("user festning-vpn", "user nobody"),
                ("group festning-vpn", "group nogroup"),
            ):
                text = text.replace(before, after)
            path.touch(mode=item.mode)
            path.write_text(text)
    for parent in (folder, *folder.parents):  # OpenVPN reads its clients' files as nobody.
        with contextlib.suppress(PermissionError):
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@contextlib.contextmanager
def running(openvpn, namespace, config, log):
    command = ["ip", "netns", "exec", namespace, *openvpn, "--config", str(config), "--cd", str(config.parent)]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.kill()  # At once: its goodbye to the other end takes seconds.
            process.wait(timeout=10)


def wait_for(log, *words):
    """The first of the words that the log has; fails with the log when none comes."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        text = log.read_text()
        found = [word for word in words if word in text]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def dialling(placed, vault, wire, program, tmp_path):
    """core1's hub and edge1's link to it, running; gives their logs. ``change`` may spoil files before."""
    openvpn = program("openvpn")

    @contextlib.contextmanager
    def dial(change=lambda _hub, _edge: None, fortress=placed):
        hub, edge = (lay(fortress, vault, host, tmp_path / host) for host in ("core1", "edge1"))
        change(hub, edge)
        hub_log, edge_log = tmp_path / "hub.log", tmp_path / "edge.log"
        with running(openvpn, wire[0], hub / "etc/openvpn/server/hub.conf", hub_log):
            wait_for(hub_log, DONE)
            with running(openvpn, wire[1], edge / "etc/openvpn/client/hub1.conf", edge_log):
                yield hub_log, edge_log

    return dial


def test_a_declared_host_is_let_in(dialling, wire, tmp_path):
    with dialling() as (hub_log, edge_log):
        wait_for(edge_log, DONE)
        text, status = edge_log.read_text(), tmp_path / "core1" / "status-hub.log"
        assert "TLSv1.3" in hub_log.read_text()
        assert "dyn-tls-crypt" in text
        assert "AES-256-GCM" in text
        assert "ifconfig 10.8.1.16 255.255.255.0" in text
        wait_for(status, "CLIENT_LIST,edge1,203.0.113.101:")
        devices = subprocess.run(["ip", "-n", wire[1], "-o", "link"], capture_output=True, text=True, check=True)
        assert "fst-hub1" in devices.stdout
    log = hub_log.read_text() + edge_log.read_text()
    assert "DEPRECATED" not in log
    assert "Unrecognized option" not in log


def test_a_host_that_was_taken_out_is_refused_though_its_certificate_is_good(dialling):
    def forget(hub, _edge):
        (hub / "etc/openvpn/server/hub-clients/edge1").unlink()

    with dialling(forget) as (hub_log, edge_log):
        assert wait_for(hub_log, "client-config-dir authentication failed")
        assert DONE not in edge_log.read_text()


def test_another_hosts_hub_key_is_not_even_answered(dialling, vault):
    def swap(_hub, edge):
        wrong = vault.lookup(TlsCryptClientKey(hub="core2", client="edge1").key)
        (edge / "etc/openvpn/festning/hub1.tls-crypt-v2.key").write_text(wrong)

    with dialling(swap) as (hub_log, edge_log):
        assert wait_for(hub_log, "Can not unwrap tls-crypt-v2 client key", "tls-crypt-v2", "unwrap")
        time.sleep(1)
        assert DONE not in edge_log.read_text()
        assert "VERIFY" not in hub_log.read_text()


def test_a_hub_of_another_name_is_not_talked_to(dialling):
    def rename(_hub, edge):
        config = edge / "etc/openvpn/client/hub1.conf"
        config.write_text(config.read_text().replace("verify-x509-name core1", "verify-x509-name core2"))

    with dialling(rename) as (_, edge_log):
        assert wait_for(edge_log, "VERIFY X509NAME ERROR")
        assert DONE not in edge_log.read_text()


def test_an_edge_cannot_play_a_hub(dialling):
    """Its certificate is for clients only, whatever name it is asked for."""

    def impersonate(hub, edge):
        for name in ("host.crt", "host.key"):
            shutil.copy(edge / "etc/openvpn/festning" / name, hub / "etc/openvpn/festning" / name)
        config = edge / "etc/openvpn/client/hub1.conf"
        config.write_text(config.read_text().replace("verify-x509-name core1", "verify-x509-name edge1"))

    with dialling(impersonate) as (_, edge_log):
        assert wait_for(edge_log, "VERIFY EKU ERROR", "unsuitable certificate purpose")
        assert DONE not in edge_log.read_text()


def test_over_ipv6(dialling, placed, wire):
    for name, address in zip(wire, ("fd00::11", "fd00::101"), strict=True):
        run("ip", "-n", name, "address", "replace", f"{address}/64", "dev", "v0", "nodad")
    six = replace(
        placed,
        hosts=tuple(
            replace(host, address=ip_address("fd00::11")) if host.name == "core1" else host for host in placed.hosts
        ),
    )
    with dialling(fortress=six) as (hub_log, edge_log):
        wait_for(edge_log, DONE)
        assert "fd00::101" in hub_log.read_text()
