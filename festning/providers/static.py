"""Machines that exist already, at the addresses that the fortress declares.

Knows only the declaration. The operator's keys are their own: their agent or default keys. A host's key is the declared
one, or else what is in the operator's ``~/.ssh/known_hosts``; one that is in neither is not believed.
"""

from __future__ import annotations

from festning.errors import UsageError
from festning.model.fortress import Fortress
from festning.providers.interface import Endpoint

BASTION = "bastion"


class Static:
    """The declared hosts of a fortress, as they are."""

    def __init__(self, fortress: Fortress) -> None:
        """Take the fortress that the endpoints are asked about."""
        self._fortress = fortress

    def place(self, fortress: Fortress) -> Fortress:
        """The fortress itself; raises :class:`UsageError` when a host has no declared address."""
        lacking = [host.name for host in fortress.hosts if host.address is None]
        if lacking:
            raise UsageError(
                f"no address is declared for {', '.join(lacking)}",
                hint="give each of them an `address:` in fortress.yaml, or use --lab",
            )
        return fortress

    def endpoint(self, name: str) -> Endpoint:
        """The way to a declared host; raises :class:`UsageError` for an unknown one and for one without address."""
        try:
            host = self._fortress.host(name)
        except KeyError:
            known = ", ".join(host.name for host in self._fortress.hosts)
            raise UsageError(f"there is no host {name!r}", hint=f"the hosts are {known}") from None
        if host.address is None:
            raise UsageError(
                f"no address is declared for {name}", hint=f"give {host.entry} an `address:` in fortress.yaml"
            )
        return Endpoint(
            name,
            str(host.address),
            host.ssh_port,
            self._fortress.admin.ssh_user,
            known_host_key=host.host_key,
            key_source=f"hosts.{host.entry}.host_key",
            other_ports=host.old_ssh_ports,
            via=bastion_of(self._fortress),
        )


def bastion_of(fortress: Fortress) -> Endpoint | None:
    """The way to the machine through which hosts are reached, where there is one."""
    bastion = fortress.admin.bastion
    if bastion is None:
        return None
    return Endpoint(
        BASTION,
        str(bastion.address),
        bastion.ssh_port,
        bastion.ssh_user,
        known_host_key=bastion.host_key,
        key_source="admin.bastion.host_key",
    )
