"""Whom a hub hears: from what the probe's own shell prints of a real status file (OpenVPN 2.6.14, the lab's core1)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from festning.model.load import load_fortress
from festning.systems.openvpn import layout
from festning.systems.openvpn.heard import heard, probe
from tests.conftest import EXAMPLE

STATUS = (Path(__file__).parent / "openvpn_status.log").read_text()


def printed(*statuses: str, folder: Path, now: int = 1795703612) -> str:
    """What the probe prints on a hub of as many processes as there are statuses."""
    fortress = load_fortress(EXAMPLE / "fortress.yaml")
    fortress = replace(fortress, bridge=replace(fortress.bridge, processes=len(statuses)))
    core = fortress.host("core1")
    script = probe(fortress, core).script.replace("date +%s", f"echo {now}")
    for server, status in zip(layout.servers(fortress, core), statuses, strict=True):
        (folder / server.name).write_text(status)
        script = script.replace(server.status, str(folder / server.name))
    return subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True).stdout


def test_a_hub_hears_who_is_connected_and_nobody_else(tmp_path: Path) -> None:
    assert heard(printed(STATUS, folder=tmp_path)) == {"arbiter", "edge2"}


def test_a_hub_that_hears_nobody_says_so(tmp_path: Path) -> None:
    alone = "".join(line for line in STATUS.splitlines(keepends=True) if not line.startswith("CLIENT_LIST"))
    assert heard(printed(alone, folder=tmp_path)) == frozenset()


def test_a_hub_that_does_not_know_is_not_believed(tmp_path: Path) -> None:
    assert heard(None) is None
    assert heard("") is None
    assert heard(printed(STATUS, folder=tmp_path, now=1795703611 + 60)) is None, "it has stopped writing"
    assert heard(printed(STATUS.replace("END\n", ""), folder=tmp_path)) is None, "half a file"


def test_a_hub_hears_whom_any_of_its_processes_hears(tmp_path: Path) -> None:
    second = STATUS.replace("CLIENT_LIST,edge2,", "CLIENT_LIST,edge7,")
    assert heard(printed(STATUS, second, folder=tmp_path)) == {"arbiter", "edge2", "edge7"}


def test_a_hub_with_a_process_that_does_not_know_is_not_believed(tmp_path: Path) -> None:
    for bad in (STATUS.replace("1795703611", "1795703500"), STATUS.replace("END\n", "")):
        assert heard(printed(STATUS, bad, folder=tmp_path)) is None
        assert heard(printed(bad, STATUS, folder=tmp_path)) is None
