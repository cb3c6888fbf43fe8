"""Why a login did not work, in words for the person who can do something about it.

Knows asyncssh's errors and what usually stands behind them. Leaves logging in to ``ssh``.
"""

from __future__ import annotations

import errno

from festning.engine.endpoint import Endpoint
from festning.engine.hostkeys import Doorkeeper, refusal
from festning.engine.lean_asyncssh import asyncssh
from festning.errors import HostUnreachableError

_HOST_KEY_KIND = "server host key"
"""What asyncssh calls it when both sides have no kind of host key in common."""
_IS_IT_UP = "is the machine up, and does its firewall let you in?"


class SilentPortError(HostUnreachableError):
    """Nothing answered at this port; it may do so at another one."""


def explained(endpoint: Endpoint, error: Exception, doorkeeper: Doorkeeper, patience_s: float) -> HostUnreachableError:
    """The error to raise for a login that failed. ``doorkeeper`` was at the door, and has seen the host's key."""
    place = f"{endpoint.user}@{_written(endpoint.address) or endpoint.host}:{endpoint.port}"
    if doorkeeper.shown is not None or _no_common_kind(error):
        message, hint = refusal(endpoint, doorkeeper.shown)
        return HostUnreachableError(endpoint.host, f"{place}: {message}", hint=hint)
    if isinstance(error, asyncssh.PermissionDenied):
        hint = "is your public key in that user's authorized_keys, and your agent running?"
        return HostUnreachableError(endpoint.host, f"{place}: login refused", hint=hint)
    if isinstance(error, TimeoutError):
        return SilentPortError(endpoint.host, f"{place}: no answer within {patience_s:g} s", hint=_listening(endpoint))
    if isinstance(error, asyncssh.ChannelOpenError):
        return _no_way_on(endpoint, place, error)
    if isinstance(error, ConnectionRefusedError) or (isinstance(error, OSError) and _all_refused(error)):
        return SilentPortError(endpoint.host, f"{place}: nothing listens there", hint=_listening(endpoint))
    hint = "the key cannot be read" if isinstance(error, asyncssh.KeyImportError | ValueError) else _IS_IT_UP
    return HostUnreachableError(endpoint.host, f"{place}: {error}", hint=hint)


def nowhere(first: SilentPortError, ports: tuple[int, ...]) -> HostUnreachableError:
    """The error for a host that was tried at several ports; ``first`` is what the first one came to."""
    also = ", ".join(map(str, ports[1:]))
    host, message = first.host, first.message.removeprefix(f"{first.host}: ")
    return HostUnreachableError(host, f"{message}; neither does {also}", hint=first.hint)


def _no_way_on(endpoint: Endpoint, place: str, error: asyncssh.ChannelOpenError) -> HostUnreachableError:
    """The bastion could be logged in to, and would or could not open the connection to the host."""
    assert endpoint.via is not None
    through = f"{endpoint.via.user}@{_written(endpoint.via.address)}:{endpoint.via.port}"
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        hint = f"its sshd needs AllowTcpForwarding, and PermitOpen for {_written(endpoint.address)}:{endpoint.port}"
        return HostUnreachableError(endpoint.host, f"{place}: the bastion {through} lets nobody through", hint=hint)
    message = f"{place}: the bastion {through} cannot reach it: {error.reason}"
    return SilentPortError(endpoint.host, message, hint=_listening(endpoint))


def _listening(endpoint: Endpoint) -> str:
    return (
        f"is the machine up, does its sshd listen at {endpoint.port}, and does its firewall let you in? While its "
        "ssh_port is being changed, declare it with the old one beside it, [new, old], for one apply"
    )


def _no_common_kind(error: Exception) -> bool:
    return isinstance(error, asyncssh.KeyExchangeFailed) and _HOST_KEY_KIND in str(error)


def _all_refused(error: OSError) -> bool:
    return error.errno == errno.ECONNREFUSED


def _written(address: str) -> str:
    return f"[{address}]" if ":" in address else address
