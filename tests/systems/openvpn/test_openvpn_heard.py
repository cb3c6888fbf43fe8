"""Whom a hub hears: from what the probe's own shell prints of a real status file (OpenVPN 2.6.14, the lab's core1)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from festning.model.bridge import Bridge
from festning.model.fortress import Fortress
from festning.systems.openvpn import layout
from festning.systems.openvpn.heard import heard, probe

STATUS = (Path(__file__).parent / "openvpn_status.log").read_text()


def printed(fortress: Fortress, statuses: list[str], folder: Path, now: int = 1795703612) -> str:
    """What the probe prints where each process of the hub has written so."""
    hub = fortress.host("core1")
    script = probe(fortress, hub).script.replace("date +%s", f"echo {now}")
    servers = layout.servers(fortress, hub)
    for index, (server, status) in enumerate(zip(servers, statuses, strict=True)):
        file = folder / f"status{index}"
        file.write_text(status)
        script = script.replace(server.status, str(file))
    return subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True).stdout


def test_a_hub_hears_who_is_connected_and_nobody_else(fortress: Fortress, tmp_path: Path) -> None:
    assert heard(printed(fortress, [STATUS], tmp_path)) == {"arbiter", "edge2"}


def test_a_hub_that_hears_nobody_says_so(fortress: Fortress, tmp_path: Path) -> None:
    alone = "".join(line for line in STATUS.splitlines(keepends=True) if not line.startswith("CLIENT_LIST"))
    assert heard(printed(fortress, [alone], tmp_path)) == frozenset()


def test_a_hub_that_does_not_know_is_not_believed(fortress: Fortress, tmp_path: Path) -> None:
    assert heard(None) is None
    assert heard("") is None
    assert heard(printed(fortress, [STATUS], tmp_path, now=1795703611 + 60)) is None, "it has stopped writing"
    assert heard(printed(fortress, [STATUS.replace("END\n", "")], tmp_path)) is None, "half a file"


def test_a_hub_of_two_processes_hears_what_either_hears_and_knows_nothing_while_one_is_away(
    fortress: Fortress, tmp_path: Path
) -> None:
    two = replace(fortress, bridge=Bridge(processes=2))
    other = STATUS.replace("edge2", "edge9")
    assert heard(printed(two, [STATUS, other], tmp_path)) == {"arbiter", "edge2", "edge9"}
    stale = other.replace("1795703611", "1795703000")
    assert stale != other
    assert heard(printed(two, [STATUS, stale], tmp_path)) is None
    assert heard(printed(two, [STATUS, other.replace("END\n", "")], tmp_path)) is None
