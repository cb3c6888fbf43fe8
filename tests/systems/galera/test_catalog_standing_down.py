"""Members let go of the old component before a cluster that is down is started again, and only then."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from festning.model.catalog import Wave
from festning.model.load import load_fortress
from festning.systems.galera.catalog import catalog, standing_down
from festning.systems.galera.recovery.formation import Formation, How
from festning.systems.galera.start import let_go_step
from tests.conftest import EXAMPLE
from tests.systems.played import play

FORTRESS = load_fortress(EXAMPLE / "fortress.yaml")
ARBITER = FORTRESS.host("arbiter")
RECOVER = Formation(how=How.RECOVER, founder="core2", reason="all are down")


def test_it_stands_down_before_the_founder_starts_and_up_again_after() -> None:
    down = standing_down(ARBITER, RECOVER)
    assert down is not None
    assert down.wave < Wave.DATABASE
    up = catalog(FORTRESS, ARBITER, RECOVER)
    assert up is not None
    assert up.wave > Wave.DATABASE
    assert "galera: arbitrator stands up" in [getattr(item, "name", "") for item in up.items]


@pytest.mark.parametrize("formation", [Formation.running(), Formation(how=How.PROMOTE, founder="core1", reason="")])
def test_a_cluster_that_runs_keeps_its_arbitrator(formation: Formation) -> None:
    assert standing_down(ARBITER, formation) is None
    assert "stands" not in repr(catalog(FORTRESS, ARBITER, formation))


def test_only_data_nodes_that_are_to_join_let_go() -> None:
    assert standing_down(FORTRESS.host("core2"), RECOVER) is None
    assert standing_down(FORTRESS.host("core1"), Formation.first("core2")) is None
    assert standing_down(FORTRESS.host("core1"), Formation.running()) is None
    down = standing_down(FORTRESS.host("core1"), RECOVER)
    assert down is not None
    assert down.wave < Wave.DATABASE


STATE = """\
# GALERA saved state
version: 2.1
uuid:    {uuid}
seqno:   -1
"""
ZERO, HISTORY = "00000000-0000-0000-0000-000000000000", "15db2210-e98a-11f1-937e-afced2c84bd9"


def run(script: str, folder: Path, **status: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script beside a server that is played: it says what is given, and dies of SIGKILL only."""
    cases = "\n".join(f"*{name}*) printf '%s\\t%s\\n' {name} '{value}' ;;" for name, value in status.items())
    environment = play(
        folder,
        {"mariadb": f'case "$*" in\n{cases}\nesac', "systemctl": f'echo "$*" >>{folder}/said', "sleep": ":"},
    )
    return subprocess.run(
        ["sh"],
        input=script.replace("/var/lib/mysql", str(folder)),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("in_file", "status", "waits"),
    [
        (ZERO, {"wsrep_cluster_status": "non-Primary", "wsrep_local_state_uuid": HISTORY}, True),
        (ZERO, {"wsrep_cluster_status": "non-Primary", "wsrep_local_state_uuid": ZERO}, False),
        (ZERO, {"wsrep_cluster_status": "Primary", "wsrep_local_state_uuid": HISTORY}, False),
        (ZERO, {}, False),
        (HISTORY, {"wsrep_cluster_status": "non-Primary", "wsrep_local_state_uuid": HISTORY}, False),
    ],
)
def test_who_waits_is_known_and_keeps_its_history(
    tmp_path: Path, in_file: str, status: dict[str, str], waits: bool
) -> None:
    (tmp_path / "grastate.dat").write_text(STATE.format(uuid=in_file))
    step = let_go_step()
    assert (run(step.check, tmp_path, **status).returncode != 0) is waits
    if not waits:
        return
    done = run(step.do, tmp_path, wsrep_ready="OFF", **status)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "grastate.dat").read_text() == STATE.format(uuid=HISTORY)
    assert "kill --signal=KILL mariadb.service" in (tmp_path / "said").read_text()
