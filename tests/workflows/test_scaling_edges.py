"""A group of rented edges grows, shrinks and moves, at a server in DigitalOcean's place; hosts are only told of.

Wherever a run ends, the same command goes on: no edge is taken away that people are still sent to, none is left over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from festning.cli.app import app
from festning.cli.main import _run  # noqa: F401 (registers the commands)
from festning.engine.apply import ApplyResult, HostResult, Outcome
from festning.errors import FestningError, UsageError
from festning.model.check import Check, Verdict
from festning.model.group import moved, scaled
from festning.model.load import load_fortress
from festning.model.plan import Plan
from festning.workflows import scaling_edges
from festning.workflows.grounds import Ground, Pointed, RentedGround
from festning.workflows.opening import Opened
from festning.workflows.scaling_edges import Means, Scaled, change, means_of
from festning.workflows.verifying import Verification
from tests.providers.cloud.api_server import Answer
from tests.workflows.test_renting import NOW, World, world  # noqa: F401 (a fixture)

OTHER = "  frankfurt:\n    provider: digitalocean\n    region: fra1\n"


class CrashError(Exception):
    """The operator's machine loses its power."""


@dataclass
class Hosts:
    """What was done to hosts, in order, and of whom people were told; ends with a crash after so many doings."""

    file: Path
    crash_after: int = 10_000
    fails: frozenset[str] = frozenset()
    verdict: Verdict = Verdict.PASS
    done: list[str] = field(default_factory=list)
    people_at: frozenset[str] = frozenset()
    drained: set[str] = field(default_factory=set)
    known: frozenset[str] = frozenset()

    def _do(self, what: str) -> None:
        if len(self.done) == self.crash_after:
            raise CrashError(what)
        self.done.append(what)

    async def apply(self, opened: Opened) -> tuple[Plan, ApplyResult]:
        names = [host.name for host in opened.fortress.hosts]
        self._do(f"apply {' '.join(name for name in names if name.startswith('edge'))}")
        self.known = frozenset(names)
        results = tuple(
            HostResult(host=name, outcome=Outcome.UNREACHABLE if name in self.fails else Outcome.OK) for name in names
        )
        return Plan(fortress=opened.fortress.name, hosts=()), ApplyResult(hosts=results)

    async def verify(self, opened: Opened, hosts: Collection[str], *, changed: bool) -> Verification:
        del changed
        self._do(f"verify {' '.join(sorted(hosts))}")
        checks = tuple(
            Check(id="up", host=host, verdict=self.verdict, measured=None, unit="", expected="", evidence=())
            for host in hosts
        )
        return Verification(opened.fortress.name, checks)

    async def point(self, opened: Opened, ground: Ground) -> Pointed:
        del ground
        staying = [edge.name for edge in opened.fortress.edges if not edge.leaving]
        self._do(f"point {' '.join(staying)}")
        self.people_at = frozenset(staying)
        return Pointed(60.0)

    async def wait(self, seconds: float) -> None:
        self._do(f"wait {seconds:g}")

    async def leave(self, opened: Opened, hosts: Collection[str]) -> Mapping[str, int | None]:
        assert set(hosts) <= {edge.name for edge in opened.fortress.edges if edge.leaving}
        assert not set(hosts) & self.people_at, "drained while people are sent there"
        self._do(f"leave {' '.join(hosts)}")
        self.drained |= set(hosts)
        return dict.fromkeys(hosts, 0)


@dataclass
class Stage:
    """A fortress that is up, with two edges in Amsterdam."""

    world: World
    hosts: Hosts

    @property
    def file(self) -> Path:
        return self.world.file

    def _change(self, decide: Callable[[Any], Any]) -> Scaled:
        surroundings = self.world.surroundings()
        ground = RentedGround(self.file, surroundings, lambda: NOW, self.world.told)
        means = Means(ground=ground, work=self.hosts, progress=self.world.told, today=surroundings.today, lab=False)
        return change(self.file, "edge", decide, means)

    @property
    def means(self) -> Means:
        """As the command line has them."""
        return means_of(
            self.file, self.world.surroundings(), make=None, now=lambda: NOW, token=str, progress=self.world.told
        )

    def scale(self, count: int) -> Scaled:
        return self._change(lambda group: scaled(group, count))

    def move(self, site: str) -> Scaled:
        return self._change(lambda group: moved(group, site))

    @property
    def machines(self) -> list[str]:
        found = self.world.server.droplets.values()
        return sorted(f"{one['name'].removeprefix('festning-nordlys-')}@{one['region']['slug']}" for one in found)

    @property
    def edges(self) -> list[str]:
        return [edge.name for edge in load_fortress(self.file).edges]


@pytest.fixture
def stage(world: World) -> Stage:  # noqa: F811 (the fixture)
    world.up()
    made = Stage(world, Hosts(world.file))
    handle = world.server._handle

    def watched(request: Any) -> Answer:
        """No machine goes while people are sent to it, before it was drained, or while cores know it."""
        if request.method == "DELETE" and "droplets" in request.path:
            machine = world.server.droplets.get(int(request.path.rstrip("/").rsplit("/", 1)[1]))
            name = machine["name"].removeprefix("festning-nordlys-") if machine else ""
            assert name not in made.hosts.people_at
            assert name not in made.hosts.known
        return handle(request)

    world.server._handle = watched
    return made


def test_more_edges_are_made_joined_verified_and_only_then_met(stage: Stage) -> None:
    before = stage.file.read_text()
    done = stage.scale(4)
    assert stage.hosts.done == [
        "apply edge1 edge2 edge3 edge4",
        "verify edge1 edge2 edge3 edge4",
        "point edge1 edge2 edge3 edge4",
    ]
    assert (done.whole, done.made, done.gone) == (True, ("edge3", "edge4"), ())
    assert stage.machines == ["edge1@ams3", "edge2@ams3", "edge3@ams3", "edge4@ams3"]
    assert stage.file.read_text() == before.replace("count: 2", "count: 4")


def test_fewer_edges_leave_the_answers_the_traffic_the_file_the_cores_and_the_cloud_in_this_order(
    stage: Stage,
) -> None:
    before = stage.file.read_text()
    stage.scale(4)
    stage.hosts.done.clear()
    done = stage.scale(2)
    assert stage.hosts.done == [
        "verify edge1 edge2",
        "point edge1 edge2",
        "wait 60",
        "leave edge3 edge4",
        "apply edge1 edge2",
        "verify edge1 edge2",
    ]
    assert (done.whole, done.made, sorted(done.gone)) == (True, (), ["edge3", "edge4"])
    assert stage.machines == ["edge1@ams3", "edge2@ams3"]
    assert len(stage.world.server.firewalls) == 2
    assert stage.file.read_text() == before


def test_a_move_makes_new_ones_first_and_takes_the_old_ones_away_last(stage: Stage) -> None:
    before = stage.file.read_text()
    done = stage.move("frankfurt")
    assert stage.hosts.done == [
        "apply edge1 edge2 edge3 edge4",
        "verify edge3 edge4",
        "point edge3 edge4",
        "wait 60",
        "leave edge1 edge2",
        "apply edge3 edge4",
        "verify edge3 edge4",
    ]
    assert (done.made, sorted(done.gone)) == (("edge3", "edge4"), ["edge1", "edge2"])
    assert stage.machines == ["edge3@fra1", "edge4@fra1"]
    stage.hosts.known = stage.hosts.people_at = frozenset()
    stage.move("dublin")
    assert stage.machines == ["edge1@ams3", "edge2@ams3"]
    assert stage.file.read_text() == before


def test_twice_is_nothing_to_do(stage: Stage) -> None:
    for again in (lambda: stage.scale(2), lambda: stage.move("dublin")):
        before, machines = stage.file.stat(), stage.machines
        done = again()
        assert not done.changed
        assert done.whole
        assert stage.machines == machines
        assert stage.file.stat().st_ino == before.st_ino


SCALED_UP = (lambda stage: stage.scale(4), 3)
SCALED_DOWN = (lambda stage: stage.scale(1), 6)
MOVED = (lambda stage: stage.move("frankfurt"), 7)


@pytest.mark.parametrize(
    ("act", "crash"),
    [(act, crash) for act, steps in (SCALED_UP, SCALED_DOWN, MOVED) for crash in range(steps)],
)
def test_wherever_a_run_ends_the_same_command_goes_on(stage: Stage, act: Callable[[Stage], Scaled], crash: int) -> None:
    stage.hosts.crash_after = crash
    with pytest.raises(CrashError):
        act(stage)
    assert stage.hosts.people_at <= {name.split("@")[0] for name in stage.machines}
    stage.hosts.crash_after = 10_000
    assert act(stage).whole
    _settled(stage)


@pytest.mark.parametrize("act", [SCALED_UP[0], SCALED_DOWN[0], MOVED[0]])
@pytest.mark.parametrize("crash", [1, 2, 4, 7, 10, 14, 18, 23, 30, 40, 55, 70])
def test_wherever_the_cloud_is_lost_the_same_command_goes_on(
    stage: Stage, act: Callable[[Stage], Scaled], crash: int
) -> None:
    """So many requests arrive, the last one's answer does not, nor anything after it."""
    handle, count = stage.world.server._handle, 0

    def dying(request: Any) -> Answer:
        nonlocal count
        count += 1
        answer = handle(request) if count <= crash else None
        return answer if answer and count < crash else Answer(400, {"message": "the line is dead"})

    stage.world.server._handle = dying
    try:
        act(stage)
    except FestningError:
        assert count >= crash
    stage.world.server._handle = handle
    assert act(stage).whole
    _settled(stage)


def _settled(stage: Stage) -> None:
    """Everything is as the file says, which says that nothing is under way."""
    assert not any(edge.leaving for edge in load_fortress(stage.file).edges)
    assert [name.split("@")[0] for name in stage.machines] == stage.edges
    assert stage.hosts.people_at == set(stage.edges)
    assert stage.world.orphans() == []
    assert len(stage.world.server.firewalls) == len(stage.edges)


def test_a_move_that_was_interrupted_can_be_taken_back(stage: Stage) -> None:
    before = stage.file.read_text()
    stage.hosts.crash_after = 5
    with pytest.raises(CrashError):
        stage.move("frankfurt")
    stage.hosts.crash_after = 10_000
    stage.move("dublin")
    assert stage.machines == ["edge1@ams3", "edge2@ams3"]
    assert stage.file.read_text() == before
    _settled(stage)


def test_nobody_leaves_while_what_is_new_is_not_well(stage: Stage) -> None:
    stage.hosts.verdict = Verdict.FAIL
    done = stage.move("frankfurt")
    assert not done.whole
    assert stage.hosts.people_at == frozenset()
    assert stage.machines == ["edge1@ams3", "edge2@ams3", "edge3@fra1", "edge4@fra1"]
    assert [edge.leaving for edge in load_fortress(stage.file).edges] == [True, True, False, False]
    stage.hosts.verdict = Verdict.PASS
    assert stage.move("frankfurt").whole


def test_edges_that_are_dead_may_be_left(stage: Stage) -> None:
    stage.hosts.fails = frozenset({"edge1", "edge2"})
    assert stage.move("frankfurt").whole
    assert stage.machines == ["edge3@fra1", "edge4@fra1"]


def test_machines_stay_while_a_core_still_knows_them(stage: Stage) -> None:
    stage.hosts.fails = frozenset({"core2"})
    done = stage.scale(1)
    assert not done.whole
    assert stage.machines == ["edge1@ams3", "edge2@ams3"]
    stage.hosts.fails = frozenset()
    assert stage.scale(1).whole
    assert stage.machines == ["edge1@ams3"]


def test_what_the_policy_forbids_is_refused_before_anything_is_touched(stage: Stage) -> None:
    stage.world.change("# Who may reach SSH", "logs: {addresses: full}\n# Who may reach SSH")
    stage.world.change(
        "personal: {countries: [NO], operators: [NO]}", "personal: {countries: [NO, NL], operators: [NO, US]}"
    )
    text, machines = stage.file.read_text(), stage.machines
    stage.world.server.requests.clear()
    with pytest.raises(UsageError, match="not be allowed, and nothing was changed"):
        stage.move("frankfurt")
    assert (stage.file.read_text(), stage.machines, stage.hosts.done) == (text, machines, [])
    assert stage.world.server.requests == []


def test_hosts_that_stay_keep_their_numbers_or_nothing_is_done(stage: Stage) -> None:
    line = next(line for line in stage.file.read_text().splitlines() if line.startswith("  edge:"))
    stage.world.change(line, f"{line}\n  later: {{site: bergen, role: edge, address: 198.51.100.9}}")
    with pytest.raises(UsageError, match="outgrow its room: later") as told:
        stage.scale(20)
    assert "number: 32" in str(told.value.hint)
    assert len(stage.machines) == 2


def test_somebody_elses_change_of_the_file_is_not_written_over(stage: Stage) -> None:
    def decide(group: Any) -> Any:
        stage.world.change("memory: 4GiB", "memory: 8GiB")
        return scaled(group, 3)

    with pytest.raises(UsageError, match="changed by somebody else"):
        stage._change(decide)
    assert "memory: 8GiB" in stage.file.read_text()
    assert "count: 2" in stage.file.read_text()


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(stage: Stage) -> None:
    real = stage.file.with_name("real.yaml")
    stage.file.rename(real)
    real.chmod(0o640)
    stage.file.symlink_to(real.name)
    stage.scale(3)
    assert stage.file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "count: 3" in real.read_text()
    assert sorted(one.name for one in real.parent.glob(".*")) == []


def test_another_vendor_must_be_told_the_size(stage: Stage) -> None:
    means = stage.means
    stage.world.change("provider: digitalocean\n    region: fra1", "provider: upcloud\n    region: de-fra1")
    with pytest.raises(UsageError, match="is digitalocean's name for a size, and frankfurt is at upcloud") as told:
        scaling_edges.move(stage.file, "edge", "frankfurt", means)
    assert "--size UPCLOUD_SIZE" in str(told.value.hint)


@pytest.mark.parametrize(("site", "words"), [("frankfort", "there is no site"), ("oslo", "festning makes no machines")])
def test_sites_without_machines_to_make_are_refused(stage: Stage, site: str, words: str) -> None:
    text = stage.file.read_text()
    with pytest.raises(UsageError, match=words):
        scaling_edges.move(stage.file, "edge", site, stage.means, size="any")
    assert stage.file.read_text() == text


def test_a_fortress_that_is_not_up_is_not_scaled(world: World) -> None:  # noqa: F811
    stage = Stage(world, Hosts(world.file))
    with pytest.raises(FestningError, match="no vault"):
        stage.scale(3)
    assert "count: 2" in world.file.read_text()


def test_a_dead_edge_is_made_anew_under_its_name(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling_edges, "Hosts", lambda *_: stage.hosts)
    before, text = set(stage.world.server.droplets), stage.file.read_text()
    done = scaling_edges.replace(stage.file, "edge2", stage.means)
    assert (done.whole, done.made) == (True, ("edge2",))
    assert stage.hosts.done == ["apply edge1 edge2", "verify edge2", "point edge1 edge2"]
    assert stage.machines == ["edge1@ams3", "edge2@ams3"]
    assert len(before & set(stage.world.server.droplets)) == 1
    assert stage.file.read_text() == text
    with pytest.raises(UsageError, match="no edge 'core1'"):
        scaling_edges.replace(stage.file, "core1", stage.means)


# The command line


@pytest.fixture
def run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line with this world's clouds and hosts."""
    monkeypatch.setattr("festning.cli.scaling.surroundings", stage.world.surroundings)
    monkeypatch.setattr(scaling_edges, "Hosts", lambda *_: stage.hosts)
    return lambda *arguments: CliRunner().invoke(app, ["--file", str(stage.file), *arguments])


def test_the_verb_scale(stage: Stage, run: Callable[..., Any]) -> None:
    grown = run("scale", "edge", "3")
    assert (grown.exit_code, bool(re.search(r"edge3 +dublin +NL .* new +1 pass", grown.stdout))) == (0, True)
    again = run("scale", "edge", "3")
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "nothing to do")
    stage.hosts.verdict = Verdict.FAIL
    held = json.loads(run("--json", "scale", "edge", "1").stdout)
    assert (held["whole"], held["changed"], [one["leaving"] for one in held["edges"]]) == (
        False,
        False,
        [False, True, True],
    )
    stage.hosts.verdict = Verdict.PASS
    shrunk = run("--json", "scale", "edge", "1")
    document = json.loads(shrunk.stdout)
    assert shrunk.exit_code == 0
    assert (sorted(document["gone"]), [one["host"] for one in document["edges"]]) == (["edge2", "edge3"], ["edge1"])
    assert isinstance(run("scale", "edge", "0").exception, UsageError)


def test_the_verb_move_and_its_exit_codes(stage: Stage, run: Callable[..., Any]) -> None:
    stage.hosts.verdict = Verdict.FAIL
    stopped = run("move", "edge", "--to", "frankfurt")
    assert stopped.exit_code == 1
    assert "running the same command again goes on" in stopped.stdout
    stage.hosts.verdict, stage.hosts.fails = Verdict.PASS, frozenset({"core1"})
    assert run("move", "edge", "--to", "frankfurt").exit_code == 3
    assert stage.machines == ["edge1@ams3", "edge2@ams3", "edge3@fra1", "edge4@fra1"]
    stage.hosts.fails = frozenset()
    moved_away = run("move", "edge", "--to", "frankfurt")
    assert moved_away.exit_code == 0
    assert "gone: edge1, edge2" in moved_away.stdout
    assert "note: as before in the file: traffic of edge" in moved_away.stdout
