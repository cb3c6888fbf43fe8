"""What the sums assume, as numbers and as the sentences that are printed under them.

Each of them is a guess of somebody who has done it, not a price: whoever knows better reads them and counts anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from festning.model.fortress import Fortress, Role
from festning.model.money import HOURS_A_MONTH

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Minutes of work for a host that is replaced, by whether it is an edge; hours for which both run until names have
    the new addresses; the speed at which data moves; memory (GiB) of a host that has no size."""

    edge_minutes: int = 10
    host_minutes: int = 30
    overlap_hours: int = 24
    megabits: int = 100
    edge_memory: int = 2
    arbiter_memory: int = 1
    least_core_memory: int = 4

    def minutes(self, role: Role) -> int:
        return self.edge_minutes if role is Role.EDGE else self.host_minutes

    def hours_of_copying(self, size: int) -> Decimal:
        """How long bytes take over the link."""
        return Decimal(size) * 8 / (self.megabits * 1_000_000) / 3600

    def memory(self, fortress: Fortress, role: Role) -> int:
        """GiB that a host of a role needs: a core twice the database's buffer pool."""
        pool = -(-2 * fortress.database.memory // GIB)
        return {
            Role.CORE: max(self.least_core_memory, pool),
            Role.ARBITER: self.arbiter_memory,
            Role.EDGE: self.edge_memory,
        }[role]

    def sentences(self, fortress: Fortress) -> tuple[str, ...]:
        """For people, in the order of the tables."""
        core, arbiter, edge = (self.memory(fortress, role) for role in (Role.CORE, Role.ARBITER, Role.EDGE))
        return (
            (
                f"A month has {HOURS_A_MONTH} hours. Prices are list prices on demand, without taxes, discounts or "
                "commitments; a host's declared price covers its disk and its address."
            ),
            (
                "Machines' prices that are libcloud's are as its makers found them on that day: a price of 0 there is "
                "unknown, and a few others are some per cent off. Invoices know better: a host's own price goes first."
            ),
            (
                "A vendor's GB counts as a GiB. Free allowances of an account and steps that fall with the volume are "
                "left out, but for what prices.included says: so traffic is rather too dear than too cheap."
            ),
            (
                "All in one cloud: the same hosts with the same programs, a database of one's own among them, and the "
                "same traffic out; no managed load balancer, NAT gateway or managed database, which cost extra."
            ),
            (
                f"A host that has a size there keeps it; another gets a size with its memory, or without a size {core} "
                f"GiB (core: twice the buffer pool), {arbiter} GiB (arbiter), {edge} GiB (edge)."
            ),
            "Like for like leaves out, on both sides, what is unknown on one of them.",
            (
                f"Leaving: {self.edge_minutes} minutes of work for an edge and {self.host_minutes} for any other host, "
                f"one after another, and the data at {self.megabits} Mbit/s; both run in that time and "
                f"{self.overlap_hours} hours more, until names lead to the new ones, which cost as much as the old."
            ),
            (
                "Edges have no data. A core's data moves once, from a core that stays if there is one. Counted is the "
                "list price: from 2027-01-12 providers in the EU may charge nothing for switching, egress included "
                "(Regulation (EU) 2023/2854, Article 29)."
            ),
        )
