"""A fortress whose edges are rented, from its file to its endpoints and back, at a server in DigitalOcean's place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from festning.cli.app import app
from festning.cli.main import _run  # noqa: F401 (registers the commands)
from festning.errors import FestningError, ProviderError, UsageError
from festning.model.load import load_fortress
from festning.providers.cloud.connect import connect
from festning.providers.cloud.rented import Place, Rented
from festning.vault.age import generate_identity
from festning.workflows import letting_go, raising, renting
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.renting import Landlords
from tests.conftest import EXAMPLE
from tests.providers.cloud.api_server import Answer, Trouble
from tests.providers.cloud.conftest import Time
from tests.providers.cloud.digitalocean_server import TOKEN, DigitalOceanServer

NOW = datetime(2026, 11, 26, tzinfo=UTC)
IDENTITY, _ = generate_identity()
DUBLIN = """\
    provider: ec2
    region: eu-west-1
    country: IE
    operator: {name: Amazon, jurisdiction: US}
"""
AMSTERDAM = """\
    provider: digitalocean
    region: ams3
    country: NL
    operator: {name: DigitalOcean, jurisdiction: US}
"""
SIZE = "s-1vcpu-1gb"


@dataclass
class Told:
    stages: list[str] = field(default_factory=list)

    def stage(self, title: str) -> None:
        self.stages.append(title)

    def detail(self, text: str) -> None:
        pass


@dataclass
class World:
    """A file, an account, and how long things take."""

    file: Path
    server: DigitalOceanServer
    time: Time = field(default_factory=Time)
    told: Told = field(default_factory=Told)
    knocks: list[tuple[str, int]] = field(default_factory=list)
    answering: Callable[[str, int], bool] = lambda _address, _port: True

    def surroundings(self) -> Surroundings:
        environment = {"FESTNING_IDENTITY": IDENTITY, "DIGITALOCEAN_TOKEN": TOKEN}

        def landlords() -> Landlords:
            def to(place: Place) -> Any:
                return connect(place, environment, self.time.patience(), token=str, endpoint=self.server.url)

            return Landlords(to, self.time.patience(), self.answers)

        return Surroundings(environment, "kari@desk", None, date(2026, 11, 26), landlords)

    def answers(self, address: str, port: int) -> bool:
        self.knocks.append((address, port))
        return self.answering(address, port)

    def up(self) -> Opened:
        """What ``up`` does before it applies."""
        return raising._provision(self.file, self.surroundings(), make=None, now=lambda: NOW, progress=self.told)

    def open(self) -> Opened:
        return open_fortress(self.file, self.surroundings(), lab=False)

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text, old
        self.file.write_text(text.replace(old, new))

    def orphans(self) -> list[str]:
        return [one.id for one in letting_go.orphans(self.file, self.surroundings()).machines]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    made = World(tmp_path / "fortress.yaml", DigitalOceanServer())
    made.change(DUBLIN, AMSTERDAM)
    made.change("t3.small", SIZE)
    yield made
    made.server.close()


def yes(_fortress: object, _machines: object) -> bool:
    return True


def never(_fortress: object, _machines: object) -> bool:
    raise AssertionError("nobody is to be asked")


def test_machines_are_rented_and_come_to_with_the_keys_that_were_chosen(world: World) -> None:
    opened = world.up()
    edge1 = opened.fortress.host("edge1")
    assert str(edge1.address).startswith("203.0.113.")
    endpoint = opened.provider.endpoint("edge1")
    assert (endpoint.address, endpoint.port, endpoint.user) == (str(edge1.address), 22, "root")
    droplet = next(one for one in world.server.droplets.values() if one["name"] == "festning-nordlys-edge1")
    assert endpoint.known_host_key == opened.vault.lookup("ssh/host/edge1.pub")
    assert endpoint.known_host_key.split()[1] in droplet["user_data"]
    assert endpoint.client_key == opened.vault.lookup("ssh/operator")
    assert world.knocks == [(str(edge1.address), 22), (str(opened.fortress.host("edge2").address), 22)]


def test_hosts_that_exist_already_are_as_declared(world: World) -> None:
    opened = world.up()
    core = opened.provider.endpoint("core1")
    assert (core.address, core.known_host_key, core.client_key) == ("203.0.113.11", None, None)
    assert len(opened.endpoints()) == 5


def test_up_again_changes_nothing(world: World) -> None:
    first, before = world.up(), {key: dict(one) for key, one in world.server.droplets.items()}
    vault = (world.file.parent / "vault.age").read_bytes()
    world.server.requests.clear()
    again = world.up()
    assert again.fortress == first.fortress
    assert world.server.droplets == before
    assert (world.file.parent / "vault.age").read_bytes() == vault
    assert {one.method for one in world.server.requests} == {"GET", "PUT"}  # The firewalls are set anew.


def test_verbs_that_look_find_machines_by_their_tags_and_make_none(world: World) -> None:
    with pytest.raises(FestningError, match="no vault"):
        world.open()
    up = world.up()
    world.server.requests.clear()
    assert world.open().fortress == up.fortress
    assert {one.method for one in world.server.requests} == {"GET"}
    world.server.droplets.clear()
    with pytest.raises(UsageError, match="no machine is rented yet for edge1, edge2") as told:
        world.open()
    assert told.value.hint == "festning up rents it"


def test_the_firewalls_are_made_of_the_declared_flows(world: World) -> None:
    world.change(
        "role: edge, count: 2", "role: edge, count: 2, open: [{port: 9100, from: [192.0.2.9/32], why: metrics}]"
    )
    world.up()
    for firewall in world.server.firewalls.values():
        rules = {(one["protocol"], one.get("ports")): one["sources"]["addresses"] for one in firewall["inbound_rules"]}
        assert rules == {
            ("icmp", None): ["0.0.0.0/0", "::/0"],
            ("tcp", "22"): ["192.0.2.0/24"],
            ("tcp", "80"): ["0.0.0.0/0", "::/0"],
            ("tcp", "443"): ["0.0.0.0/0", "::/0"],
            ("tcp", "9100"): ["192.0.2.9/32"],
        }


def test_a_rented_hub_lets_in_the_rented_edges_once_their_addresses_are_known(world: World) -> None:
    world.change("bergen:\n    provider: static", "bergen:\n    provider: digitalocean\n    region: fra1")
    world.change("address: 198.51.100.5", f"size: {SIZE}")
    opened = world.up()
    firewall = next(one for one in world.server.firewalls.values() if one["name"] == "festning-nordlys-arbiter")
    (udp,) = [one for one in firewall["inbound_rules"] if one["protocol"] == "udp"]
    assert udp["ports"] == "1194"
    assert udp["sources"]["addresses"] == sorted(f"{core.address}/32" for core in opened.fortress.cores)


@pytest.mark.parametrize("crash", range(1, 24))
def test_wherever_a_run_crashes_the_next_one_carries_on(crash: int, world: World) -> None:
    """So many requests arrive, and the last one's answer does not, nor anything after it: nothing is made twice."""
    handle, count = world.server._handle, 0

    def dying(request: Any) -> Answer:
        nonlocal count
        count += 1
        lost = Answer(400, {"message": "the operator's machine lost its power"})
        answer = handle(request) if count <= crash else lost
        return answer if count < crash else lost

    world.server._handle = dying
    try:
        world.up()
    except FestningError:
        assert count >= crash
    world.server._handle = handle
    world.up()
    names = sorted(one["name"] for one in world.server.droplets.values())
    assert names == ["festning-nordlys-edge1", "festning-nordlys-edge2"]
    assert len(world.server.firewalls) == 2
    assert len(world.server.keys) == 1
    assert world.orphans() == []


def test_one_that_cannot_be_had_does_not_keep_the_others_from_being_made(world: World) -> None:
    world.server.troubles.append(Trouble(Answer(422, {"message": "exceed your droplet limit"}), 1, "POST", "droplets"))
    with pytest.raises(ProviderError, match="rent edge1") as told:
        world.up()
    assert "festning orphans" in str(told.value.hint)
    assert [one["name"] for one in world.server.droplets.values()] == ["festning-nordlys-edge2"]
    world.up()
    assert len(world.server.droplets) == 2


def test_all_that_went_wrong_is_told_at_once(world: World) -> None:
    world.server.droplet_limit = 0
    with pytest.raises(ProviderError, match=r"rent edge1 .*\nrent edge2 "):
        world.up()


def test_a_machine_that_never_runs_is_told_after_a_while(world: World) -> None:
    world.server.boots_after = None
    with pytest.raises(ProviderError, match="edge1, edge2: after 10 minutes there is no running machine") as told:
        world.up()
    assert 600 <= world.time.now < 660
    assert "destroy it there" in str(told.value.hint)
    assert len(world.server.droplets) == 2


def test_a_machine_whose_ssh_never_answers_is_told_after_a_while(world: World) -> None:
    world.answering = lambda _address, _port: False
    with pytest.raises(
        ProviderError, match=r"edge1: its machine runs, and 203\.0\.113\.\d+ does not answer at port 22"
    ):
        world.up()
    assert 600 <= world.time.now < 660


def test_a_machine_that_was_stopped_is_told_and_not_replaced(world: World) -> None:
    world.up()
    for droplet in world.server.droplets.values():
        droplet["status"] = "off"
    for act in (world.up, world.open):
        with pytest.raises(ProviderError, match=r"edge1: its machine .* is stopped"):
            act()
    assert len(world.server.droplets) == 2


def test_a_second_machine_of_a_host_is_taken_away_and_the_first_one_stays(world: World) -> None:
    world.up()
    first = dict(world.server.droplets)
    edge1 = next(one for one in first.values() if one["name"].endswith("edge1"))
    twin = world.server.droplet(edge1["name"], edge1["tags"])
    assert world.orphans() == [str(twin)]
    world.up()
    assert world.server.droplets == first


def test_what_is_not_declared_any_more_is_listed_and_stays_until_somebody_agrees(world: World) -> None:
    world.up()
    world.change("count: 2", "count: 1")
    world.up()
    assert any("edge2 (digitalocean ams3); see festning orphans" in stage for stage in world.told.stages)
    (machine,) = letting_go.orphans(world.file, world.surroundings()).machines
    assert machine.host == "edge2"

    def no(_fortress: object, machines: list[Rented]) -> bool:
        assert list(machines) == [machine]
        return False

    with pytest.raises(UsageError, match="nothing was done"):
        letting_go.remove_orphans(world.file, world.surroundings(), no, world.told)
    assert len(world.server.droplets) == 2
    letting_go.remove_orphans(world.file, world.surroundings(), yes, world.told)
    assert [one["name"] for one in world.server.droplets.values()] == ["festning-nordlys-edge1"]
    assert [one["name"] for one in world.server.firewalls.values()] == ["festning-nordlys-edge1"]
    assert len(world.server.keys) == 1
    letting_go.remove_orphans(world.file, world.surroundings(), never, world.told)


def test_a_host_that_moved_to_another_region_is_rented_there_and_the_old_one_is_an_orphan(world: World) -> None:
    world.up()
    old = set(world.server.droplets)
    world.change("region: ams3", "region: fra1")
    with pytest.raises(UsageError, match="no machine is rented yet"):
        world.open()
    assert {int(one) for one in world.orphans()} == old


def test_down_destroys_everything_that_is_rented_and_nothing_else(world: World) -> None:
    world.up()
    world.change("count: 2", "count: 1")
    theirs = world.server.droplet("festning-other-edge1", ["festning:nordlys:ffffffffffff:edge1"])
    gone = letting_go.take_down(world.file, world.surroundings(), yes, world.told)
    assert sorted(one.host for one in gone.machines) == ["edge1", "edge2"]
    assert list(world.server.droplets) == [theirs]
    assert (world.server.firewalls, world.server.keys) == ({}, {})
    letting_go.take_down(world.file, world.surroundings(), never, world.told)


def test_down_carries_on_after_what_went_wrong(world: World) -> None:
    world.up()
    world.server.troubles.append(Trouble(Answer(400, {"message": "no"}), 1, "DELETE", "droplets"))
    with pytest.raises(ProviderError, match="destroy festning-nordlys-edge1"):
        letting_go.take_down(world.file, world.surroundings(), yes, world.told)
    assert [one["name"] for one in world.server.droplets.values()] == ["festning-nordlys-edge1"]
    letting_go.take_down(world.file, world.surroundings(), yes, world.told)
    assert world.server.droplets == {}


def test_another_vault_of_the_same_name_touches_nothing(world: World) -> None:
    world.up()
    before = {key: dict(one) for key, one in world.server.droplets.items()}
    (world.file.parent / "vault.age").unlink()
    with pytest.raises(UsageError, match="did not make"):
        world.up()
    assert world.orphans() == []
    letting_go.take_down(world.file, world.surroundings(), never, world.told)
    assert world.server.droplets == before


def test_wrong_credentials_are_told_with_their_name(world: World) -> None:
    world.up()
    none = replace(world.surroundings(), landlords=lambda: renting.landlords({}, world.time.patience(), str))
    with pytest.raises(UsageError, match="DIGITALOCEAN_TOKEN is not set"):
        open_fortress(world.file, none, lab=False)


def test_a_fortress_without_rented_machines_loads_nothing_of_clouds(world: World) -> None:
    world.change("provider: digitalocean\n    region: ams3\n", "provider: static\n")
    program = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from festning.workflows.opening import Surroundings, open_fortress\n"
        f"file = Path({str(world.file)!r})\n"
        "try: open_fortress(file, Surroundings({}, 'x', None, date(2026, 11, 26)), lab=False)\n"
        "except Exception as error: print(error)\n"
        "print([name for name in sys.modules if 'libcloud' in name or 'providers.cloud' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "no address is declared for edge1, edge2" in done.stdout


def test_a_site_that_nobody_is_at_yet_needs_no_credentials_until_its_machines_are_looked_for(world: World) -> None:
    world.change("provider: digitalocean\n    region: fra1", "provider: upcloud\n    region: de-fra1")
    assert len(world.up().endpoints()) == 5
    with pytest.raises(UsageError, match="UPCLOUD"):
        world.orphans()


# The command line


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command line with this world's clouds; ``typed`` is what somebody types, at a terminal."""
    monkeypatch.setattr("festning.cli.rent.surroundings", world.surroundings)

    def call(*arguments: str, typed: str | None = None) -> Any:
        stdin = SimpleNamespace(isatty=lambda: typed is not None)
        monkeypatch.setattr("festning.cli.rent.sys", SimpleNamespace(stdin=stdin))
        return CliRunner().invoke(app, ["--file", str(world.file), *arguments], input=f"{typed}\n")

    return call


def test_the_verb_orphans(world: World, run: Callable[..., Any]) -> None:
    world.up()
    assert "nordlys: nothing is rented that is not declared" in run("orphans").stdout
    world.change("count: 2", "count: 1")
    listed = run("orphans")
    assert (listed.exit_code, bool(re.search(r"edge2 +digitalocean +ams3", listed.stdout))) == (0, True)
    assert "festning orphans --remove" in listed.stdout
    document = json.loads(run("--json", "orphans").stdout)
    assert [one["host"] for one in document["orphans"]] == ["edge2"]
    assert document["removed"] is False
    assert isinstance(run("orphans", "--remove").exception, UsageError)
    assert isinstance(run("orphans", "--remove", typed="bergen").exception, UsageError)
    assert len(world.server.droplets) == 2
    removed = run("orphans", "--remove", typed="nordlys")
    assert (removed.exit_code, "are gone" in removed.stdout) == (0, True)
    assert len(world.server.droplets) == 1


def test_the_verb_down_without_a_lab(world: World, run: Callable[..., Any]) -> None:
    world.up()
    assert isinstance(run("down").exception, UsageError)
    assert len(world.server.droplets) == 2
    gone = run("down", typed="nordlys")
    assert gone.exit_code == 0
    assert "nothing is rented for nordlys" in gone.stdout
    assert "This destroys, with all that is on them: edge1 (digitalocean ams3" in gone.stderr
    assert world.server.droplets == {}


def test_down_is_refused_where_nothing_was_ever_rented(world: World, run: Callable[..., Any]) -> None:
    world.change("provider: digitalocean\n    region: ams3\n", "provider: static\n")
    world.change("provider: digitalocean\n    region: fra1\n", "provider: static\n")
    refused = run("down", typed="nordlys").exception
    assert isinstance(refused, UsageError)
    assert "these hosts were there before it" in refused.message


def test_the_example_says_what_it_rents() -> None:
    fortress = load_fortress(EXAMPLE / "fortress.yaml")
    assert [host.name for host in fortress.hosts if host.rented] == ["edge1", "edge2"]
