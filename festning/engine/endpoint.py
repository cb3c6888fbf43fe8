"""Where a host is reached, and with what.

Knows addresses, keys and how a socket is opened; leaves the conversation to ``transport`` and ``ssh``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach one host.

    ``known_host_key`` is the host's public key line (``ssh-ed25519 AAAA…``), and ``key_source`` tells a person where it
    stands, or should; without a key the operator's known_hosts file decides. ``other_ports`` are tried in turn where
    nothing listens at ``port``. ``via`` is the machine that the connection goes through. ``client_key`` is the text of
    a private key; without it, and without ``open_socket``, the operator's own ``~/.ssh/config``, agent and default keys
    are used. ``open_socket`` gives a connected TCP socket, for hosts that live in a network namespace. With ``sudo``
    the agent is started through ``sudo -n``. ``local`` stands for the operator's own machine: no SSH at all.
    """

    host: str
    address: str = ""
    port: int = 22
    other_ports: tuple[int, ...] = ()
    user: str = "root"
    sudo: bool = False
    known_host_key: str | None = None
    key_source: str = ""
    client_key: str | None = field(default=None, repr=False)
    open_socket: Callable[[], socket.socket] | None = None
    via: Endpoint | None = None
    local: bool = False


def this_machine(host: str) -> Endpoint:
    """The operator's own machine under the name ``host``: the public vantage of a fortress on real hosts."""
    return Endpoint(host=host, local=True)
