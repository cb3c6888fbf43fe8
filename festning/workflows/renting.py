"""A fortress with rented machines: finds them by their tags, and in ``up`` rents those that are lacking.

Nothing is remembered between runs: what a run that was interrupted had made is found by the next, which goes on from
there. Leaves what is asked for to ``wanting``, taking machines away to ``letting_go``, and what runs on them to the
rest of ``up``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from festning.engine.connections import Connections
from festning.engine.endpoint import Endpoint
from festning.errors import FestningError, HostUnreachableError, ProviderError, UsageError
from festning.model.fortress import Fortress
from festning.model.material import OPERATOR_KEY, host_key
from festning.providers.cloud.calls import AGAIN
from festning.providers.cloud.connect import connect
from festning.providers.cloud.estate import Estate, Keys, address_of
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.reconcile import Reconciled, reconcile
from festning.providers.cloud.rented import Claim, Cloud, Place, Rented, State, Wanted
from festning.vault.vault import Vault
from festning.workflows.opening import Opened, Surroundings, open_vault
from festning.workflows.progress import Progress
from festning.workflows.wanting import claim_of, place_of, wanted_machines

BOOT_S = 600.0
"""How long new machines may take until they run and have an address, and then until their SSH answers."""


@dataclass(frozen=True, slots=True)
class Landlords:
    """The way to the clouds and to their machines. ``answers`` tells whether a TCP port does."""

    connect: Callable[[Place], Cloud]
    patience: Patience
    answers: Callable[[str, int], bool]


def landlords(credentials: Mapping[str, str], patience: Patience, token: Callable[[], str]) -> Landlords:
    """The clouds themselves, with credentials from the environment or from wherever the mapping is."""
    return Landlords(lambda place: connect(place, credentials, patience, token=token), patience, _answers)


@dataclass(frozen=True, slots=True)
class Rental:
    """A fortress's dealings with the clouds that its sites are at."""

    fortress: Fortress
    claim: Claim
    clouds: Mapping[Place, Cloud]
    landlords: Landlords

    @classmethod
    def of(cls, fortress: Fortress, vault: Vault, surroundings: Surroundings, *, everywhere: bool = False) -> Rental:
        """Take the clouds of all sites where machines may be rented; raises ``UsageError`` for lacking credentials.

        A site without hosts may be there for later: unless ``everywhere``, one whose credentials are lacking is left
        out.
        """
        assert surroundings.landlords is not None  # Who has none asks for nothing that is rented.
        landlords = surroundings.landlords()
        used = {place_of(host.site) for host in fortress.hosts if host.rented}
        clouds: dict[Place, Cloud] = {}
        for place in dict.fromkeys(place for site in fortress.sites if (place := place_of(site)) is not None):
            try:
                clouds[place] = landlords.connect(place)
            except UsageError:
                if everywhere or place in used:
                    raise
        return cls(fortress, claim_of(fortress, vault), clouds, landlords)

    def look(self) -> Reconciled:
        """What the tags find now, beside what is declared."""
        hosts = (host for host in self.fortress.hosts if host.rented)
        declared = {host.name: place for host in hosts if (place := place_of(host.site)) is not None}
        return reconcile(declared, [one for cloud in self.clouds.values() for one in cloud.machines(self.claim)])

    def cloud(self, machine: Rented) -> Cloud:
        """The cloud that a machine is at; of a provider whose lists are of all regions, any of its."""
        at = self.clouds.get(machine.place)
        return at or next(cloud for place, cloud in self.clouds.items() if place.provider == machine.place.provider)


def open_rented(file: Path, fortress: Fortress, surroundings: Surroundings, *, create_vault: bool) -> Opened:
    """Open a fortress whose machines are rented already. Raises :class:`UsageError` when some are not."""
    vault = open_vault(file, fortress, surroundings, create=create_vault)
    machines = Rental.of(fortress, vault, surroundings).look().adopt
    return _opened(fortress, vault, machines)


def raise_rented(
    file: Path, fortress: Fortress, surroundings: Surroundings, *, now: datetime, progress: Progress
) -> Opened:
    """Rent what is lacking, wait until it can be come to, and open the fortress."""
    vault = open_vault(file, fortress, surroundings, create=True)
    rented = [host.name for host in fortress.hosts if host.rented]
    vault.ensure([OPERATOR_KEY, *(host_key(name) for name in rented)], now)
    vault.save()  # Before a machine is born with them: a run that is interrupted must not leave one that nobody knows.
    rental = Rental.of(fortress, vault, surroundings)
    progress.stage("Look for rented machines")
    found = rental.look()
    for twin in found.twins:
        progress.detail(f"{twin.host} has a second machine {twin.id}: taking it away")
        rental.cloud(twin).destroy(rental.claim, twin)
    _rent(rental, found.create, wanted_machines(fortress, vault), progress)
    opened = _opened(fortress, vault, _running(rental, rented, progress))
    _guard(rental, wanted_machines(opened.fortress, vault), rented)
    _wait_for_ssh(rental, opened, rented, progress)
    _tell_orphans(found.orphans, progress)
    return opened


def collect(acts: Iterable[Callable[[], object]], *, hint: str) -> None:
    """Do all of them, whatever becomes of the others, and raise at the end what went wrong."""
    failures: list[FestningError] = []
    for act in acts:
        try:
            act()
        except FestningError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        told = dict.fromkeys(failure.message for failure in failures)
        hints = dict.fromkeys(failure.hint for failure in failures if failure.hint)
        kind = type(failures[0]) if len({type(failure) for failure in failures}) == 1 else ProviderError
        raise kind("\n".join(told), hint="; ".join(hints) or hint)


def _rent(rental: Rental, hosts: Iterable[str], wanted: Mapping[str, Wanted], progress: Progress) -> None:
    hosts = tuple(hosts)
    if not hosts:
        return
    progress.stage(f"Rent {len(hosts)} machine{'s' if len(hosts) > 1 else ''}: {', '.join(hosts)}")

    def rent(one: Wanted) -> None:
        progress.detail(f"{one.host} at {one.place}")
        rental.clouds[one.place].create(one)

    collect([partial(rent, wanted[host]) for host in hosts], hint=AGAIN)


def _running(rental: Rental, hosts: Iterable[str], progress: Progress) -> Mapping[str, Rented]:
    """The machines of hosts once all of them run and have an address; raises ``ProviderError`` when they do not."""
    waiting: list[str] = []

    def look() -> Mapping[str, Rented] | None:
        machines = rental.look().adopt
        waiting[:] = [host for host in hosts if not _ready(machines.get(host))]
        progress.detail(f"waiting for {', '.join(waiting)}" if waiting else "all machines run")
        return machines if not waiting else None

    ready = rental.landlords.patience.until(look, BOOT_S)
    if ready is None:
        raise ProviderError(
            f"{', '.join(waiting)}: after {BOOT_S / 60:.0f} minutes there is no running machine with an address",
            hint="see at the provider what holds it; destroy it there, and festning up rents another",
        )
    return ready


def _ready(machine: Rented | None) -> bool:
    """Whether a machine need not be waited for. Raises :class:`ProviderError` for one that waiting does not help."""
    if machine is not None and machine.state in (State.STOPPED, State.BROKEN):
        address_of(machine)
    return machine is not None and machine.state is State.RUNNING and bool(machine.addresses)


def _guard(rental: Rental, wanted: Mapping[str, Wanted], hosts: Iterable[str]) -> None:
    """Set the firewalls again, now that all addresses are known, and for machines that were there before."""
    for host in hosts:
        rental.clouds[wanted[host].place].guard(wanted[host])


def _wait_for_ssh(rental: Rental, opened: Opened, hosts: Iterable[str], progress: Progress) -> None:
    progress.stage("Wait for the machines' SSH")
    ways = {way.host: way for way in opened.endpoints()}

    def look(way: Endpoint) -> bool | None:
        if way.via is not None:
            return _comes_through(way) or None
        return rental.landlords.answers(way.address, way.port) or None

    for host in map(opened.fortress.host, hosts):
        progress.detail(host.name)
        address, port = str(host.address), host.ssh_port
        if rental.landlords.patience.until(partial(look, ways[host.name]), BOOT_S) is None:
            raise ProviderError(
                f"{host.name}: its machine runs, and {address} does not answer at port {port}",
                hint="is this machine's address one of `admin.from`? Otherwise see its console at the provider; "
                "destroy it there, and festning up rents another",
            )


def _tell_orphans(orphans: tuple[Rented, ...], progress: Progress) -> None:
    if orphans:
        names = ", ".join(f"{one.host} ({one.place})" for one in orphans)
        progress.stage(f"Still rented, and not declared: {names}; see festning orphans")


def _opened(fortress: Fortress, vault: Vault, machines: Mapping[str, Rented]) -> Opened:
    client_key = vault.lookup(OPERATOR_KEY.private)
    keys = {name: Keys(vault.lookup(host_key(name).public), client_key) for name in machines}
    estate = Estate(fortress, machines, keys)
    return Opened(estate.place(fortress), estate, vault)


def _comes_through(way: Endpoint) -> bool:
    """Whether a host can be logged in to from the machine on the way to it.

    Raises :class:`HostUnreachableError` when that machine itself cannot be: waiting for the host would not help.
    """

    async def come() -> bool:
        assert way.via is not None
        async with Connections([way.via]) as connections:
            await connections.to(way.via.host)
        try:
            async with Connections([way]) as connections:
                await connections.to(way.host)
        except HostUnreachableError:
            return False
        return True

    return asyncio.run(come())


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5):
            return True
    except OSError:
        return False
