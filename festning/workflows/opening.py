"""Opens what every verb needs: the fortress with addresses, the vault, and the way to each host.

Knows which provider a fortress is on (the lab, hosts that exist already, or rented ones) and where the vault and its
identity are: beside ``fortress.yaml`` for real hosts, in the lab's memory for the lab.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from festning.engine.endpoint import Endpoint, this_machine
from festning.errors import UsageError
from festning.model.fortress import Fortress
from festning.providers.interface import Endpoint as Way
from festning.providers.interface import Provider
from festning.providers.static import Static
from festning.vault.vault import Vault
from festning.workflows.judging import load_judged

if TYPE_CHECKING:
    from festning.workflows.renting import Landlords

VAULT_NAME = "vault.age"
IDENTITY_NAME = "identity"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a workflow may ask of the person and the machine it runs for.

    ``landlords`` gives the way to the clouds, where machines are rented.
    """

    environment: Mapping[str, str]
    operator: str
    prompt: Callable[[str], str] | None
    today: date
    landlords: Callable[[], Landlords] | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A fortress with addresses, its vault, and its provider."""

    fortress: Fortress
    provider: Provider
    vault: Vault

    def endpoints(self) -> list[Endpoint]:
        """The way to every host."""
        return [_endpoint(self.provider.endpoint(host.name)) for host in self.fortress.hosts]

    def client(self) -> Endpoint:
        """The vantage outside every site: the lab's client, or this machine."""
        from festning.model.check import CLIENT  # noqa: PLC0415 (to log in to hosts takes nothing of checks)

        return _endpoint(self.provider.endpoint(CLIENT)) if self.fortress.lab else this_machine(CLIENT)


def open_fortress(file: Path, surroundings: Surroundings, *, lab: bool, create_vault: bool = False) -> Opened:
    """Open the fortress of a file where it is already up (or, on real hosts, where it is to be).

    Raises :class:`UsageError` when the lab is not up, hosts have no address, or machines are not rented yet.
    """
    fortress = load_judged(file, surroundings.today)
    if lab:
        return open_lab(fortress)
    if any(host.rented for host in fortress.hosts):
        from festning.workflows.renting import open_rented  # noqa: PLC0415 (only rented machines need it)

        return open_rented(file, fortress, surroundings, create_vault=create_vault)
    provider = Static(fortress)
    placed = provider.place(fortress)
    return Opened(placed, provider, open_vault(file, placed, surroundings, create=create_vault))


def open_lab(fortress: Fortress) -> Opened:
    """Open a lab that is up; raises :class:`UsageError` when it is not."""
    from festning.providers.lab.lab import Lab  # noqa: PLC0415 (only the lab needs it)

    lab = Lab(fortress)
    identity = lab.memory / IDENTITY_NAME
    if not lab.is_up or not identity.is_file():
        raise UsageError("the lab is not up", hint="festning --lab up")
    return Opened(lab.fortress, lab, Vault.open(lab.memory / VAULT_NAME, identity.read_text().strip()))


def open_vault(file: Path, fortress: Fortress, surroundings: Surroundings, *, create: bool) -> Vault:
    """The vault beside the file; with ``create`` a missing one is begun (and written when it is saved)."""
    from festning.vault.age import recipient_of  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.vault.identity import find_identity  # noqa: PLC0415

    path = file.resolve().parent / VAULT_NAME
    if not path.exists() and not create:
        raise UsageError(f"there is no vault {path}", hint="festning up makes it")
    identity = find_identity(surroundings.environment, prompt=surroundings.prompt, create=create and not path.exists())
    if path.exists():
        return Vault.open(path, identity)
    return Vault.create(path, [recipient_of(identity)], owner=fortress.name)


def _endpoint(way: Way) -> Endpoint:
    open_socket = None
    if way.namespace is not None:
        from festning.providers.lab.namespace import open_socket as socket_in_lab  # noqa: PLC0415

        open_socket = partial(socket_in_lab, way.namespace, way.address, way.port)
    return Endpoint(
        host=way.host,
        address=way.address,
        port=way.port,
        user=way.user,
        sudo=way.user != "root",
        known_host_key=way.known_host_key,
        client_key=way.client_key,
        open_socket=open_socket,
        key_source=way.key_source,
        other_ports=way.other_ports,
        via=None if way.via is None else _endpoint(way.via),
    )
