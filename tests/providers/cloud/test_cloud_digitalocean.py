"""DigitalOcean, over HTTP against a server that answers as its API reference says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from festning.errors import FestningError, ProviderError, UsageError
from festning.providers.cloud.digitalocean import DigitalOcean
from festning.providers.cloud.rented import Claim, Place, State, Wanted
from tests.providers.cloud.api_server import Answer, Trouble
from tests.providers.cloud.conftest import HTTPS, PUBLIC_KEY, Time
from tests.providers.cloud.digitalocean_server import TOKEN, DigitalOceanServer

AMS = Place("digitalocean", "ams3")
SIZE = "s-1vcpu-1gb"
STORM = Answer(500, {"id": "server_error", "message": "Unexpected server-side error"})
LIMITED = Answer(429, {"id": "too_many_requests", "message": "API rate limit exceeded."}, {"retry-after": "20"})
GATEWAY = Answer(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"})


@pytest.fixture
def cloud(digitalocean: DigitalOceanServer, time: Time) -> DigitalOcean:
    return connect(digitalocean, time)


def connect(server: DigitalOceanServer, time: Time, *, token: str = TOKEN, per_page: int = 200) -> DigitalOcean:
    given = {"DIGITALOCEAN_TOKEN": token}
    return DigitalOcean("ams3", given, time.patience(), endpoint=server.url, per_page=per_page)


@pytest.fixture
def edge1(want: Callable[..., Wanted]) -> Wanted:
    return want(AMS, SIZE)


def test_a_droplet_is_made_found_and_destroyed(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, claim: Claim
) -> None:
    made = cloud.create(edge1)
    assert (made.host, made.name, made.place, made.state) == ("edge1", "festning-nordlys-edge1", AMS, State.STARTING)
    cloud.machines(claim)
    (found,) = cloud.machines(claim)
    assert (found.id, found.state, found.created) == (made.id, State.RUNNING, made.created)
    assert [address.partition(".")[0] for address in found.addresses] == ["203", "2001:db8::" + found.addresses[1][10:]]
    (droplet,) = digitalocean.droplets.values()
    assert droplet["user_data"] == edge1.user_data
    cloud.destroy(claim, found)
    cloud.sweep(claim)
    assert (digitalocean.droplets, digitalocean.firewalls, digitalocean.keys, digitalocean.tags) == ({}, {}, {}, set())


def test_the_firewall_lets_in_what_is_declared_and_holds_from_the_first_moment(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    cloud.create(edge1)
    (firewall,) = digitalocean.firewalls.values()
    (droplet,) = digitalocean.droplets.values()
    assert set(firewall["tags"]) < set(droplet["tags"])
    methods = [(one.method, one.path) for one in digitalocean.requests]
    assert methods.index(("POST", "/v2/firewalls")) < methods.index(("POST", "/v2/droplets"))
    rules = [(rule["protocol"], rule.get("ports"), rule["sources"]["addresses"]) for rule in firewall["inbound_rules"]]
    assert rules == [
        ("icmp", None, ["0.0.0.0/0", "::/0"]),
        ("tcp", "22", ["192.0.2.0/24", "2001:db8:1::/48"]),
        ("tcp", "443", ["0.0.0.0/0", "::/0"]),
    ]
    assert {rule["protocol"] for rule in firewall["outbound_rules"]} == {"tcp", "udp", "icmp"}


def test_a_changed_flow_changes_the_firewall_that_is_there(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    cloud.create(edge1)
    cloud.guard(replace(edge1, openings=(HTTPS,)))
    (firewall,) = digitalocean.firewalls.values()
    assert [rule["ports"] for rule in firewall["inbound_rules"]] == ["443"]


def test_making_it_again_adopts_what_is_there(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    assert cloud.create(edge1).id == cloud.create(edge1).id
    assert len(digitalocean.droplets) == 1


def test_an_answer_that_was_lost_makes_no_second_droplet(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    for path in ("droplets", "firewalls", "keys"):
        digitalocean.troubles.append(Trouble(STORM, method="POST", words=path, after=True))
    made = cloud.create(edge1)
    assert [int(made.id)] == list(digitalocean.droplets)
    assert len(digitalocean.firewalls) == len(digitalocean.keys) == 1


def test_a_run_that_crashed_right_after_making_one_is_carried_on_by_the_next(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, time: Time, claim: Claim
) -> None:
    digitalocean.troubles.append(
        Trouble(Answer(400, {"message": "gone wrong"}), method="POST", words="droplets", after=True)
    )
    with pytest.raises(ProviderError):
        cloud.create(edge1)
    (left,) = connect(digitalocean, time).machines(claim)
    assert connect(digitalocean, time).create(edge1).id == left.id
    assert len(digitalocean.droplets) == 1


@pytest.mark.parametrize("storm", [STORM, GATEWAY, LIMITED])
def test_a_storm_is_waited_out(
    storm: Answer, cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, time: Time
) -> None:
    digitalocean.troubles.append(Trouble(storm, times=4))
    assert cloud.create(edge1).host == "edge1"
    assert len(time.slept) == 4
    assert time.slept == ([20.0] * 4 if storm is LIMITED else [1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize(
    ("storm", "words"),
    [(STORM, "server-side error"), (GATEWAY, "not an answer of the API"), (LIMITED, "too many requests")],
)
def test_a_storm_that_does_not_end_is_told_after_a_while(
    storm: Answer, words: str, cloud: DigitalOcean, digitalocean: DigitalOceanServer, claim: Claim
) -> None:
    digitalocean.troubles.append(Trouble(storm, times=10_000))
    with pytest.raises(ProviderError, match=words) as told:
        cloud.machines(claim)
    assert len(digitalocean.requests) == 7
    assert "run the same command again" in str(told.value.hint)


def test_a_wait_that_is_too_long_is_not_waited_for(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, claim: Claim, time: Time
) -> None:
    digitalocean.troubles.append(Trouble(replace(LIMITED, headers={"retry-after": "3600"}), times=9))
    with pytest.raises(ProviderError, match="too many requests"):
        cloud.machines(claim)
    assert time.slept == []


def test_wrong_credentials_are_told_at_once(digitalocean: DigitalOceanServer, time: Time, claim: Claim) -> None:
    with pytest.raises(UsageError, match="Unable to authenticate you") as told:
        connect(digitalocean, time, token="wrong").machines(claim)
    assert "DIGITALOCEAN_TOKEN" in str(told.value.hint)
    assert len(digitalocean.requests) == 1
    with pytest.raises(UsageError, match="DIGITALOCEAN_TOKEN is not set"):
        connect(digitalocean, time, token="")


@pytest.mark.parametrize(
    ("changes", "words", "hint"),
    [
        ({"size": "s-9999"}, "size s-9999.*invalid size", "`size:`"),
        ({"image": "debian-1-x64"}, "image debian-1-x64.*invalid image", "`image:`"),
    ],
)
def test_what_the_provider_does_not_have_is_bad_usage(
    changes: dict[str, str], words: str, hint: str, cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    with pytest.raises(UsageError, match=words) as told:
        cloud.create(replace(edge1, **changes))
    assert hint in str(told.value.hint)
    assert len(digitalocean.asked("POST", "droplets")) == 1


def test_an_unknown_region_is_bad_usage(digitalocean: DigitalOceanServer, time: Time, edge1: Wanted) -> None:
    moon = DigitalOcean("moon1", {"DIGITALOCEAN_TOKEN": TOKEN}, time.patience(), endpoint=digitalocean.url)
    with pytest.raises(UsageError, match="invalid region") as told:
        moon.create(edge1)
    assert "`region:`" in str(told.value.hint)


def test_a_quota_is_told_with_a_way_out(cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted) -> None:
    digitalocean.droplet_limit = 0
    with pytest.raises(ProviderError, match=r"rent edge1 .*droplet limit") as told:
        cloud.create(edge1)
    assert not isinstance(told.value, UsageError)
    assert "festning orphans" in str(told.value.hint)
    assert len(digitalocean.asked("POST", "droplets")) == 1


def test_somebody_elses_droplet_of_that_name_is_never_touched(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, claim: Claim
) -> None:
    other = ["festning:nordlys:ffffffffffff", "festning:nordlys:ffffffffffff:edge1"]
    for tags in ((), ["nordlys"], other):
        number = digitalocean.droplet(edge1.name, tags)
        before = dict(digitalocean.droplets[number])
        with pytest.raises(UsageError, match="did not make"):
            cloud.create(edge1)
        assert cloud.machines(claim) == ()
        assert digitalocean.droplets.pop(number)["tags"] == before["tags"]
    assert {one.method for one in digitalocean.requests} == {"GET"}


def test_somebody_elses_firewall_of_that_name_is_never_touched(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, claim: Claim
) -> None:
    theirs = {"id": "x", "name": edge1.name, "tags": ["theirs"], "inbound_rules": [], "outbound_rules": []}
    digitalocean.firewalls["x"] = dict(theirs)
    with pytest.raises(UsageError, match="firewall festning-nordlys-edge1 that this fortress did not make"):
        cloud.create(edge1)
    cloud.sweep(claim)
    assert digitalocean.firewalls == {"x": theirs}
    assert digitalocean.droplets == {}


def test_half_a_claim_is_none(cloud: DigitalOcean, digitalocean: DigitalOceanServer, claim: Claim) -> None:
    digitalocean.droplet("x", ["festning:nordlys:0123456789ab"])
    digitalocean.droplet("y", ["festning:nordlys:0123456789ab:edge1"])
    assert cloud.machines(claim) == ()


def test_lists_are_read_to_their_end(
    digitalocean: DigitalOceanServer, time: Time, want: Callable[..., Wanted], claim: Claim
) -> None:
    cloud = connect(digitalocean, time, per_page=2)
    for number in range(1, 6):
        cloud.create(want(AMS, SIZE, host=f"edge{number}"))
    assert [one.host for one in cloud.machines(claim)] == [f"edge{number}" for number in range(1, 6)]


def test_what_is_gone_already_is_no_error(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, claim: Claim
) -> None:
    made = cloud.create(edge1)
    digitalocean.droplets.clear()
    cloud.destroy(claim, made)
    cloud.destroy(claim, made)
    assert digitalocean.firewalls == {}


def test_taking_a_twin_away_leaves_the_firewall(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted, claim: Claim
) -> None:
    cloud.create(edge1)
    (droplet,) = digitalocean.droplets.values()
    twin = digitalocean.droplet(edge1.name, droplet["tags"])
    cloud.destroy(claim, next(one for one in cloud.machines(claim) if one.id == str(twin)))
    assert len(digitalocean.droplets) == len(digitalocean.firewalls) == 1


def test_a_key_that_the_account_has_is_used(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, edge1: Wanted
) -> None:
    digitalocean.keys[7] = {"id": 7, "name": "mine", "public_key": PUBLIC_KEY.strip()}
    cloud.create(edge1)
    assert list(digitalocean.keys) == [7]


def test_sweeping_keeps_what_is_in_use(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, want: Callable[..., Wanted], claim: Claim
) -> None:
    cloud.create(want(AMS, SIZE))
    cloud.guard(want(AMS, SIZE, host="edge2"))
    cloud.sweep(claim)
    assert [one["name"] for one in digitalocean.firewalls.values()] == ["festning-nordlys-edge1"]
    assert len(digitalocean.keys) == 1
    assert [one.host for one in cloud.machines(claim)] == ["edge1"]


def test_a_defect_is_not_told_as_the_providers_refusal(
    cloud: DigitalOcean, digitalocean: DigitalOceanServer, claim: Claim
) -> None:
    digitalocean.troubles.append(Trouble(Answer(200, {"unexpected": []})))
    with pytest.raises(KeyError):
        cloud.machines(claim)


def test_a_server_that_is_not_there_is_told(time: Time, claim: Claim) -> None:
    nowhere = DigitalOcean("ams3", {"DIGITALOCEAN_TOKEN": "x"}, time.patience(), endpoint="http://127.0.0.1:1")
    with pytest.raises(FestningError, match=r"list droplets: DigitalOcean says \(7 times\)"):
        nowhere.machines(claim)
