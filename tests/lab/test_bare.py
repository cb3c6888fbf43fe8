"""Bare machines: apt installs everything, from Debian, unasked, and nothing runs before festning configured it.

A lab of its own, of the fewest machines that have every package. Its edge has an archive of somebody else's, with
higher versions, and a file where a package has its own and would ask; and it loses its power when its packages are
installed and its front door is not configured yet, as that is when Debian would start everything at the next boot.
"""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from festning.providers.lab.requirements import why_not
from tests.conftest import EXAMPLE, LAB_NAME, Festning
from tests.lab.bare_machines import Look, look, not_debians, offer_elsewhere

pytestmark = pytest.mark.lab

HOSTS = ("core1", "arbiter", "edge1")
ELSEWHERE = ("nginx", "libnl-3-200")
"""A package that festning asks for, and one that only a dependency of OpenVPN's asks for."""
BY_HAND = "# by hand\n"
FRONT_DOOR = "/etc/haproxy/haproxy.cfg"
HALF_WAY = """
for _ in $(seq 50); do
    ! grep -qs '"system": "openvpn"' /var/lib/festning/journal.jsonl || { echo here; exit; }
    sleep 0.2
done
"""
"""Whether, within 10 s, the edge has all its packages and the part of its configuration that comes first. It then waits
for the core, which has more to install."""
WAITING = "systemctl show -p UnitFileState,ActiveState,ConditionResult nginx.service haproxy.service"


@dataclass(frozen=True, slots=True)
class Story:
    """What was seen of the machines: as they were made, around the power cut, and in the end."""

    festning: Festning
    born: dict[str, Look]
    before_cut: Look
    after_cut: Look
    waiting: list[str]
    interrupted: subprocess.CompletedProcess[str]
    raised: subprocess.CompletedProcess[str]
    last: dict[str, Look]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    if reason := why_not():
        pytest.skip(f"this machine cannot boot a lab: {reason}")
    festning = Festning(small_fortress(tmp_path_factory.mktemp("bare")))
    assert festning("down").returncode == 0
    try:
        yield told(festning)
    finally:
        ended = festning("down")
        assert ended.returncode == 0, ended.stderr


def small_fortress(folder: Path) -> Path:
    """The example with one host of each role."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    file = folder / "fortress.yaml"
    until = datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=7)
    waiver = f"{{rule: survivability.single-core, path: hosts.core1, reason: a test, until: {until}}}"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("  core2:")]
    text = "\n".join(lines).replace("fortress: nordlys", f"fortress: {LAB_NAME}-bare").replace("count: 2", "count: 1")
    file.write_text(text.replace("waivers: []", f"waivers: [{waiver}]"))
    return file


def told(festning: Festning) -> Story:
    booted = festning("lab", "boot", "--bare", timeout=900)
    assert booted.returncode == 0, booted.stdout + booted.stderr
    born = {host: look(festning, host) for host in HOSTS}
    offer_elsewhere(festning, "edge1", *ELSEWHERE)
    festning.on("edge1", f"mkdir /etc/haproxy && printf '{BY_HAND}' >{FRONT_DOOR}")

    command = [sys.executable, "-m", "festning", "--file", str(festning.file), "--lab", "up", "--bare"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as raising:
        while not festning.on("edge1", HALF_WAY):
            assert raising.poll() is None, raising.communicate()
        before_cut = look(festning, "edge1")
        assert festning("lab", "cut", "edge1").returncode == 0
        assert festning("lab", "heal", "edge1").returncode == 0
        after_cut, waiting = look(festning, "edge1"), festning.on("edge1", WAITING).split()
        said, _ = raising.communicate(timeout=600)
    return Story(
        festning=festning,
        born=born,
        before_cut=before_cut,
        after_cut=after_cut,
        waiting=waiting,
        interrupted=subprocess.CompletedProcess(command, raising.returncode, said),
        raised=festning("up", "--bare"),
        last={host: look(festning, host) for host in HOSTS},
    )


def test_everything_is_installed_and_verified(story: Story) -> None:
    assert story.raised.returncode == 0, story.raised.stdout + story.raised.stderr
    verification = story.festning.assert_verified()
    assert len(verification["checks"]) > 40
    for host, package in (("core1", "mariadb-server"), ("arbiter", "galera-arbitrator-4"), ("edge1", "haproxy")):
        assert package in story.last[host].packages - story.born[host].packages


def test_an_edge_that_lost_its_power_is_named_and_held_up_nobody(story: Story) -> None:
    assert story.interrupted.returncode == 3, story.interrupted.stdout
    assert "edge1" in story.interrupted.stdout


def test_nothing_started_before_it_was_configured(story: Story) -> None:
    started = {host: one.unconfigured_starts(story.born[host]) for host, one in story.last.items()}
    assert started == {key: [] for key in HOSTS}
    for host, unit in (("core1", "mariadb.service"), ("arbiter", "garb.service"), ("edge1", "nginx.service")):
        assert unit in story.last[host].started()


def test_a_power_cut_in_between_starts_nothing_either(story: Story) -> None:
    born = story.born["edge1"]
    assert {"haproxy", "nginx", "openvpn"} <= story.before_cut.packages - born.packages
    assert story.before_cut.unconfigured_starts(born) == []
    assert story.after_cut.unconfigured_starts(born) == []
    # Enabled, so that nothing but festning's condition holds them.
    assert sorted(story.waiting) == sorted(["UnitFileState=enabled", "ActiveState=inactive", "ConditionResult=no"] * 2)
    assert "openvpn-client@hub1.service" in story.after_cut.started()  # Which is configured.


def test_every_package_is_debians_though_another_archive_has_higher_versions(story: Story) -> None:
    assert {"nginx", "libnl-3-200"} <= story.last["edge1"].packages
    assert "99.0" in story.festning.on("edge1", "apt-cache policy nginx")
    for host in HOSTS:
        brought = story.last[host].packages - story.born[host].packages
        assert len(brought) > 10
        assert {name: where for name, where in not_debians(story.festning, host).items() if name in brought} == {}


def test_what_a_package_would_have_asked_was_answered(story: Story) -> None:
    """dpkg kept the file that was there, and laid its own beside it; then the catalog's file came."""
    assert story.festning.on("edge1", f"head -c 10 {FRONT_DOOR}.dpkg-dist")
    assert BY_HAND not in story.festning.on("edge1", f"cat {FRONT_DOOR}")
