"""What ends a group of which the arbitrator alone is left, against a systemctl that is played."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from festning.model.catalog import File
from festning.model.fortress import Fortress
from festning.systems.galera.catalog import ALONE, ALONE_UNIT, GARBD_STATE, catalog
from festning.systems.galera.recovery.formation import Formation
from tests.systems.played import play

MEMBER = "member: 5034de6e-e9c7-11f1-b41e-9b5bbccc4a8c 0\n"


def contents(fortress: Fortress) -> dict[str, str]:
    system = catalog(fortress, fortress.host("arbiter"), Formation.running())
    assert system is not None
    return {item.path: str(item.content) for item in system.items if isinstance(item, File)}


@pytest.mark.parametrize(
    ("members", "runs", "ended"),
    [(1, True, True), (2, True, False), (3, True, False), (0, True, False), (1, False, False)],
    ids=["alone", "with one data node", "with both", "not in a primary component", "stopped"],
)
def test_only_a_group_of_nobody_else_is_ended(
    fortress: Fortress, tmp_path: Path, members: int, runs: bool, ended: bool
) -> None:
    done = tmp_path / "done"
    environment = play(
        tmp_path,
        {"systemctl": f'[ "$1" != is-active ] || exit {0 if runs else 3}; echo "$*" >>{done}', "sleep": ":"},
    )
    view = tmp_path / "gvwstate.dat"
    view.write_text(f"#vwbeg\nbootstrap: 0\n{MEMBER * members}#vwend\n")
    script = contents(fortress)[ALONE].replace(GARBD_STATE, str(tmp_path))
    subprocess.run(["sh", "-c", script], env=environment, check=True, timeout=20)
    assert view.exists() is not ended
    assert (done.read_text().split("\n")[:2] if done.exists() else []) == (
        ["stop garb.service", "start garb.service"] if ended else []
    )


def test_the_view_is_watched(fortress: Fortress) -> None:
    assert f"PathChanged={GARBD_STATE}/gvwstate.dat\n" in contents(fortress)[f"/etc/systemd/system/{ALONE_UNIT}"]
