"""Maps a fortress onto the lab, by arithmetic: the same file, hosts and roles at addresses from 198.18.0.0/15.

That range is reserved for such networks (RFC 2544, Appendix C.2.2) and never meets the internet. It is cut into /20
blocks: block 0 is the public network with the ``client`` machine in it, block *i* the network of site *i* in order of
declaration. Address 1 of a block is the router's; a host's is 16 plus its number. Pure: nothing here is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from festning.errors import UsageError
from festning.model.fortress import Fortress

POOL = IPv4Network("198.18.0.0/15")
BLOCK = 20
SITES = (1 << (BLOCK - POOL.prefixlen)) - 1
"""How many sites the lab has room for: every block but the public one."""
FIRST_HOST = 16
LARGEST_NUMBER = 4000

CLIENT = "client"
PUBLIC = "public"
DATABASE_MEMORY = 128 << 20
"""Bytes of buffer pool that a data node gets at most: many machines share one memory."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One of the lab's networks: its index, the name of its bridge, and what it is the network of."""

    index: int
    site: str

    @property
    def bridge(self) -> str:
        """The name of the segment's bridge inside the lab's network namespace."""
        return f"site{self.index}" if self.index else PUBLIC

    @property
    def network(self) -> IPv4Network:
        """The segment's block of addresses."""
        return IPv4Network((int(POOL.network_address) + (self.index << (32 - BLOCK)), BLOCK))

    @property
    def router(self) -> IPv4Address:
        """The router's own address in the segment."""
        return self.network.network_address + 1

    def address(self, number: int) -> IPv4Address:
        """The address of the host with that number."""
        return self.network.network_address + FIRST_HOST + number


@dataclass(frozen=True, slots=True)
class Plot:
    """Where a machine stands: its segment and its address there."""

    name: str
    segment: Segment
    address: IPv4Address

    @property
    def interface(self) -> IPv4Interface:
        """The address with the prefix length of its network."""
        return IPv4Interface((self.address, BLOCK))


def relocate(fortress: Fortress) -> Fortress:
    """The same fortress in the lab.

    Hosts get lab addresses and port 22, SSH is as root and comes from the lab's router, and data nodes get at most
    :data:`DATABASE_MEMORY`. Raises :class:`UsageError` for what the lab has no room or no name for.
    """
    _check(fortress)
    segments = {segment.site: segment for segment in segments_of(fortress)}
    sites = {site.name: replace(site, provider="lab") for site in fortress.sites}
    return replace(
        fortress,
        lab=True,
        sites=tuple(sites.values()),
        hosts=tuple(
            replace(
                host,
                site=sites[host.site.name],
                address=segments[host.site.name].address(host.number),
                other_address=None,
                ssh_port=22,
                old_ssh_ports=(),
                host_key=None,
            )
            for host in fortress.hosts
        ),
        # The operator's sockets are opened inside the lab's namespace, so they come from the nearest router address.
        admin=replace(
            fortress.admin,
            networks=tuple(IPv4Network(segments[site.name].router) for site in fortress.sites),
            ssh_user="root",
            bastion=None,
        ),
        database=replace(fortress.database, memory=min(fortress.database.memory, DATABASE_MEMORY)),
    )


def segments_of(fortress: Fortress) -> tuple[Segment, ...]:
    """The networks of the fortress's sites, in order; the public one is not among them."""
    return tuple(Segment(index, site.name) for index, site in enumerate(fortress.sites, start=1))


def public_segment() -> Segment:
    """The network outside every site."""
    return Segment(0, PUBLIC)


def plots_of(fortress: Fortress) -> tuple[Plot, ...]:
    """Every machine of the lab: the client first, then the hosts in order of declaration."""
    segments = {segment.site: segment for segment in segments_of(fortress)}
    public = public_segment()
    return (
        Plot(CLIENT, public, public.address(0)),
        *(
            Plot(host.name, segments[host.site.name], segments[host.site.name].address(host.number))
            for host in fortress.hosts
        ),
    )


def _check(fortress: Fortress) -> None:
    if len(fortress.sites) > SITES:
        raise UsageError(
            f"the lab has room for {SITES} sites; the fortress has {len(fortress.sites)}",
            hint="try a copy of the file with fewer sites in the lab",
        )
    for host in fortress.hosts:
        if host.number > LARGEST_NUMBER:
            raise UsageError(
                f"{host.name} has number {host.number}; the lab has addresses for numbers up to {LARGEST_NUMBER}",
                hint=f"give it a lower `number:` under hosts.{host.entry}",
            )
        if host.name == CLIENT:
            raise UsageError(
                f"a host is called {CLIENT}, which is the lab's own machine for the public",
                hint=f"give hosts.{host.entry} another name",
            )
