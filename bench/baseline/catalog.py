"""The stack of 2014 as catalogs: what every host of a fortress would be in it, by the guide's settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bench.baseline import balancer, database, firewall, tunnel, web
from bench.baseline.layout import Layout, Member, lay_out
from festning.model.catalog import HostCatalog, SystemCatalog
from festning.model.fortress import Fortress
from festning.systems.nginx.catalog import Sources


def compile_baseline(fortress: Fortress, sources: Sources) -> dict[str, HostCatalog]:
    """The catalog of every host, by its name. ``sources`` are the files of every service.

    Raises :class:`CompileError` for a fortress that the guide's architecture has no place for.
    """
    layout = lay_out(fortress)
    return {
        host.name: HostCatalog(host.name, tuple(_systems(layout, layout.member(host), sources)))
        for host in fortress.hosts
    }


def _systems(layout: Layout, member: Member, sources: Sources) -> Iterator[SystemCatalog]:
    yield firewall.catalog(layout, member)
    yield tunnel.catalog(layout, member)
    if (data := database.catalog(layout, member)) is not None:
        yield data
    if member in (*layout.cores, *layout.webs):
        yield web.catalog(layout, member, sources)
    if member in layout.cores:
        yield balancer.catalog(layout)
    if member == layout.first:
        yield web.release(layout)
