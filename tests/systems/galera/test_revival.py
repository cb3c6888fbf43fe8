"""The request of the health daemon, and the program of root's that answers it, against commands that are played."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from festning.model.catalog import File, Renewal, Unit
from festning.model.fortress import Fortress
from festning.systems.galera.catalog import LEAST_UP_S, REQUESTS, REVIVAL_UNIT, REVIVE, ROOM_MIB, catalog
from festning.systems.galera.health.revival import request
from festning.systems.galera.health.stuck import Reason
from festning.systems.galera.recovery.formation import Formation
from tests.systems.played import play


def contents(fortress: Fortress) -> dict[str, str]:
    system = catalog(fortress, fortress.host("core1"), Formation.running())
    assert system is not None
    return {item.path: str(item.content) for item in system.items if isinstance(item, File)}


@dataclass
class Machine:
    """A host on which systemctl, mariadb and df say what the test wants."""

    root: Path
    script: str

    def play(self, command: str, body: str) -> None:
        play(self.root, {command: body})

    def up(self, *, state: str = "active", seconds: int = 3600, schema_change: str = "", room: int = 9999) -> None:
        since = int((float(Path("/proc/uptime").read_text().split()[0]) - seconds) * 1e6)
        self.play(
            "systemctl",
            f"""case "$*" in
"show --property=ActiveState --value mariadb.service") echo {state} ;;
"show --property=ActiveEnterTimestampMonotonic --value mariadb.service") echo {since} ;;
*) echo "$*" >>{self.root}/done ;;
esac""",
        )
        self.play("mariadb", f"cat >{self.root}/asked; printf '%s' '{schema_change}'")
        self.play("df", f"printf 'Avail\\n{room}\\n'")

    def revive(self) -> str:
        ended = subprocess.run(
            ["sh", "-c", self.script], env=play(self.root, {}), capture_output=True, text=True, check=False, timeout=20
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert list((self.root / "requests").iterdir()) == [], "a request that stays would be answered again at once"
        return ended.stdout

    @property
    def killed(self) -> bool:
        done = self.root / "done"
        return done.exists() and done.read_text() == "kill --signal=KILL mariadb.service\n"


@pytest.fixture
def machine(fortress: Fortress, tmp_path: Path) -> Machine:
    (tmp_path / "requests").mkdir()
    script = contents(fortress)[REVIVE]
    made = Machine(tmp_path, script.replace(f"requests={REQUESTS}\n", f"requests={tmp_path}/requests\n"))
    made.up()
    return made


@pytest.mark.parametrize("reason", Reason)
def test_a_stuck_server_is_killed_and_the_reason_told(machine: Machine, reason: Reason) -> None:
    request(str(machine.root / "requests"), reason.value)
    assert f"is stuck ({reason.value})" in machine.revive()
    assert machine.killed


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("state", ["activating", "deactivating", "inactive", "failed"])
def test_a_server_on_its_way_up_or_down_is_left_to_systemd(machine: Machine, reason: Reason, state: str) -> None:
    machine.up(state=state)
    request(str(machine.root / "requests"), reason.value)
    assert state in machine.revive()
    assert not machine.killed


def test_a_new_server_has_its_time(machine: Machine) -> None:
    for seconds, killed in ((LEAST_UP_S - 3, False), (LEAST_UP_S + 3, True)):
        machine.up(seconds=seconds)
        request(str(machine.root / "requests"), Reason.WRITES.value)
        machine.revive()
        assert machine.killed is killed


def test_a_schema_change_at_work_is_waited_for(machine: Machine) -> None:
    machine.up(schema_change="connection 51, copy to tmp table")
    request(str(machine.root / "requests"), Reason.WRITES.value)
    assert "connection 51, copy to tmp table" in machine.revive()
    assert not machine.killed


def test_a_server_that_does_not_tell_what_is_at_work_is_killed(machine: Machine) -> None:
    machine.play("mariadb", "cat >/dev/null; exit 1")
    request(str(machine.root / "requests"), Reason.SILENT.value)
    machine.revive()
    assert machine.killed


def test_a_server_that_lost_the_group_needs_room_to_come_back(machine: Machine) -> None:
    for room, killed in ((ROOM_MIB - 1, False), (ROOM_MIB, True)):
        machine.up(room=room)
        request(str(machine.root / "requests"), Reason.DISCONNECTED.value)
        machine.revive()
        assert machine.killed is killed


def test_a_writer_that_hangs_on_a_full_disk_makes_way_for_another(machine: Machine) -> None:
    machine.up(room=0)
    request(str(machine.root / "requests"), Reason.WRITES.value)
    machine.revive()
    assert machine.killed


def test_what_is_no_request_is_only_cleared_away(machine: Machine) -> None:
    victim = machine.root / "victim"
    victim.write_text("kept")
    folder = machine.root / "requests"
    (folder / "anything").mkdir()
    (folder / "anything" / "else").symlink_to(victim)
    (folder / "link").symlink_to(victim)
    assert machine.revive() == ""
    assert not machine.killed
    assert victim.read_text() == "kept"


def test_only_the_health_daemons_account_may_ask(fortress: Fortress, tmp_path: Path) -> None:
    health = contents(fortress)["/etc/systemd/system/festning-galera-health.service"]
    assert REQUESTS == "/run/festning-galera"
    assert "RuntimeDirectory=festning-galera festning-galera-form\nRuntimeDirectoryMode=0700\n" in health
    assert f"serve 10.8.0.1 9200 {REQUESTS} " in health
    request(str(tmp_path), Reason.WRITES.value)
    request(str(tmp_path), Reason.WRITES.value)
    assert (tmp_path / "writes").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_watched_and_a_rolling_restart_says_why_it_leaves_that_alone(fortress: Fortress) -> None:
    files = contents(fortress)
    assert f"DirectoryNotEmpty={REQUESTS}\n" in files[f"/etc/systemd/system/{REVIVAL_UNIT}"]
    assert f"ExecStart={REVIVE}\n" in files["/etc/systemd/system/festning-galera-revive.service"]
    system = catalog(fortress, fortress.host("core1"), Formation.running())
    assert system is not None
    unit = next(item for item in system.items if isinstance(item, Unit) and item.name == REVIVAL_UNIT)
    assert unit.renewal is Renewal.NONE
    assert unit.left
