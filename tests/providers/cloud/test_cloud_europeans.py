"""cloudscale.ch and UpCloud, over HTTP against servers that answer in the shapes of their API references."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from festning.errors import ProviderError, UsageError
from festning.providers.cloud.cloudscale import Cloudscale
from festning.providers.cloud.rented import Claim, Cloud, Place, State, Wanted
from festning.providers.cloud.upcloud import UpCloud
from tests.providers.cloud.api_server import Answer, Trouble
from tests.providers.cloud.cloudscale_server import TOKEN, CloudscaleServer
from tests.providers.cloud.conftest import PUBLIC_KEY, Time
from tests.providers.cloud.upcloud_server import PASSWORD, TEMPLATE, USER, UpCloudServer

STORM = Answer(503, "<html>Service Unavailable</html>")


@dataclass
class Side:
    """One of the two: its server, the way to it, and what it calls things."""

    server: CloudscaleServer | UpCloudServer
    time: Time
    wanted: Wanted
    make: str
    keys: dict[str, str]

    def cloud(self, region: str = "", **changes: str) -> Cloud:
        kind = Cloudscale if isinstance(self.server, CloudscaleServer) else UpCloud
        place = region or self.wanted.place.region
        return kind(place, {**self.keys, **changes}, self.time.patience(), endpoint=self.server.url)

    def foreign(self, mark: str) -> None:
        labels = {"festning-fortress": "nordlys", "festning-host": "edge1", "festning-mark": mark} if mark else {}
        self.server.server("festning-nordlys-edge1", labels)


@pytest.fixture
def cloudscale(time: Time, want: Callable[..., Wanted]) -> Iterator[Side]:
    wanted = want(Place("cloudscale", "rma1"), "flex-4-2")
    made = Side(CloudscaleServer(), time, wanted, "/v1/servers", {"CLOUDSCALE_API_TOKEN": TOKEN})
    yield made
    made.server.close()


@pytest.fixture
def upcloud(time: Time, want: Callable[..., Wanted]) -> Iterator[Side]:
    wanted = want(Place("upcloud", "fi-hel1"), "1xCPU-2GB")
    keys = {"UPCLOUD_USERNAME": USER, "UPCLOUD_PASSWORD": PASSWORD}
    made = Side(UpCloudServer(), time, wanted, "/1.3/server", keys)
    yield made
    made.server.close()


@pytest.fixture(params=["cloudscale", "upcloud"])
def side(request: pytest.FixtureRequest) -> Side:
    found: Side = request.getfixturevalue(request.param)
    return found


def test_a_server_is_made_found_and_destroyed(side: Side, claim: Claim) -> None:
    cloud = side.cloud()
    rented = cloud.create(side.wanted)
    assert (rented.host, rented.name, rented.place) == ("edge1", "festning-nordlys-edge1", side.wanted.place)
    cloud.machines(claim)
    (found,) = cloud.machines(claim)
    assert (found.id, found.state) == (rented.id, State.RUNNING)
    assert found.addresses == ("203.0.113.1", "2001:db8::1")
    assert found.created is not None
    cloud.guard(side.wanted)
    cloud.destroy(claim, found)
    cloud.destroy(claim, found)
    cloud.sweep(claim)
    assert side.server.servers == {}


def test_what_is_asked_of_cloudscale(cloudscale: Side) -> None:
    cloudscale.cloud().create(replace(cloudscale.wanted, disk_gib=20))
    (server,) = cloudscale.server.servers.values()
    asked = server["asked"]
    assert (asked["image"], asked["volume_size_gb"], asked["ssh_keys"]) == ("debian-13", 20, [PUBLIC_KEY.strip()])
    assert asked["user_data"] == cloudscale.wanted.user_data


def test_what_is_asked_of_upcloud(upcloud: Side) -> None:
    upcloud.cloud().create(upcloud.wanted)
    (server,) = upcloud.server.servers.values()
    asked = server["asked"]
    (disk,) = asked["storage_devices"]["storage_device"]
    assert (disk["storage"], disk["size"], asked["metadata"]) == (TEMPLATE, 25, "yes")
    assert asked["user_data"] == upcloud.wanted.user_data


def test_upcloud_tells_an_image_that_there_is_not(upcloud: Side) -> None:
    with pytest.raises(UsageError, match="no image 'Debian 1' for edge1") as told:
        upcloud.cloud().create(replace(upcloud.wanted, image="Debian 1"))
    assert "Trixie" in str(told.value.hint)


def test_making_it_again_adopts_what_is_there(side: Side) -> None:
    assert side.cloud().create(side.wanted).id == side.cloud().create(side.wanted).id
    assert len(side.server.servers) == 1


def test_an_answer_that_was_lost_makes_no_second_server(side: Side) -> None:
    side.server.troubles.append(Trouble(STORM, method="POST", after=True))
    side.cloud().create(side.wanted)
    assert len(side.server.servers) == 1


@pytest.mark.parametrize("storm", [STORM, Answer(429, {"detail": "slow down"}, {"retry-after": "3"})])
def test_a_storm_is_waited_out_or_told(storm: Answer, side: Side, claim: Claim) -> None:
    side.server.troubles.append(Trouble(storm, times=5))
    assert side.cloud().create(side.wanted).host == "edge1"
    assert len(side.time.slept) == 5
    side.server.troubles.append(Trouble(storm, times=10_000))
    with pytest.raises(ProviderError, match=r"says \(7 times\)"):
        side.cloud().machines(claim)


def test_wrong_credentials_are_told_at_once(side: Side, claim: Claim) -> None:
    name = list(side.keys)[-1]
    with pytest.raises(UsageError) as told:
        side.cloud(**{name: "wrong"}).machines(claim)
    assert name in str(told.value.hint)
    assert len(side.server.requests) == 1
    with pytest.raises(UsageError, match=f"{name} is not set"):
        side.cloud(**{name: ""})


def test_what_the_provider_does_not_have_is_bad_usage(side: Side) -> None:
    with pytest.raises(UsageError, match="size huge") as size:
        side.cloud().create(replace(side.wanted, size="huge"))
    with pytest.raises(UsageError, match="rent edge1") as region:
        side.cloud("moon1").create(side.wanted)
    assert ("`size:`" in str(size.value.hint), "`region:`" in str(region.value.hint)) == (True, True)


def test_a_quota_is_told_with_a_way_out(side: Side) -> None:
    side.server.most = 0
    with pytest.raises(ProviderError, match="rent edge1") as told:
        side.cloud().create(side.wanted)
    assert "festning orphans" in str(told.value.hint)
    assert len(side.server.asked("POST", side.make)) == 1


@pytest.mark.parametrize("mark", ["", "ffffffffffff"])
def test_somebody_elses_server_of_that_name_is_never_touched(mark: str, side: Side, claim: Claim) -> None:
    side.foreign(mark)
    with pytest.raises(UsageError, match="did not make"):
        side.cloud().create(side.wanted)
    assert side.cloud().machines(claim) == ()
    assert {one.method for one in side.server.requests} == {"GET"}


def test_a_server_of_upclouds_that_does_not_stop_is_told(upcloud: Side, claim: Claim) -> None:
    assert isinstance(upcloud.server, UpCloudServer)
    rented = upcloud.cloud().create(upcloud.wanted)
    upcloud.server.coming[rented.id] = ["maintenance"] * 500
    with pytest.raises(ProviderError, match="does not stop"):
        upcloud.cloud().destroy(claim, rented)
    assert 100 < upcloud.time.now < 150
