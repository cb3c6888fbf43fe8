"""Rules about votes: can the cluster lose any one member and still know that it is the majority?

Galera's component stays primary when more than half of the last view's votes are still in touch (Galera documentation,
"Weighted Quorum"); data nodes and arbitrators have one vote each.
"""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.finding import Finding, Severity
from festning.model.fortress import Fortress


def single_core(fortress: Fortress) -> Iterator[Finding]:
    """There must be two cores at least: one is a database, a hub and a front door without a second."""
    if len(fortress.cores) == 1:
        only = fortress.cores[0]
        yield Finding(
            rule="survivability.single-core",
            severity=Severity.ERROR,
            key_path=f"hosts.{only.entry}",
            message=f"{only.name} is the only core host: with it go the data, the bridge and every service",
            fix="declare a second host with role core",
        )


def no_majority(fortress: Fortress) -> Iterator[Finding]:
    """The votes must be odd in number: of an even number, half may be cut off from half, and neither goes on."""
    cores, arbiters = len(fortress.cores), len(fortress.arbiters)
    votes = cores + arbiters
    if cores > 1 and votes % 2 == 0:
        yield Finding(
            rule="survivability.no-majority",
            severity=Severity.ERROR,
            key_path="hosts",
            message=f"{cores} data nodes and {arbiters} arbiters make {votes} votes: when half of them are lost or cut "
            "off, the rest is no majority and stops writing",
            fix="declare a host with role arbiter, at a third site" if not arbiters else "make the votes odd in number",
        )
