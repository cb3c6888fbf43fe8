"""Host keys as a person compares them: the one that was shown, the ones that are known, and where those stand.

Refuses whatever is not known already: nothing is trusted because it was met first. Leaves connections to ``ssh``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from festning.engine.endpoint import Endpoint
from festning.engine.lean_asyncssh import asyncssh

KNOWN_HOSTS = Path("~/.ssh/known_hosts")
_ON_THE_CONSOLE = "ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub on its console"


class Doorkeeper(asyncssh.SSHClient):
    """Asked by asyncssh about a key that is not among the known ones: remembers it, and says no."""

    def __init__(self) -> None:
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Called for keys that nobody vouches for."""
        del host, addr, port
        self.shown = key
        return False


def refusal(endpoint: Endpoint, shown: asyncssh.SSHKey | None) -> tuple[str, str]:
    """What to tell of a host whose key was refused, and what to do. ``shown`` is ``None`` when it has none of the
    known kinds."""
    known, source = _known(endpoint)
    told = "a key of another kind" if shown is None else _fingerprint(shown)
    if not known:
        return f"its host key {told} is not known", _how_to_trust(endpoint, shown, "before you believe it")
    expected = " or ".join(map(_fingerprint, known))
    message = f"its host key is not the known one: {expected} is expected ({source}), {told} was shown"
    return message, (
        "was that machine changed by nobody? Then somebody may be in between: stop, and find out. "
        + _how_to_trust(endpoint, shown, "If it was installed anew")
    )


def _how_to_trust(endpoint: Endpoint, shown: asyncssh.SSHKey | None, when: str) -> str:
    declared = endpoint.key_source.endswith("host_key")
    if shown is None:
        return f"{when}, put its new key into {endpoint.key_source if declared else KNOWN_HOSTS}"
    kind = _kind(shown)
    compare = _ON_THE_CONSOLE.format(kind=kind)
    line = shown.export_public_key().decode().strip()
    then = f"set {endpoint.key_source}: {line}" if declared else "destroy it, so that it is made again with its own key"
    return f"{when}, compare the fingerprint with {compare}; then {then}"


def _known(endpoint: Endpoint) -> tuple[list[asyncssh.SSHKey], str]:
    """The keys that would have been accepted, and where they stand."""
    if endpoint.known_host_key is not None:
        return [asyncssh.import_public_key(endpoint.known_host_key)], endpoint.key_source
    path = KNOWN_HOSTS.expanduser()
    if not path.is_file():
        return [], str(KNOWN_HOSTS)
    found = asyncssh.match_known_hosts(str(path), endpoint.address, endpoint.address, endpoint.port)
    keys: Iterable[asyncssh.SSHKey] = found[0]
    return list(keys), str(KNOWN_HOSTS)


def _kind(key: asyncssh.SSHKey) -> str:
    """The word for it in the names of sshd's files."""
    algorithm = key.get_algorithm()
    return "ed25519" if "ed25519" in algorithm else "ecdsa" if "ecdsa" in algorithm else "rsa"


def _fingerprint(key: asyncssh.SSHKey) -> str:
    return f"{key.get_fingerprint()} ({_kind(key)})"
