"""A fortress some of whose machines are rented: where each of them is, and the keys that were chosen for them.

Knows machines that were found; leaves those with a declared address to ``static``'s way, finding and making to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from festning.errors import ProviderError, UsageError
from festning.model.fortress import Fortress, Host
from festning.providers.cloud.rented import Rented, State
from festning.providers.interface import Endpoint
from festning.providers.static import Static


@dataclass(frozen=True, slots=True)
class Keys:
    """What a machine is known by, and what to log in with: public key line, and private key."""

    host_key: str
    client_key: str


class Estate:
    """The rented machines of a fortress, by the names of their hosts, beside those that exist already."""

    def __init__(self, fortress: Fortress, machines: Mapping[str, Rented], keys: Mapping[str, Keys]) -> None:
        """Take the declared fortress, the machines found, and the keys of every rented host that has a machine."""
        self._fortress = fortress
        self._machines = machines
        self._keys = keys

    def place(self, fortress: Fortress) -> Fortress:
        """The fortress with the addresses of its machines; raises ``UsageError`` for hosts that have none."""
        lacking = [host.name for host in fortress.hosts if host.rented and host.name not in self._machines]
        if lacking:
            raise UsageError(f"no machine is rented yet for {', '.join(lacking)}", hint="festning up rents it")
        placed = replace(fortress, hosts=tuple(self._placed(host) for host in fortress.hosts))
        return Static(placed).place(placed)

    def endpoint(self, name: str) -> Endpoint:
        """The way to a host: to a rented one with the vault's keys, to all others as ``Static`` has it."""
        if name not in self._machines:
            return Static(self._fortress).endpoint(name)
        placed = replace(self._fortress, hosts=(self._placed(self._fortress.host(name)),))
        keys = self._keys[name]
        return replace(
            Static(placed).endpoint(name),
            known_host_key=keys.host_key,
            client_key=keys.client_key,
            key_source="the vault",
        )

    def _placed(self, host: Host) -> Host:
        if not host.rented:
            return host
        return replace(host, address=ip_address(address_of(self._machines[host.name])))


def address_of(machine: Rented) -> str:
    """A machine's public address. Raises :class:`ProviderError` for one that has none, or does not run."""
    if machine.state is not State.RUNNING:
        raise ProviderError(
            f"{machine.host}: its machine {machine.id} at {machine.place} is {machine.state}",
            hint="start it at the provider; or destroy it there, and festning up rents another",
        )
    if not machine.addresses:
        raise ProviderError(
            f"{machine.host}: its machine {machine.id} at {machine.place} has no public address",
            hint="give it one at the provider; or destroy it there, and festning up rents another",
        )
    return machine.addresses[0]
