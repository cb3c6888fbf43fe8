"""Faults of the network between hosts, made by each host's own packet filter, and of whole sites, by the provider.

The filters sit in a table of their own, before everything else, and let SSH through: whoever drills stays in.
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.fortress import Host
from festning.proof.faults.fault import Fault, Script, Sign, SiteLink, lasting

TABLE = "inet festning_drill"
_FAMILIES = {4: "ip", 6: "ip6"}
_UNLOAD = f"nft delete table {TABLE} 2>/dev/null || true"


def partition(name: str, what: str, groups: Iterable[tuple[Host, ...]], *, hits: frozenset[str]) -> Fault:
    """Hosts of different groups do not hear each other; the world outside hears all of them."""
    groups = tuple(groups)
    inject: list[Script] = []
    heal: list[Script] = []
    observed: list[Sign] = []
    gone: list[Sign] = []
    for group in groups:
        others = [host for other in groups if other is not group for host in other]
        for host in group:
            rules = _between(others, "drop")
            begin, end = lasting(name, host.name, inject=_load(rules), heal=_UNLOAD)
            inject.append(begin)
            heal.append(end)
        first, across = group[0], others[0]
        ping = f"ping -c 1 -W 1 -I {first.bridge} {across.bridge}\n"
        observed.append(Sign(what=f"{first.name} does not reach {across.name}", host=first.name, text=f"! {ping}"))
        gone.append(Sign(what=f"{first.name} reaches {across.name}", host=first.name, text=ping, patience_s=60))
    return Fault(
        name=name,
        what=what,
        inject=tuple(inject),
        observed=tuple(observed),
        heal=tuple(heal),
        gone=tuple(gone),
        hits=hits,
    )


def one_way_loss(name: str, host: Host, peer: Host, *, percent: int) -> Fault:
    """Of what ``peer`` sends to ``host``, this share of packets is lost; the other direction is whole."""
    ports = ", ".join(map(str, host.ssh_ports))
    kept = "".join(f"        {source} tcp dport {{ {ports} }} accept\n" for source in _from(peer))
    lost = "".join(f"        {source} numgen random mod 100 < {percent} counter drop\n" for source in _from(peer))
    rules = f"""    chain input {{
        type filter hook input priority -400; policy accept;
{kept}{lost}    }}
"""
    inject, heal = lasting(name, host.name, inject=_load(rules), heal=_UNLOAD)
    seen = f"nft list table {TABLE} | tee /dev/stderr | grep -q 'counter packets [1-9]'\n"
    return Fault(
        name=name,
        what=f"{percent} % of the packets from {peer.name} to {host.name} are lost, none in the other direction",
        inject=(inject,),
        observed=(Sign(what=f"packets from {peer.name} were dropped at {host.name}", host=host.name, text=seen),),
        heal=(heal,),
        gone=(Sign(what=f"{host.name} drops nothing", host=host.name, text=f"! nft list table {TABLE}\n"),),
    )


def sites_cut(name: str, sites: Iterable[str], hosts: Iterable[Host], *, witness: Host | None) -> Fault:
    """Whole sites lose their network: nothing gets in or out."""
    sites = tuple(sites)
    inside = tuple(host for host in hosts if host.site.name in sites)
    seen = () if witness is None else tuple(_unheard(host, witness) for host in inside)
    return Fault(
        name=name,
        what=f"{', '.join(sites)} {'is' if len(sites) == 1 else 'are'} cut off",
        inject=tuple(SiteLink(site, up=False) for site in sites),
        observed=(*(Sign(what=f"{site} is cut off", state=SiteLink(site, up=False)) for site in sites), *seen),
        heal=tuple(SiteLink(site, up=True) for site in sites),
        gone=tuple(Sign(what=f"{site} is connected", state=SiteLink(site, up=True)) for site in sites),
        hits=frozenset(host.name for host in inside),
    )


def _unheard(host: Host, witness: Host) -> Sign:
    text = f"! ping -c 1 -W 1 -I {witness.bridge} {host.bridge}\n"
    return Sign(what=f"{host.name} does not answer {witness.name} over the bridge", host=witness.name, text=text)


def _between(others: Iterable[Host], verdict: str) -> str:
    others = tuple(others)
    came = "".join(f"        {source} {verdict}\n" for host in others for source in _from(host))
    went = "".join(f"        {target} {verdict}\n" for host in others for target in _to(host))
    return f"""    chain input {{
        type filter hook input priority -400; policy accept;
{came}    }}
    chain output {{
        type filter hook output priority -400; policy accept;
{went}    }}
"""


def _from(host: Host) -> tuple[str, ...]:
    """What matches packets from a host at each of its addresses."""
    return tuple(f"{_FAMILIES[address.version]} saddr {address}" for address in host.addresses)


def _to(host: Host) -> tuple[str, ...]:
    return tuple(f"{_FAMILIES[address.version]} daddr {address}" for address in host.addresses)


def _load(rules: str) -> str:
    return f"nft -f - <<'RULES'\ntable {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{rules}}}\nRULES"
