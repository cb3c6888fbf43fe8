"""From declared hosts to machines that are wanted: whose, where, behind which firewall, and born with which keys.

The place where flows become openings of a provider's firewall, and the vault's keys user data. Leaves asking for the
machines to ``renting``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from festning.model.flow import Flow
from festning.model.fortress import Fortress, Host, Site
from festning.model.material import OPERATOR_KEY, host_key
from festning.providers.cloud.rented import ANYWHERE, Claim, Opening, Place, Wanted
from festning.providers.cloud.user_data import user_data
from festning.providers.interface import KeyPair
from festning.systems.nftables.compilation import compile_rules
from festning.vault.vault import Vault
from festning.workflows.compiling import compile_flows

GIB = 1 << 30
PING = Opening("icmp", 0, ANYWHERE)
"""What hosts' own firewalls take from everywhere besides flows: a path's largest packet is found with it."""


def place_of(site: Site) -> Place | None:
    """Where machines of a site are rented; ``None`` for a site where none are."""
    return Place(site.provider, site.region) if site.rented and site.region is not None else None


def claim_of(fortress: Fortress, vault: Vault) -> Claim:
    """Whose the machines are. The mark is of the operator's key, which is in one vault only."""
    public = " ".join(vault.lookup(OPERATOR_KEY.public).split()[:2])
    return Claim(fortress.name, hashlib.sha256(public.encode()).hexdigest()[:12])


def wanted_machines(fortress: Fortress, vault: Vault) -> dict[str, Wanted]:
    """What is wanted for every rented host of a fortress, by its name.

    Its hosts may have addresses: then what they may reach is open to them, too.
    """
    flows: dict[str, list[Flow]] = defaultdict(list)
    for flow in compile_flows(fortress):
        flows[flow.target].append(flow)
    return {
        host.name: _wanted(fortress, host, place, vault, openings=openings_of(fortress, host, flows[host.name]))
        for host in fortress.hosts
        if (place := place_of(host.site)) is not None and host.size is not None
    }


def openings_of(fortress: Fortress, host: Host, flows: Iterable[Flow]) -> tuple[Opening, ...]:
    """What a host accepts at its public address, one opening for each port, in order."""
    sources: dict[tuple[str, int], list[str]] = defaultdict(list)
    for rule in compile_rules(fortress, host, flows).public:
        sources[rule.protocol, rule.port].extend(rule.sources or ANYWHERE)
    openings = (Opening(protocol, port, _networks(found)) for (protocol, port), found in sources.items())
    return tuple(sorted((*openings, PING)))


def _networks(sources: Iterable[str]) -> tuple[str, ...]:
    """Networks as clouds write them, with a length also for single addresses; all of the world stands alone."""
    found = {source if "/" in source else f"{source}/{128 if ':' in source else 32}" for source in sources}
    return ANYWHERE if found >= set(ANYWHERE) else tuple(sorted(found))


def _wanted(fortress: Fortress, host: Host, place: Place, vault: Vault, *, openings: tuple[Opening, ...]) -> Wanted:
    assert host.size is not None  # The file is not accepted without.
    key = host_key(host.name)
    authorized = vault.lookup(OPERATOR_KEY.public)
    return Wanted(
        claim=claim_of(fortress, vault),
        host=host.name,
        place=place,
        size=host.size,
        image=host.image,
        disk_gib=-(-host.disk // GIB) if host.disk is not None else None,
        openings=openings,
        authorized_key=authorized,
        user_data=user_data(
            fortress.name,
            host.name,
            user=fortress.admin.ssh_user,
            port=host.ssh_port,
            host_key=KeyPair(vault.lookup(key.private), vault.lookup(key.public)),
            authorized_key=authorized,
        ),
    )
