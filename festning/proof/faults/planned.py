"""What an operator does to the edges of a fortress, put through a drill like a fault: there, and back again.

People come by the services' names, as the public does: where the names lead is what changes.
"""

from __future__ import annotations

from festning.model.check import CLIENT
from festning.model.fortress import Fortress, Host
from festning.proof.faults.fault import Fault, Relocate, Rescale, Sign, TellNames

NO_GROUP = "the fortress has no group of edges"


def rescaled(fortress: Fortress) -> Fault | str:
    """A group gets one edge more, and later one less."""
    group = _group(fortress)
    if not group:
        return NO_GROUP
    name, count, asked = group[0].entry, len(group), fortress.services[0].host
    everyone = len([edge for edge in fortress.edges if not edge.leaving])
    return Fault(
        name="scale-edges",
        what=f"{name} is scaled from {count} to {count + 1}, and back",
        prepare=(TellNames(),),
        inject=(Rescale(name, count + 1),),
        observed=(_lead_to(asked, everyone + 1),),
        heal=(Rescale(name, count),),
        gone=(_lead_to(asked, everyone),),
        planned=True,
    )


def relocated(fortress: Fortress) -> Fault | str:
    """A group moves to another site, and later back."""
    group = _group(fortress)
    if not group:
        return NO_GROUP
    home = group[0].site
    site = _elsewhere(fortress, home.name)
    if site is None:
        return "the fortress has no other site that its edges could move to"
    name, asked = group[0].entry, fortress.services[0].host
    here = "|".join(str(edge.address).replace(".", "[.]") for edge in group)
    ask = f"getent ahosts {asked}"
    return Fault(
        name="move-edges",
        what=f"{name} moves from {home.name} to {site}, and back",
        prepare=(TellNames(),),
        inject=(Relocate(name, site),),
        observed=(
            Sign(
                what=f"{asked} leads away from {home.name}", host=CLIENT, text=f"{ask} && ! {ask} | grep -Ew '{here}'"
            ),
        ),
        heal=(Relocate(name, home.name),),
        gone=(Sign(what=f"{asked} leads to {home.name}", host=CLIENT, text=f"{ask} | grep -Ew '{here}'"),),
        planned=True,
    )


def _lead_to(name: str, edges: int) -> Sign:
    text = f"""\
found=$(getent ahosts {name} | cut -d ' ' -f 1 | sort -u)
echo "$found"
[ "$(echo "$found" | wc -l)" = {edges} ]
"""
    return Sign(what=f"{name} leads to {edges} edges", host=CLIENT, text=text)


def _group(fortress: Fortress) -> list[Host]:
    """The last group of edges, where there is one and a service to ask for."""
    entries = [edge.entry for edge in fortress.edges if edge.entry != edge.name]
    if not entries or not fortress.services:
        return []
    return [edge for edge in fortress.edges if edge.entry == entries[-1] and not edge.leaving]


def _elsewhere(fortress: Fortress, home: str) -> str | None:
    """Another site, best one at which nobody is."""
    used = {host.site.name for host in fortress.hosts}
    others = [site.name for site in fortress.sites if site.name != home]
    return next((name for name in others if name not in used), others[0] if others else None)
