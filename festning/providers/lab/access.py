"""The operator's way into the lab's machines: keys in the lab's tmpfs, endpoints, and the command line of ssh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from festning.errors import UsageError
from festning.providers.interface import Endpoint, KeyPair
from festning.providers.lab.machine import SSH_PORT
from festning.providers.lab.network import Network
from festning.providers.lab.placement import Plot
from festning.providers.lab.state import State

_OPERATOR_KEY = "operator.key"
_KNOWN_HOSTS = "known_hosts"


class Access:
    """Who is let in, and whom to expect."""

    def __init__(self, network: Network, state: State) -> None:
        """Take where sockets are opened and where keys are kept."""
        self._network = network
        self._state = state

    def remember(self, operator: KeyPair, expected: Mapping[Plot, KeyPair]) -> None:
        """Keep the operator's private key and the machines' public host keys until the lab is down."""
        self._state.write(_OPERATOR_KEY, f"{operator.private.rstrip()}\n")
        lines = (f"{plot.address} {pair.public.strip()}\n" for plot, pair in expected.items())
        self._state.write(_KNOWN_HOSTS, "".join(lines))

    def endpoint(self, plot: Plot) -> Endpoint:
        """The way to a machine's SSH; raises :class:`UsageError` when the lab is not up."""
        client_key = self._state.read(_OPERATOR_KEY)
        known = expected_key(self._state.read(_KNOWN_HOSTS) or "", str(plot.address))
        if client_key is None or known is None or not self._network.exists:
            raise UsageError("the lab is not up", hint="festning --lab up")
        return Endpoint(plot.name, str(plot.address), SSH_PORT, "root", str(self._network.path), known, client_key)

    def ssh_command(self, plot: Plot, argv: Sequence[str]) -> list[str]:
        """The command line of ssh to a machine, with no setting of the user's own in it; raises as :meth:`endpoint`."""
        endpoint = self.endpoint(plot)
        options = (
            f"IdentityFile={self._state.folder / _OPERATOR_KEY}",
            "IdentitiesOnly=yes",
            f"UserKnownHostsFile={self._state.folder / _KNOWN_HOSTS}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
        )
        ssh = ["ssh", "-F", "none", *(word for option in options for word in ("-o", option))]
        return self._network.inside([*ssh, f"{endpoint.user}@{endpoint.address}", *argv])


def expected_key(known_hosts: str, address: str) -> str | None:
    """The public key line of an address in the text of a known_hosts file."""
    for line in known_hosts.splitlines():
        host, _, key = line.partition(" ")
        if host == address:
            return key
    return None
