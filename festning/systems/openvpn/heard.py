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
    """What to ask of a hub: its clock, and of each of its processes when it wrote, and whom it heard, a line each."""
    files = " ".join(server.status for server in layout.servers(fortress, hub))
    script = f"date +%s\nfor file in {files}; do sed -n '{_SAYS}' $file || exit 1; done\n"
    return Probe(host=hub.name, script=script, timeout_s=5.0)


def heard(printed: str | None) -> frozenset[str] | None:
    """The hosts that the hub hears; ``None`` where it could not be asked, or one of its processes does not know itself:
    whose edges are not heard by then is not known."""
    now, *lines = (printed or "").split() or [""]
    if not lines or lines[-1] != "END":
        return None
    found: set[str] = set()
    while lines:
        end = lines.index("END")
        if not _is_fresh(now, lines[0]):
            return None
        found.update(lines[1:end])
        lines = lines[end + 1 :]
    return frozenset(found)


def _is_fresh(now: str, wrote: str) -> bool:
    return now.isdigit() and wrote.isdigit() and abs(int(now) - int(wrote)) <= FRESH_S
