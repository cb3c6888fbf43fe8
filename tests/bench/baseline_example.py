"""The stack of 2014 of the example, as the tests look at it: at the addresses that the lab would give."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from bench.baseline.catalog import compile_baseline
from festning.model.catalog import File, HostCatalog
from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.providers.lab.placement import relocate
from festning.workflows.compiling import read_sources
from tests.conftest import EXAMPLE


@cache
def fortress() -> Fortress:
    return relocate(load_fortress(EXAMPLE / "fortress.yaml"))


@cache
def catalogs() -> dict[str, HostCatalog]:
    return compile_baseline(fortress(), read_sources(fortress()))


def files(host: str) -> dict[str, File]:
    """The files of a host, by their paths."""
    return {item.path: item for _, item in catalogs()[host].items() if isinstance(item, File)}


def text(host: str, path: str) -> str:
    return str(files(host)[path].content)


def with_edges(count: int) -> Fortress:
    """The example with as many edges."""
    one = fortress().edges[0]
    others = tuple(host for host in fortress().hosts if host not in fortress().edges)
    edges = tuple(replace(one, name=f"edge{n}", number=one.number + n) for n in range(count))
    return replace(fortress(), hosts=(*others, *edges))
