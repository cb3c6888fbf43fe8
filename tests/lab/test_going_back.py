"""Going back, and applies that are broken off: the operator dies, or the network, or the power, or a disk is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Festning

pytestmark = pytest.mark.lab

HOSTS = ("core1", "core2", "arbiter", "edge1", "edge2")
TREE = """python3 - <<'END'
import hashlib, json, os
systems = json.load(open("/var/lib/festning/manifest.json"))["systems"].values()
for path in sorted(path for one in systems for path in one["paths"]):
    status = os.lstat(path)
    content = open(path, "rb").read() if os.path.isfile(path) else b""
    print(path, oct(status.st_mode), status.st_uid, status.st_gid, hashlib.sha256(content).hexdigest())
END"""


def trees(lab: Festning) -> dict[str, str]:
    """Content, mode and owner of every managed path of every host."""
    return {host: lab.on(host, TREE) for host in HOSTS}


@pytest.fixture
def declared(lab: Festning) -> Iterator[str]:
    """The file's text; whatever a test makes of it, the file and the fortress are as before in the end."""
    text = lab.file.read_text()
    yield text
    lab.file.write_text(text)
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert lab("plan").returncode == 0


def changed(text: str) -> str:
    return text.replace("memory: 4GiB", "memory: 3GiB").replace("host: www.nordlys", "host: web.nordlys")


def test_a_rollback_puts_every_managed_path_back_byte_for_byte(lab: Festning, declared: str) -> None:
    before = trees(lab)
    last = lab.json("history")["generations"][0]["number"]
    lab.file.write_text(changed(declared))
    assert lab("apply").returncode == 0
    assert trees(lab) != before
    asked = lab("rollback")
    assert asked.returncode == 64
    assert "--yes" in asked.stderr
    back = lab("rollback", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "packages and steps" in back.stdout
    assert trees(lab) == before
    assert lab("plan").returncode == 2
    newest = lab.json("history")["generations"][:2]
    assert [(one["number"], one["result"], one["rolled_back_to"]) for one in newest] == [
        (last + 2, "complete", last),
        (last + 1, "complete", None),
    ]
    forward = lab("rollback", str(last + 1), "--yes")
    assert forward.returncode == 0, forward.stdout + forward.stderr
    assert lab("plan").returncode == 0
    assert lab("rollback", "4711", "--yes").returncode == 64


def applying(lab: Festning) -> subprocess.Popen[bytes]:
    """An apply in a process of its own, that has begun to change something."""
    command = [sys.executable, "-m", "festning", "--file", str(lab.file), "--lab", "apply"]
    number = lab.json("history")["generations"][0]["number"] + 1
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    begun = f"test -e /var/lib/festning/generations/{number}.json && echo yes || true"
    while "yes" not in lab.on("core1", begun) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def assert_converges(lab: Festning) -> None:
    applied = lab("apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert lab("plan").returncode == 0


def test_an_apply_whose_operator_is_killed_is_completed_by_the_next(lab: Festning, declared: str) -> None:
    lab.file.write_text(changed(declared))
    process = applying(lab)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert_converges(lab)


def test_an_apply_whose_host_loses_the_network_is_completed_by_the_next(lab: Festning, declared: str) -> None:
    """No FIN: the agent there finds out by itself that nobody is left, and lets go in less than a minute."""
    lab.file.write_text(changed(declared))
    process = applying(lab)
    assert lab("lab", "cut", "site:oslo").returncode == 0
    process.wait()
    assert lab("lab", "heal", "site:oslo").returncode == 0
    assert_converges(lab)


def test_an_apply_whose_host_loses_its_power_is_completed_by_the_next(lab: Festning, declared: str) -> None:
    lab.file.write_text(changed(declared))
    process = applying(lab)
    assert lab("lab", "cut", "core1").returncode == 0
    process.wait()
    assert lab("lab", "heal", "core1").returncode == 0
    assert_converges(lab)


def test_a_full_disk_loses_nothing_and_is_said(lab: Festning, declared: str) -> None:
    before = trees(lab)["edge1"]
    lab.file.write_text(changed(declared))
    lab.on(
        "edge1", "cp -a /var/lib/festning /root/kept && mount -t tmpfs -o size=400k,mode=700 tmpfs /var/lib/festning"
    )
    try:
        lab.on("edge1", "cp -a /root/kept/manifest.json /root/kept/journal.jsonl /var/lib/festning/")
        lab.on("edge1", "dd if=/dev/zero of=/var/lib/festning/full bs=1k status=none || true")
        applied = lab("apply")
        assert applied.returncode == 1, applied.stdout + applied.stderr
        assert "No space left on device" in applied.stdout
        assert trees(lab)["edge1"] == before
    finally:
        lab.on("edge1", "umount /var/lib/festning; rm -rf /root/kept")
    assert_converges(lab)
