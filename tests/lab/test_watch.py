"""What a watch sees of real edges: every request counted, and one without power told from one that is only mute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from festning.cli.operate import surroundings
from festning.engine.connections import Connections
from festning.scaling.bounds import Bounds
from festning.scaling.presence import Memory, believe
from festning.workflows.measuring import Group, View
from festning.workflows.opening import Opened, open_fortress
from tests.conftest import Festning

pytestmark = pytest.mark.lab

GROUPS = {"edge": Group(Bounds(least=1, most=4, requests_per_edge=100, p99_ms=250), ("edge1", "edge2"))}
READS, RELAYED = 40, 7
VISIT = """
for turn in $(seq {times}); do
    curl -sk -o /dev/null --connect-to {name}:443:{address}:443 https://{name}/{path} || exit 1
done
"""


@pytest.fixture
def opened(lab: Festning) -> Opened:
    return open_fortress(lab.file, surroundings(), lab=True)


@pytest.fixture
def powerless(lab: Festning) -> Iterator[str]:
    """An edge that is cut from its power, and has it back at the end."""
    assert lab("lab", "cut", "edge2").returncode == 0
    try:
        yield "edge2"
    finally:
        assert lab("lab", "heal", "edge2").returncode == 0
        until = time.monotonic() + 90
        while lab("lab", "exec", "edge2", "--", "ping", "-c1", "-W1", "10.8.0.1").returncode:
            assert time.monotonic() < until, "it does not come back"
        while lab("lab", "exec", "edge2", "--", "systemctl", "is-active", "haproxy", "nginx").returncode:
            assert time.monotonic() < until, "its front door does not come back"


def test_every_request_is_counted_where_it_was_made(lab: Festning, opened: Opened) -> None:
    async def measured() -> None:
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            view = View(opened.fortress, GROUPS, connections)
            assert all(sight.requests is None for sight in await view.look()), "one reading is no rate"
            before, began = dict(view._readings), time.monotonic()
            visit = VISIT.format(times=READS, name="www.nordlys.example", address=address, path="")
            relayed = VISIT.format(times=RELAYED, name="shop.nordlys.example", address=address, path="health_check.php")
            await asyncio.to_thread(lab.on, "client", visit + relayed)
            busy, idle = await view.look()
            after, took = view._readings, time.monotonic() - began
        assert after["edge1"].requests - before["edge1"].requests == READS
        assert after["edge1"].connections - before["edge1"].connections == RELAYED
        assert sum(after["edge1"].took.values()) == READS + RELAYED, "the log has the time of each of them"
        assert busy.requests == pytest.approx((READS + RELAYED) / (after["edge1"].at - before["edge1"].at))
        assert busy.p99_ms is not None
        assert 0 <= busy.p99_ms < took * 1000
        assert (idle.requests, idle.p99_ms) == (0, None)

    address = str(opened.fortress.host("edge1").address)
    asyncio.run(measured())


def test_an_edge_without_power_is_dead_and_its_neighbour_is_not(opened: Opened, powerless: str) -> None:
    async def looked() -> None:
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            view = View(opened.fortress, GROUPS, connections)
            until = time.monotonic() + 60
            sights = await view.look()
            while (
                any(sights[1].heard.values()) and time.monotonic() < until
            ):  # A hub gives a silent host three seconds.
                sights = await view.look()
        assert sights[0].reached
        assert not sights[1].reached
        assert sights[1].door is False
        assert dict(sights[1].heard) == {"core1": False, "core2": False}
        belief = believe(sights, Memory(), 100.0)
        assert [one.edge for one in belief.seen if one.dead_since is not None] == [powerless]

    asyncio.run(looked())
