"""What every provider gives: a fortress whose hosts have addresses, and for each host the way to its SSH.

Leaves speaking SSH to ``engine``: an :class:`Endpoint` is all that it needs to know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from festning.model.fortress import Fortress


class KeyPair(NamedTuple):
    """An SSH key pair as text: the private key in OpenSSH's format, and the public key line."""

    private: str
    public: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a machine's SSH is, and what both sides show each other there.

    ``namespace`` is the path of the network namespace in which the TCP socket has to be opened (see
    ``lab.namespace.open_socket``), or ``None`` for an ordinary socket. ``known_host_key`` is the public key line
    (``ssh-ed25519 AAAA…``) that the host must present, or ``None`` to go by the operator's ``~/.ssh/known_hosts``;
    ``key_source`` tells a person where that key stands.
    ``client_key`` is the private key to log in with, in OpenSSH's format, never written to a disk, or ``None`` for the
    operator's agent and default keys. ``other_ports`` are tried in turn where nothing listens at ``port``. ``via`` is
    the way to the machine that the connection goes through.
    """

    host: str
    address: str
    port: int
    user: str
    namespace: str | None = None
    known_host_key: str | None = None
    client_key: str | None = field(default=None, repr=False)
    key_source: str = "the lab"
    other_ports: tuple[int, ...] = ()
    via: Endpoint | None = None


class Provider(Protocol):
    """What the workflows need of a provider."""

    def place(self, fortress: Fortress) -> Fortress:
        """The same fortress with the addresses that this provider's machines have; raises ``UsageError``."""
        ...

    def endpoint(self, name: str) -> Endpoint:
        """The way to a machine, by the host's name; raises ``UsageError`` for a name that there is no machine of."""
        ...
