"""What is worked out for a host costs as much among many as among few: counted in calls, so that no clock matters."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from ipaddress import ip_address
from itertools import count

import pytest

from festning.model.fortress import Fortress
from festning.model.load import parse_fortress
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.verifying import collect_checks
from tests.conftest import EXAMPLE

FEW, MANY = 60, 120
MOST_GROWTH = 2.2
"""Of twice as many edges; four would be the square."""


NAMES = map("grown-{}".format, count())


def with_edges(edges: int) -> Fortress:
    """A fortress with a name of its own: what is remembered of another is then not compared with it, host by host."""
    text = (EXAMPLE / "fortress.yaml").read_text().replace("count: 2", f"count: {edges}")
    text = text.replace("fortress: nordlys", f"fortress: {next(NAMES)}")
    fortress = parse_fortress(f"{text}\nbridge: {{pool: 10.0.0.0/8, block: 18, processes: 2}}\n", "f.yaml", EXAMPLE)
    first = int(ip_address("100.64.0.0"))
    return fortress.placed({edge.name: ip_address(first + edge.number) for edge in fortress.edges})


def calls(work: Callable[[], object]) -> int:
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


def catalogs(fortress: Fortress) -> Callable[[], object]:
    sources = read_sources(fortress)
    return lambda: compile_catalogs(fortress, sources, Formation.running())


def checks(fortress: Fortress) -> Callable[[], object]:
    tokens = map(str, count(1))
    return lambda: collect_checks(fortress, "authority", lambda: next(tokens))


@pytest.mark.parametrize("work", [catalogs, checks])
def test_twice_as_many_edges_cost_twice_as_much(work: Callable[[Fortress], Callable[[], object]]) -> None:
    work(with_edges(2))()  # What is loaded and remembered once is none of the growth.
    few, many = (calls(work(with_edges(edges))) for edges in (FEW, MANY))
    assert many / few < MOST_GROWTH
