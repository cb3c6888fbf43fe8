"""Who is who in the stack of 2014: which host of the fortress stands at which address of the tunnel. Pure.

The addresses are the document's: the first core is 10.8.0.1, web nodes begin at 10.8.0.2, the second member of the
database is 10.8.0.5 and the arbitrator 10.8.0.6. A lab with more web nodes gives them the addresses that are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from festning.errors import CompileError
from festning.model.fortress import Fortress, Host, Runtime, Service

POOL = IPv4Network("10.8.0.0/24")
"""OpenVPN 2.6's ``server`` leases all of it but the network's, its own and the broadcast address."""
FIRST, SECOND, ARBITRATOR = POOL[1], POOL[5], POOL[6]


@dataclass(frozen=True, slots=True)
class Member:
    """A host with its address in the tunnel."""

    host: Host
    address: IPv4Address

    @property
    def name(self) -> str:
        """The host's name, which its certificate has too."""
        return self.host.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Every host by what it does. ``shop`` is the service with the database, and ``database`` the buffer pool's bytes.

    ``first`` is hub, data node and load balancer at once, ``second`` the other data node and load balancer.
    """

    fortress: Fortress
    first: Member
    second: Member
    arbitrator: Member
    webs: tuple[Member, ...]
    shop: Service

    @property
    def cores(self) -> tuple[Member, Member]:
        return self.first, self.second

    @property
    def clients(self) -> tuple[Member, ...]:
        """Who dials the hub."""
        return self.second, self.arbitrator, *self.webs

    def member(self, host: Host) -> Member:
        """The member that a host is."""
        return next(one for one in (self.first, *self.clients) if one.name == host.name)


def lay_out(fortress: Fortress) -> Layout:
    """The layout of a fortress that has what the guide has.

    Raises :class:`CompileError` for any other: two cores, one arbiter, and one PHP service with a database.
    """
    if len(fortress.cores) != 2 or len(fortress.arbiters) != 1:
        raise CompileError("the stack of 2014 has two data nodes and one arbitrator: two cores and one arbiter")
    first, second = fortress.cores
    return Layout(
        fortress=fortress,
        first=Member(first, FIRST),
        second=Member(second, SECOND),
        arbitrator=Member(fortress.arbiters[0], ARBITRATOR),
        webs=tuple(map(Member, fortress.edges, _web_addresses(len(fortress.edges)))),
        shop=_shop(fortress),
    )


def _web_addresses(count: int) -> tuple[IPv4Address, ...]:
    taken = {FIRST, SECOND, ARBITRATOR}
    free = [address for address in POOL.hosts() if address not in taken]
    if count > len(free):
        raise CompileError(f"the pool {POOL} has addresses for {len(free)} web nodes, not for {count}")
    return tuple(free[:count])


def _shop(fortress: Fortress) -> Service:
    if any(service.runtime is Runtime.COMMAND for service in fortress.services):
        raise CompileError("the stack of 2014 serves PHP and files; a service with a command has no place in it")
    shops = [service for service in fortress.services if service.database and service.runtime is Runtime.PHP]
    if len(shops) != 1:
        raise CompileError("the stack of 2014 has one PHP service with a database, in the one pool of php-fpm")
    return shops[0]
