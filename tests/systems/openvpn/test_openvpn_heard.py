"""Whom a hub hears: from what the probe's own shell prints of a real status file (OpenVPN 2.6.14, the lab's core1)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from festning.systems.openvpn import layout
from festning.systems.openvpn.heard import heard, probe

STATUS = (Path(__file__).parent / "openvpn_status.log").read_text()


def printed(status: str, folder: Path, now: int = 1795703612) -> str:
    file = folder / "status"
    file.write_text(status)
    script = probe("core1").script.replace(layout.HUB_STATUS, str(file)).replace("date +%s", f"echo {now}")
    return subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True).stdout


def test_a_hub_hears_who_is_connected_and_nobody_else(tmp_path: Path) -> None:
    assert heard(printed(STATUS, tmp_path)) == {"arbiter", "edge2"}


def test_a_hub_that_hears_nobody_says_so(tmp_path: Path) -> None:
    alone = "".join(line for line in STATUS.splitlines(keepends=True) if not line.startswith("CLIENT_LIST"))
    assert heard(printed(alone, tmp_path)) == frozenset()


def test_a_hub_that_does_not_know_is_not_believed(tmp_path: Path) -> None:
    assert heard(None) is None
    assert heard("") is None
    assert heard(printed(STATUS, tmp_path, now=1795703611 + 60)) is None, "it has stopped writing"
    assert heard(printed(STATUS.replace("END\n", ""), tmp_path)) is None, "half a file"
