"""Which hosts a hub hears right now, as it says itself. Pure: the probe, and how its answer is read.

A hub takes a host for gone after a few seconds of silence, and writes what it hears each second. Older than that, its
word is worth nothing: it has been stopped itself.
"""

from __future__ import annotations

from festning.model.check import Probe
from festning.model.fortress import Fortress, Host
from festning.systems.openvpn import layout

FRESH_S = 10


_SAYS = r"s/^TIME,[^,]*,//p; s/^CLIENT_LIST,\([^,]*\),.*/\1/p; s/^END$/END/p"


def probe(fortress: Fortress, hub: Host) -> Probe:
    """What to ask of a hub: its clock; and of each of its processes when it wrote and whom it heard, a line each."""
    files = " ".join(server.status for server in layout.servers(fortress, hub))
    return Probe(
        host=hub.name,
        script=f"date +%s\nfor status in {files}; do echo STATUS; sed -n '{_SAYS}' $status || exit; done\n",
        timeout_s=5.0,
    )


def heard(printed: str | None) -> frozenset[str] | None:
    """The hosts that the hub hears; ``None`` where it could not be asked, or one of its processes does not know."""
    clock, *told = [part.split() for part in (printed or "").split("STATUS")]
    if not told or len(clock) != 1 or any(not _fresh(one, clock[0]) for one in told):
        return None
    return frozenset(host for one in told for host in one[1:-1])


def _fresh(told: list[str], clock: str) -> bool:
    """Whether what a process wrote is whole, and of now."""
    whole = len(told) >= 2 and told[-1] == "END" and told[0].isdigit() and clock.isdigit()
    return whole and abs(int(clock) - int(told[0])) <= FRESH_S
