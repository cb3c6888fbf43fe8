"""Amazon EC2: instances, found by their tags, each in a security group of its own, in the region's default VPC.

Tags are written by the very call that makes an instance, so there is no instance of ours without them. Uses libcloud's
driver. A region's instances are only in that region's lists. API reference:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from festning.errors import UsageError
from festning.providers.cloud.calls import Calls, renting, taken
from festning.providers.cloud.credentials import NAMES, SESSION_TOKEN, credentials_of
from festning.providers.cloud.ec2_groups import SecurityGroups
from festning.providers.cloud.failure import Kind
from festning.providers.cloud.json_api import point_at
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Claim, Place, Rented, State, Wanted

PROVIDER = "ec2"
DEBIAN = "136693071363"
"""The account that Debian publishes its images from (https://wiki.debian.org/Cloud/AmazonEC2Image)."""
IMAGES = "debian-13-amd64-*"
ROOT_DISK = "/dev/xvda"
"""The name of the root disk in Debian's images."""
ENDING_S = 300.0
"""How long an instance may take to end, and to let go of its security group."""

FORTRESS, HOST, MARK = "festning-fortress", "festning-host", "festning-mark"

_STATES = {
    "pending": State.STARTING,
    "running": State.RUNNING,
    "stopping": State.STOPPED,
    "stopped": State.STOPPED,
}
_ENDED = frozenset({"shutting-down", "terminated"})
_WORDS = {
    "requestlimitexceeded": Kind.BUSY,
    "throttling": Kind.BUSY,
    "unauthorizedoperation": Kind.FORBIDDEN,
    "insufficientinstancecapacity": Kind.CAPACITY,
    "limitexceeded": Kind.QUOTA,
    "vpcidnotspecified": Kind.NETWORK,
    "missinginput": Kind.NETWORK,
    "invalidamiid": Kind.IMAGE,
    "instance type": Kind.SIZE,
    "instancetype": Kind.SIZE,
    "invalidinstanceid.notfound": Kind.GONE,
    "invalidgroup.notfound": Kind.GONE,
    "invalidpermission.notfound": Kind.GONE,
    "invalidpermission.duplicate": Kind.DONE,
    "invalidgroup.duplicate": Kind.DONE,
    "dependencyviolation": Kind.BUSY,  # An instance that has just ended still holds its group.
    "requestexpired": Kind.CREDENTIALS,
}


class Ec2:
    """One region of an account at EC2."""

    def __init__(
        self,
        region: str,
        credentials: Mapping[str, str],
        patience: Patience,
        *,
        token: Callable[[], str],
        endpoint: str | None = None,
    ) -> None:
        """Take the region; ``token`` gives a new random word each time, ``endpoint`` is where the API is in tests.

        Raises :class:`UsageError` for a region that there is not.
        """
        self._driver = _driver(region, credentials)
        point_at(self._driver, endpoint)
        self._place = Place(PROVIDER, region)
        self._patience = patience
        self._token = token
        self._calls = Calls(provider="EC2", keys=" and ".join(NAMES[PROVIDER]), words=_WORDS, patience=patience)
        self._groups = SecurityGroups(self._driver, self._calls)

    def machines(self, claim: Claim) -> tuple[Rented, ...]:
        """The instances of this region with the claim's tags; those that have ended are none."""
        filters = {f"tag:{FORTRESS}": claim.fortress, f"tag:{MARK}": claim.mark}
        return tuple(self._rented(node) for node in self._nodes(filters) if HOST in node.extra["tags"])

    def create(self, wanted: Wanted) -> Rented:
        """An instance in its security group; the one that is there already, if it is this fortress's."""
        if (there := self._there(wanted)) is not None:
            return there
        self.guard(wanted)
        image = wanted.image or self._newest_debian()
        # By its token EC2 knows a call that it has heard before, also before any list shows the instance.
        token = self._token()
        doing = renting(wanted)
        return self._calls.make(lambda: self._run(wanted, image, token), lambda: self._there(wanted), doing=doing)

    def guard(self, wanted: Wanted) -> None:
        """The security group of an instance, as wanted."""
        self._groups.set(wanted)

    def destroy(self, claim: Claim, rented: Rented) -> None:
        """Terminate an instance, wait until it has ended, and take its security group away."""
        node = _Id(rented.id)
        self._calls.ensure(lambda: self._driver.destroy_node(node), doing=f"destroy {rented.name}")
        self._patience.until(lambda: self._ended(rented.id), ENDING_S)
        if not any(machine.host == rented.host for machine in self.machines(claim)):
            self._groups.remove(claim, [rented.host])

    def sweep(self, claim: Claim) -> None:
        """Remove the security groups of instances that are not there."""
        present = {machine.host for machine in self.machines(claim)}
        self._groups.remove(claim, self._groups.hosts(claim) - present)

    def _run(self, wanted: Wanted, image: str, token: str) -> Rented:
        claim = wanted.claim
        disk = [{"DeviceName": ROOT_DISK, "Ebs": {"VolumeSize": wanted.disk_gib, "VolumeType": "gp3"}}]
        node = self._driver.create_node(
            name=wanted.name,
            size=_Id(wanted.size),
            image=_Id(image),
            ex_userdata=wanted.user_data,
            ex_security_groups=[wanted.name],
            ex_metadata={FORTRESS: claim.fortress, HOST: wanted.host, MARK: claim.mark},
            ex_clienttoken=token,
            ex_blockdevicemappings=disk if wanted.disk_gib else None,
        )
        return self._rented(node)

    def _there(self, wanted: Wanted) -> Rented | None:
        """The instance of that name, if it is ours. Raises :class:`UsageError` when it is not."""
        named = self._nodes({"tag:Name": wanted.name})
        ours = [node for node in named if _whose(node) == (wanted.claim, wanted.host)]
        if named and not ours:
            raise taken(wanted, "EC2", "instance")
        return self._rented(ours[0]) if ours else None

    def _nodes(self, filters: Mapping[str, str]) -> list[Any]:
        nodes = self._calls.call(lambda: self._driver.list_nodes(ex_filters=filters), doing="list instances")
        return [node for node in nodes if node.extra["status"] not in _ENDED]

    def _ended(self, node: str) -> bool | None:
        """Whether an instance is ended for good: one that is shutting down still holds its security group."""
        filters = {"instance-id": node}
        nodes = self._calls.call(lambda: self._driver.list_nodes(ex_filters=filters), doing="list instances")
        return True if all(node.extra["status"] == "terminated" for node in nodes) else None

    def _newest_debian(self) -> str:
        filters = {"name": IMAGES, "state": "available"}
        images = self._calls.call(
            lambda: self._driver.list_images(ex_owner=DEBIAN, ex_filters=filters), doing="look for Debian's image"
        )
        if not images:
            raise UsageError(
                f"{self._place} has no image {IMAGES} of Debian's",
                hint="give the host an `image:` (ami-…) of that region",
            )
        return str(max(images, key=lambda image: str(image.name)).id)  # The names end with the date.

    def _rented(self, node: Any) -> Rented:  # noqa: ANN401 (libcloud is untyped)
        return Rented(
            name=node.name,
            host=node.extra["tags"][HOST],
            place=self._place,
            id=node.id,
            state=_STATES.get(node.extra["status"], State.OTHER),
            addresses=tuple(dict.fromkeys(node.public_ips)),
            created=node.created_at,
        )


class _Id:
    """As much as the driver needs to know of a size, an image or an instance."""

    def __init__(self, name: str) -> None:
        self.id = name


def _whose(node: Any) -> tuple[Claim, str | None]:  # noqa: ANN401 (libcloud is untyped)
    tags = node.extra["tags"]
    return Claim(tags.get(FORTRESS, ""), tags.get(MARK, "")), tags.get(HOST)


def _driver(region: str, credentials: Mapping[str, str]) -> Any:  # noqa: ANN401 (libcloud is untyped)
    from libcloud.compute.drivers.ec2 import EC2NodeDriver  # noqa: PLC0415 (see the package)

    made: Any = EC2NodeDriver
    key, secret = credentials_of(PROVIDER, credentials)
    known = sorted(made.list_regions())
    if region not in known:
        near = get_close_matches(region, known, n=1)
        raise UsageError(
            f"EC2 has no region {region}", hint=f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        )
    return made(key, secret, region=region, token=credentials.get(SESSION_TOKEN) or None, signature_version="4")
