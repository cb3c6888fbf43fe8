"""What makes the arbitrator forget a group that it lost, against a journalctl and a systemctl that are played."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from festning.model.catalog import File
from festning.model.fortress import Fortress
from festning.systems.galera.catalog import FORGET, catalog
from festning.systems.galera.recovery.formation import Formation
from tests.systems.played import play

KILLED = "kill --signal=KILL garb.service"
BOTH, ONE, ALONE = ("yes", 3), ("yes", 2), ("yes", 1)
LOST, WAITS, LEFT = ("no", 1), ("no", 2), ("no", 0)
"""Groups as the arbitrator sees them: whether it is the primary component, and of how many members."""


Group = tuple[str, int] | tuple[str, int, int]
"""With the number of the arbitrator's process, when it is not the first."""
RUNS = 504


def said(groups: tuple[Group, ...]) -> str:
    """What the arbitrator says of them, in the words of galera-arbitrator-4 26.4.23."""
    says = "Nov 27 22:12:24 arbiter garbd[{}]: 2026-11-27 22:12:24.131  INFO: {}\n".format
    return "".join(
        says(
            process or RUNS,
            f"New COMPONENT: primary = {primary}, bootstrap = no, my_idx = 0, memb_num = {members}",
        )
        + says(process or RUNS, "Flow-control interval: [9999999, 9999999]")
        for primary, members, process in ((*group, None)[:3] for group in groups)
    )


@pytest.mark.parametrize(
    ("before", "then", "runs", "killed"),
    [
        ((BOTH,), (LOST,), True, 1),
        ((), (BOTH, ONE, LOST), True, 1),
        ((BOTH,), (LOST, LOST, LOST), True, 1),
        ((BOTH,), (LOST, WAITS, LOST), True, 1),
        ((BOTH,), (LOST, BOTH, LOST), True, 2),
        ((BOTH, LOST), (LOST,), True, 0),
        ((BOTH, LOST, BOTH), (ONE,), True, 0),
        ((), (LOST, LOST), True, 0),
        ((BOTH,), (ONE, ALONE, LOST), True, 0),
        ((BOTH,), (LEFT,), True, 0),
        ((BOTH,), (LOST,), False, 0),
        ((), ((*BOTH, 293), LOST, BOTH), True, 0),
        ((), ((*BOTH, 293), (*LOST, 293), LOST, BOTH), True, 0),
    ],
    ids=[
        "both fall at once",
        "one after the other",
        "once however often it is said",
        "not again when a data node comes and goes",
        "again when they were a group again",
        "not for what was before",
        "one is left",
        "none was there yet",
        "nobody else in the group",
        "it leaves by itself",
        "stopped",
        "another process was in the group",
        "another process lost it",
    ],
)
def test_a_group_is_forgotten_once_when_its_last_data_node_falls(
    fortress: Fortress,
    tmp_path: Path,
    before: tuple[Group, ...],
    then: tuple[Group, ...],
    runs: bool,
    killed: int,
) -> None:
    done = watched(fortress, tmp_path, before, [(group,) for group in then], runs=runs)
    assert done == [KILLED] * killed


def test_a_group_that_is_together_again_within_the_second_is_not_forgotten(fortress: Fortress, tmp_path: Path) -> None:
    assert watched(fortress, tmp_path, (BOTH,), [(LOST, BOTH), (LOST, WAITS, ONE)]) == []


def test_a_group_that_comes_apart_again_is_forgotten(fortress: Fortress, tmp_path: Path) -> None:
    assert watched(fortress, tmp_path, (BOTH,), [(LOST, BOTH), (LOST,)]) == [KILLED]


def watched(
    fortress: Fortress, path: Path, before: tuple[Group, ...], then: list[tuple[Group, ...]], *, runs: bool = True
) -> list[str]:
    """What the script does to the arbitrator while groups come one after the other; those of a tuple in one second."""
    journal, done = path / "journal", path / "done"
    journal.write_text(said(before))
    done.touch()
    # More than a pipe holds: once it is written, the script has dealt with what came before it.
    (path / "rest").write_text(f"{'.' * 1023}\n" * 128)
    follow = []
    for number, groups in enumerate(then):
        (path / f"then{number}").write_text(said(groups))
        follow.append(f"cat {path}/then{number} >>{journal}; cat {path}/then{number} {path}/rest")
    environment = play(
        path,
        {
            "journalctl": f'case " $* " in *" -f "*) {"; ".join(follow) or ":"} ;; *) exec tac {journal} ;; esac',
            "systemctl": f'[ "$1" != show ] || exec echo {RUNS if runs else 0}; echo "$*" >>{done}',
            "sleep": ":",
        },
    )
    system = catalog(fortress, fortress.host("arbiter"), Formation.running())
    assert system is not None
    script = {item.path: str(item.content) for item in system.items if isinstance(item, File)}[FORGET]
    subprocess.run(["sh", "-c", script], env=environment, check=True, timeout=60)
    return done.read_text().splitlines()
