"""EC2, over HTTP against moto's server; what moto does not refuse is refused by a server in front of it."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from festning.errors import ProviderError, UsageError
from festning.providers.cloud.ec2 import Ec2
from festning.providers.cloud.rented import Claim, Place, State, Wanted
from tests.providers.cloud.api_server import Answer, ApiServer, Request, Trouble
from tests.providers.cloud.conftest import HTTPS, Time

DUBLIN = Place("ec2", "eu-west-1")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret"}
IMAGE = "ami-12c6146b"
"""One of moto's."""
SPACE = "http://ec2.amazonaws.com/doc/2016-11-15"


def refusal(status: int, code: str, message: str) -> Answer:
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
    return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', {"Content-Type": "text/xml"})


STORM = refusal(500, "InternalError", "An internal error has occurred")
LIMITED = refusal(503, "RequestLimitExceeded", "Request limit exceeded.")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto: str) -> Iterator[ApiServer]:
    """An account with nothing in it: moto's server, seen through one that things can go wrong in."""
    address = urlsplit(moto).netloc

    def forward(request: Request) -> Answer:
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request(request.method, request.raw_path, request.body, dict(request.headers))
        answer = connection.getresponse()
        text = answer.read().decode()
        # As EC2 itself has them, and libcloud looks for them: answers in a name space, and errors in none.
        text = text.replace(f'<Response xmlns="{SPACE}">', "<Response>").replace(f'"{SPACE}"', f'"{SPACE}/"')
        connection.close()
        return Answer(answer.status, text, {"Content-Type": answer.headers["Content-Type"]})

    server = ApiServer(forward)
    forward(Request("POST", "", {}, b"", {}, "/moto-api/reset"))
    yield server
    server.close()


def connect(server: ApiServer, time: Time, region: str = "eu-west-1") -> Ec2:
    return Ec2(region, KEYS, time.patience(), token=lambda: uuid4().hex, endpoint=server.url)


@pytest.fixture
def cloud(aws: ApiServer, time: Time) -> Ec2:
    return connect(aws, time)


@pytest.fixture
def edge1(want: Callable[..., Wanted]) -> Wanted:
    return want(DUBLIN, "t3.small", image=IMAGE)


def driver(cloud: Ec2) -> Any:
    return cloud._driver


def made(server: ApiServer) -> list[Request]:
    return server.asked("GET", "Action=RunInstances")


def test_an_instance_is_made_found_and_destroyed(cloud: Ec2, aws: ApiServer, edge1: Wanted, claim: Claim) -> None:
    rented = cloud.create(edge1)
    assert (rented.host, rented.name, rented.place) == ("edge1", "festning-nordlys-edge1", DUBLIN)
    (found,) = cloud.machines(claim)
    assert (found.id, found.state) == (rented.id, State.RUNNING)
    assert found.addresses
    assert found.created is not None
    (request,) = made(aws)
    assert base64.b64decode(request.query["UserData"]).decode() == edge1.user_data
    cloud.destroy(claim, found)
    assert cloud.machines(claim) == ()
    assert edge1.name not in driver(cloud).ex_list_security_groups()


def test_the_security_group_lets_in_what_is_declared(cloud: Ec2, edge1: Wanted) -> None:
    rented = cloud.create(edge1)
    (group,) = driver(cloud).ex_get_security_groups(group_names=[edge1.name])
    rules = {(one["protocol"], one["from_port"], tuple(one["cidr_ips"])) for one in group.ingress_rules}
    assert rules == {
        ("icmp", "-1", ("0.0.0.0/0",)),
        ("tcp", "22", ("192.0.2.0/24",)),
        ("tcp", "443", ("0.0.0.0/0",)),
    }
    (node,) = driver(cloud).list_nodes(ex_node_ids=[rented.id])
    assert [one["group_name"] for one in node.extra["groups"]] == [edge1.name]


def test_a_changed_flow_changes_the_group_and_lets_in_before_it_shuts_out(
    cloud: Ec2, aws: ApiServer, edge1: Wanted
) -> None:
    cloud.create(edge1)
    aws.requests.clear()
    cloud.guard(replace(edge1, openings=(HTTPS, replace(HTTPS, port=80))))
    (group,) = driver(cloud).ex_get_security_groups(group_names=[edge1.name])
    assert {one["from_port"] for one in group.ingress_rules} == {"443", "80"}
    actions = [one.query["Action"] for one in aws.requests if "Ingress" in one.query["Action"]]
    assert actions == ["AuthorizeSecurityGroupIngress", *["RevokeSecurityGroupIngress"] * 2]
    aws.requests.clear()
    cloud.guard(replace(edge1, openings=(HTTPS, replace(HTTPS, port=80))))
    assert not [one for one in aws.requests if "Ingress" in one.query["Action"]]


def test_the_newest_debian_is_taken_where_no_image_is_declared(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    with pytest.raises(UsageError, match="ec2 eu-west-1 has no image debian-13-amd64"):
        cloud.create(replace(edge1, image=None))
    asked = aws.asked("GET", "Action=DescribeImages")[-1].query
    assert (asked["Owner.1"], asked["Filter.1.Value.1"]) == ("136693071363", "debian-13-amd64-*")
    items = "".join(
        f"<item><imageId>{number}</imageId><name>debian-13-amd64-{day}</name></item>"
        for number, day in (("ami-1", "20250901-1"), ("ami-3", "20260301-2"), ("ami-2", "20251201-9"))
    )
    body = f'<R xmlns="{SPACE}/"><imagesSet>{items}</imagesSet></R>'
    aws.troubles.append(Trouble(Answer(200, body), words="Action=DescribeImages"))
    cloud.create(replace(edge1, image=None))
    assert made(aws)[-1].query["ImageId"] == "ami-3"


def test_a_declared_disk_is_as_large(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    cloud.create(replace(edge1, disk_gib=20))
    query = made(aws)[-1].query
    assert (query["BlockDeviceMapping.1.DeviceName"], query["BlockDeviceMapping.1.Ebs.VolumeSize"]) == (
        "/dev/xvda",
        "20",
    )


def test_making_it_again_adopts_what_is_there(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    assert cloud.create(edge1).id == cloud.create(edge1).id
    assert len(made(aws)) == 1


def test_an_instance_has_its_tags_from_its_first_moment(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    cloud.create(edge1)
    query = made(aws)[-1].query
    tags = {query[f"TagSpecification.1.Tag.{n}.Key"]: query[f"TagSpecification.1.Tag.{n}.Value"] for n in range(1, 5)}
    assert tags == {
        "Name": "festning-nordlys-edge1",
        "festning-fortress": "nordlys",
        "festning-host": "edge1",
        "festning-mark": "0123456789ab",
    }
    assert not aws.asked("GET", "Action=CreateTags")


def test_an_answer_that_was_lost_makes_no_second_instance(
    cloud: Ec2, aws: ApiServer, edge1: Wanted, claim: Claim
) -> None:
    for action in ("RunInstances", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"):
        aws.troubles.append(Trouble(STORM, words=f"Action={action}", after=True))
    rented = cloud.create(edge1)
    assert [one.id for one in cloud.machines(claim)] == [rented.id]


def test_what_no_list_shows_yet_is_asked_for_by_the_same_token(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    aws.troubles.append(Trouble(STORM, words="Action=RunInstances", after=True))
    nothing = f'<R xmlns="{SPACE}/"><reservationSet/></R>'
    aws.troubles.append(Trouble(Answer(200, nothing), times=2, words="Action=DescribeInstances"))
    cloud.create(edge1)
    first, second = made(aws)
    assert first.query["ClientToken"] == second.query["ClientToken"]


def test_a_group_that_no_list_shows_yet_is_waited_for(cloud: Ec2, aws: ApiServer, edge1: Wanted, time: Time) -> None:
    nothing = f'<R xmlns="{SPACE}/"><securityGroupInfo/></R>'
    aws.troubles.append(Trouble(Answer(200, nothing), times=3, words="Action=DescribeSecurityGroups"))
    cloud.create(edge1)
    assert time.slept == [1.0, 2.0]


def test_a_run_that_crashed_right_after_making_one_is_carried_on_by_the_next(
    cloud: Ec2, aws: ApiServer, edge1: Wanted, time: Time, claim: Claim
) -> None:
    crash = refusal(400, "Whatever", "gone wrong")
    aws.troubles.append(Trouble(crash, words="Action=RunInstances", after=True))
    with pytest.raises(ProviderError):
        cloud.create(edge1)
    (left,) = connect(aws, time).machines(claim)
    assert connect(aws, time).create(edge1).id == left.id


@pytest.mark.parametrize(
    "storm", [STORM, LIMITED, Answer(429, "<Response/>"), Answer(502, "<html><p>Bad Gateway</html>")]
)
def test_a_storm_is_waited_out_or_told(
    storm: Answer, cloud: Ec2, aws: ApiServer, edge1: Wanted, time: Time, claim: Claim
) -> None:
    aws.troubles.append(Trouble(storm, times=5))
    assert cloud.create(edge1).host == "edge1"
    assert time.slept == [1.0, 2.0, 4.0, 8.0, 16.0]
    aws.requests.clear()
    aws.troubles.append(Trouble(storm, times=10_000))
    with pytest.raises(ProviderError, match=r"EC2 says \(7 times\)") as told:
        cloud.machines(claim)
    assert len(aws.requests) == 7
    assert "run the same command again" in str(told.value.hint)


@pytest.mark.parametrize(
    ("status", "code", "kind", "hint"),
    [
        (401, "AuthFailure", UsageError, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (403, "UnauthorizedOperation", UsageError, "permission"),
        (400, "InvalidAMIID.NotFound", UsageError, "`image:`"),
        (400, "VcpuLimitExceeded", ProviderError, "festning orphans"),
        (400, "InstanceLimitExceeded", ProviderError, "festning orphans"),
        (500, "InsufficientInstanceCapacity", ProviderError, "another size"),
        (400, "VPCIdNotSpecified", UsageError, "default VPC"),
    ],
)
def test_a_refusal_is_told_once_with_a_way_out(
    status: int, code: str, kind: type, hint: str, cloud: Ec2, aws: ApiServer, edge1: Wanted
) -> None:
    aws.troubles.append(Trouble(refusal(status, code, "no"), words="Action=RunInstances"))
    with pytest.raises(ProviderError if kind is ProviderError else UsageError, match=f"rent edge1 .*{code}") as told:
        cloud.create(edge1)
    assert hint in str(told.value.hint)
    assert len(made(aws)) == 1


def test_a_size_that_there_is_not_is_bad_usage(cloud: Ec2, aws: ApiServer, edge1: Wanted) -> None:
    words = "Invalid value 't9.huge' for InstanceType."
    aws.troubles.append(Trouble(refusal(400, "InvalidParameterValue", words), words="Action=RunInstances"))
    with pytest.raises(UsageError, match=r"size t9\.huge") as told:
        cloud.create(replace(edge1, size="t9.huge"))
    assert "`size:`" in str(told.value.hint)


def test_an_unknown_region_is_bad_usage(aws: ApiServer, time: Time) -> None:
    with pytest.raises(UsageError, match="no region eu-west-11") as told:
        connect(aws, time, "eu-west-11")
    assert told.value.hint == "did you mean eu-west-1?"


def test_missing_credentials_are_named(time: Time) -> None:
    with pytest.raises(UsageError, match="AWS_SECRET_ACCESS_KEY is not set"):
        Ec2("eu-west-1", {"AWS_ACCESS_KEY_ID": "x"}, time.patience(), token=str)


def test_somebody_elses_instance_of_that_name_is_never_touched(
    cloud: Ec2, aws: ApiServer, edge1: Wanted, claim: Claim
) -> None:
    theirs = replace(edge1, claim=Claim("nordlys", "ffffffffffff"))
    other = cloud.create(theirs)
    aws.requests.clear()
    with pytest.raises(UsageError, match="instance festning-nordlys-edge1 that this fortress did not make"):
        cloud.create(edge1)
    assert cloud.machines(claim) == ()
    cloud.sweep(claim)
    assert [one.id for one in cloud.machines(theirs.claim)] == [other.id]
    assert {one.query["Action"][:8] for one in aws.requests} == {"Describe"}


def test_somebody_elses_group_of_that_name_is_never_touched(cloud: Ec2, edge1: Wanted, claim: Claim) -> None:
    driver(cloud).ex_create_security_group(edge1.name, "the web servers")
    with pytest.raises(UsageError, match="security group festning-nordlys-edge1 that this fortress did not make"):
        cloud.create(edge1)
    cloud.sweep(claim)
    (group,) = driver(cloud).ex_get_security_groups(group_names=[edge1.name])
    assert group.ingress_rules == []
    assert cloud.machines(claim) == ()


def test_what_is_gone_already_is_no_error(cloud: Ec2, edge1: Wanted, claim: Claim) -> None:
    rented = cloud.create(edge1)
    cloud.destroy(claim, rented)
    cloud.destroy(claim, rented)
    cloud.destroy(claim, replace(rented, id="i-0123456789abcdef0"))


def test_a_group_that_is_still_held_is_asked_about_again(
    cloud: Ec2, aws: ApiServer, edge1: Wanted, claim: Claim, time: Time
) -> None:
    rented = cloud.create(edge1)
    held = refusal(400, "DependencyViolation", "resource sg-1 has a dependent object")
    aws.troubles.append(Trouble(held, times=3, words="Action=DeleteSecurityGroup"))
    cloud.destroy(claim, rented)
    assert edge1.name not in driver(cloud).ex_list_security_groups()
    assert time.slept[-3:] == [1.0, 2.0, 4.0]


def test_sweeping_takes_what_a_crash_left(cloud: Ec2, edge1: Wanted, claim: Claim) -> None:
    cloud.guard(edge1)
    cloud.create(replace(edge1, host="edge2"))
    cloud.sweep(claim)
    groups = driver(cloud).ex_list_security_groups()
    assert edge1.name not in groups
    assert "festning-nordlys-edge2" in groups
