"""EC2's security groups: one for each instance, in the default VPC.

A group's description is written by the call that makes it, and so says whose it is. Rules are of IPv4: a default VPC
has no IPv6. Leaves instances to ``ec2``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

from festning.providers.cloud.calls import Calls, taken
from festning.providers.cloud.rented import Claim, Opening, Wanted

Rule = tuple[str, int, str]
"""Protocol, port (-1 of ICMP: all its types) and network: what EC2 counts as one rule."""


class SecurityGroups:
    """The security groups of one region."""

    def __init__(self, driver: Any, calls: Calls) -> None:  # noqa: ANN401 (libcloud is untyped)
        self._driver = driver
        self._calls = calls

    def set(self, wanted: Wanted) -> None:
        """Make a group, or change it to what is wanted. Raises ``UsageError`` for somebody else's of that name.

        What is lacking is let in before what is not wanted any more is shut out: a machine in use is never cut off.
        """
        doing = f"set the security group of {wanted.host}"
        group = self._there(wanted) or self._make(wanted, doing)
        present = {rule for one in group.ingress_rules for rule in _rules_of(one)}
        rules = {rule for opening in wanted.openings for rule in _rules(opening)}
        self._change(self._driver.ex_authorize_security_group_ingress, group.id, rules - present, doing)
        self._change(self._driver.ex_revoke_security_group_ingress, group.id, present - rules, doing)

    def hosts(self, claim: Claim) -> frozenset[str]:
        """The hosts that the claim has groups for."""
        prefix = claim.machine("")
        return frozenset(group.name.removeprefix(prefix) for group in self._of(claim))

    def remove(self, claim: Claim, hosts: Collection[str]) -> None:
        """Take the groups of some hosts away, whose instances have ended."""
        names = {claim.machine(host) for host in hosts}
        for group in self._of(claim) if names else ():
            if group.name in names:
                act = partial(self._driver.ex_delete_security_group_by_id, group.id)
                self._calls.ensure(act, doing=f"remove the security group {group.name}")

    def _make(self, wanted: Wanted, doing: str) -> Any:  # noqa: ANN401 (libcloud is untyped)
        make = partial(self._driver.ex_create_security_group, wanted.name, _description(wanted.claim))
        self._calls.ensure(make, doing=doing)  # There is one of a name, however often it is made.
        return self._calls.call(lambda: self._seen(wanted), doing=doing)

    def _seen(self, wanted: Wanted) -> Any:  # noqa: ANN401 (libcloud is untyped)
        """The group that was just made, which a list may not show at once."""
        group = self._there(wanted)
        if group is None:
            raise TimeoutError(f"the security group {wanted.name} is not in any list yet")
        return group

    def _there(self, wanted: Wanted) -> Any:  # noqa: ANN401 (libcloud is untyped)
        groups = self._list({"group-name": wanted.name})
        if groups and groups[0].extra["description"] != _description(wanted.claim):
            raise taken(wanted, "EC2", "security group")
        return groups[0] if groups else None

    def _of(self, claim: Claim) -> list[Any]:
        return self._list({"description": _description(claim)})

    def _list(self, filters: dict[str, str]) -> list[Any]:
        act = partial(self._driver.ex_get_security_groups, filters=filters)
        return list(self._calls.call(act, doing="list security groups"))

    def _change(self, change: Callable[..., object], group: str, rules: Iterable[Rule], doing: str) -> None:
        for protocol, port, network in sorted(rules):
            act = partial(change, group, port, port, cidr_ips=[network], protocol=protocol)
            self._calls.ensure(act, doing=doing)


def _description(claim: Claim) -> str:
    return f"festning fortress {claim.fortress} mark {claim.mark}"


def _rules(opening: Opening) -> Iterable[Rule]:
    port = -1 if opening.protocol == "icmp" else opening.port
    return ((opening.protocol, port, network) for network in opening.sources if ":" not in network)


def _rules_of(listed: dict[str, Any]) -> Iterable[Rule]:
    """The rules in what the driver has from a list."""
    return ((listed["protocol"], int(listed["from_port"] or -1), network) for network in listed["cidr_ips"])
