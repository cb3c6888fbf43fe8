"""What a hub does when it is stopped and started, against commands that are played."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from festning.systems.openvpn.catalog import FAREWELL
from tests.systems.openvpn.test_openvpn_catalog import files
from tests.systems.played import play


@pytest.fixture
def farewell(fortress, tmp_path):
    """Runs it, and says what it did."""
    done = tmp_path / "done"
    environment = play(
        tmp_path,
        {
            "ip": f'echo "ip $*" >>{done}',
            "systemctl": f"test -e {tmp_path}/away-already",
            "timeout": 'shift; exec "$@"',
            "door": f'echo "door $*" >>{done}',
        },
    )
    script = str(files(fortress, "core1")[FAREWELL].content)
    for line, instead in (("door=", f"door={tmp_path}/bin/door"), ("away=", f"away={tmp_path}/flag")):
        script = "\n".join(instead if one.startswith(line) else one for one in script.split("\n"))

    def run(*arguments: str) -> list[str]:
        done.write_text("")
        subprocess.run(["sh", "-c", script, "sh", *arguments], env=environment, check=True, timeout=20)
        return done.read_text().splitlines()

    return run


def test_requests_go_elsewhere_before_the_device_does_and_come_back(farewell):
    assert farewell("stop", "fst-hub") == ["door away", "ip link set dev fst-hub down"]
    assert farewell("start") == ["door back"]
    assert farewell("start") == [], "a start after a crash has nothing to bring back"


def test_who_is_away_already_is_left_to_whoever_did_that(farewell, tmp_path):
    (tmp_path / "away-already").touch()
    assert farewell("stop", "fst-hub") == ["ip link set dev fst-hub down"]
    assert farewell("start") == []


def test_a_host_without_a_front_door_has_only_its_device(farewell, tmp_path):
    Path(tmp_path / "bin" / "door").unlink()
    assert farewell("stop", "fst-hub") == ["ip link set dev fst-hub down"]
