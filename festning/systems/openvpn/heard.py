"""Which hosts a hub hears right now, as it says itself. Pure: the probe, and how its answer is read.

A hub takes a host for gone after a few seconds of silence, and writes what it hears each second. Older than that, its
word is worth nothing: it has been stopped itself.
"""

from __future__ import annotations

from festning.model.check import Probe
from festning.systems.openvpn import layout

FRESH_S = 10


_SAYS = r"s/^TIME,[^,]*,//p; s/^CLIENT_LIST,\([^,]*\),.*/\1/p; s/^END$/END/p"


def probe(hub: str) -> Probe:
    """What to ask of a hub: its clock, when it wrote, and whom it heard, a line each."""
    return Probe(host=hub, script=f"date +%s\nsed -n '{_SAYS}' {layout.HUB_STATUS}\n", timeout_s=5.0)


def heard(printed: str | None) -> frozenset[str] | None:
    """The hosts that the hub hears; ``None`` where it could not be asked, or does not know itself."""
    lines = (printed or "").split()
    if len(lines) < 3 or lines[-1] != "END" or not (lines[0].isdigit() and lines[1].isdigit()):
        return None
    if abs(int(lines[0]) - int(lines[1])) > FRESH_S:
        return None
    return frozenset(lines[2:-1])
