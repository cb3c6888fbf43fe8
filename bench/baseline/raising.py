"""Raises the stack of 2014 on a lab of its own, by festning's engine, and waits until it works; takes it down again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.baseline import balancer, database, load, material
from bench.baseline.catalog import compile_baseline
from bench.baseline.layout import Layout, lay_out
from bench.stage import RunError, Stage, booted, ended_by_signals
from festning.engine.apply import ApplyResult, apply
from festning.engine.connections import Connections
from festning.engine.observe import observe
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.check import CLIENT
from festning.model.fortress import Fortress
from festning.model.material import Authority
from festning.model.plan import Plan
from festning.proof.load.stream import Stream
from festning.workflows.compiling import read_sources
from festning.workflows.opening import Opened

OPERATOR = "bench"
PATIENCE_S = 90.0
PAUSE_S = 0.5

# Prints the status of a POST over TLS, or why there was none. No curl: the load balancer denies it.
_ORDER = """\
import socket, ssl, sys
address, host, path = sys.argv[1:]
context = ssl.create_default_context(cadata=sys.stdin.read())
head = f"POST {path} HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n"
try:
    with socket.create_connection((address, 443), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as connection:
            connection.sendall(head.encode())
            print(connection.recv(64).decode("latin-1").split(" ", 2)[1])
except (OSError, IndexError) as error:
    print(error)
"""


class Baseline:
    """The stack of 2014 that is up. Use :func:`raise_baseline`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.layout: Layout = lay_out(stage.fortress)

    @property
    def fortress(self) -> Fortress:
        """The fortress with the lab's addresses, on whose hosts it stands."""
        return self.layout.fortress

    def streams(self, per_second: float) -> tuple[Stream, ...]:
        """The load's requests at its front doors."""
        return load.streams(self.fortress, per_second)

    @property
    def session(self) -> load.SessionPlace:
        """Where the load's session with the database is opened."""
        return load.session_place(self.fortress)

    def order(self, door: str, number: str) -> str:
        """The status of an order placed at a front door, as text, or why there is none."""
        shop = self.layout.shop
        if shop.probe is None:
            raise RunError(f"{shop.name} has no probe, so nobody can tell how to write with it")
        path = shop.probe.path.replace("{token}", number)
        address = str(self.fortress.host(door).address)
        authority = self.stage.opened().vault.lookup(Authority.WEB.certificate).encode()
        told = self.stage.on_host(CLIENT, "python3", "-c", _ORDER, address, shop.host, path, given=authority)
        return told.decode().strip()

    def copies(self, number: str) -> dict[str, str]:
        """How often each data node has an order, as text."""
        shop = self.layout.shop
        if shop.probe is None:
            raise RunError(f"{shop.name} has no probe, so nobody can tell how to look for what was written")
        query = shop.probe.row.replace("{token}", number).encode()
        command = ("mariadb", "--skip-column-names", "--batch", shop.schema)
        return {
            core.name: self.stage.on_host(core.name, *command, given=query).decode().strip()
            for core in self.fortress.cores
        }

    def await_whole(self) -> None:
        """Wait until every member is there and a write at each door is on every data node.

        Raises :class:`RunError` with what is missing when that does not come about.
        """
        for core in self.fortress.cores:
            self._await(f"the cluster is whole at {core.name}", core.name, database.whole(3) + database.SYNCED)
            self._await(f"every web node is up at {core.name}", core.name, self._all_servers_up())
        for door in self.fortress.cores:
            self._await_write(door.name)

    def _all_servers_up(self) -> str:
        names = " ".join(balancer.server_name(number) for number in range(1, len(self.layout.webs) + 1))
        return (
            f"said=$(echo 'show stat' | socat - UNIX-CONNECT:{balancer.ADMIN_SOCKET}) || exit 1\n"
            f"for name in {names}; do\n"
            f'    echo "$said" | grep --quiet "^{balancer.BACKEND},$name,.*,UP," || exit 1\n'
            "done\n"
        )

    def _await(self, what: str, host: str, check: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        script = f"set -e\n{check}".encode()
        while True:
            try:
                self.stage.on_host(host, "sh", given=script)
            except RunError:
                if time.monotonic() > deadline:
                    raise RunError(f"after {PATIENCE_S:.0f} s it still is not so that {what}") from None
                time.sleep(PAUSE_S)
            else:
                return

    def _await_write(self, door: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        number = f"raise-{secrets.token_hex(6)}"
        while not (said := self.order(door, number)).startswith("20"):
            if time.monotonic() > deadline:
                raise RunError(f"no order was taken at {door} within {PATIENCE_S:.0f} s; the last answer: {said}")
            time.sleep(PAUSE_S)
        while set((found := self.copies(number)).values()) != {"1"}:
            if time.monotonic() > deadline:
                raise RunError(f"an order that was taken at {door} is there so often: {found}")
            time.sleep(PAUSE_S)


@contextmanager
def raise_baseline(folder: Path, name: str, edges: int = 2) -> Iterator[Baseline]:
    """The stack of 2014 in a lab of that name, working; taken down at the end, however it ends.

    ``folder`` gets a copy of the example. Raises :class:`RunError` when it does not come to work.
    """
    with booted(folder, name, edges) as stage:
        with ended_by_signals():
            _refuse_incomplete(asyncio.run(_apply(stage.opened())))
            baseline = Baseline(stage)
            baseline.await_whole()
        yield baseline


async def _apply(opened: Opened) -> ApplyResult:
    """All catalogs onto machines as they are, in one plan, by the engine that festning uses."""
    fortress = opened.fortress
    catalogs = compile_baseline(fortress, read_sources(fortress))
    materials = dict.fromkeys(one for catalog in catalogs.values() for one in catalog.materials)
    opened.vault.ensure(materials, datetime.now(UTC))
    opened.vault.save()
    lookup = material.looking_up(opened.vault)
    sealed = {name: SealedCatalog(catalog, lookup) for name, catalog in catalogs.items()}
    order = tuple(core.name for core in fortress.cores)
    async with Connections(opened.endpoints()) as connections:
        facts = await observe(sealed, connections)
        plans = tuple(plan_host(sealed[host.name], facts[host.name]) for host in fortress.hosts)
        plan = Plan(fortress=fortress.name, hosts=plans, order=order)
        return await apply(plan, sealed, connections, operator=OPERATOR, serial_order=order)


def _refuse_incomplete(result: ApplyResult) -> None:
    if not result.complete:
        lines = (f"{one.host}: {one.outcome.value}: {one.reason}\n{one.output}" for one in result.hosts)
        raise RunError("the stack of 2014 was not applied whole:\n" + "\n".join(lines))
