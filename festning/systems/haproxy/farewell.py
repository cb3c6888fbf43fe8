"""How an edge leaves for good: what is open ends gracefully, and nobody is turned away while somebody still asks.

A script for the edge itself, for when its addresses have left the names' answers. Nothing of it is on the host before,
and what it leaves there ends by itself.
"""

from __future__ import annotations

from festning.model.traffic import HOOKS, LONGEST_AWAY_S, REFUSED
from festning.systems.haproxy.names import PUBLIC_HTTP, PUBLIC_HTTPS, UNIT

ASKED_S = 65
"""How long somebody may still come who was told of this edge long ago: a little more than a reload's old process lives
(``hard-stop-after``), which ends whatever was open before."""
LEFT_S = 32
"""And then, with new connections refused, how long what is open may still take: a core closes what an edge relays with
the first answer after half a minute."""
LONGEST_S = ASKED_S + LEFT_S + 30.0
"""The whole script, with the services behind the front door."""


def farewell(*, asked_s: int = ASKED_S, left_s: int = LEFT_S) -> str:
    """A script whose last line is how many connections were open in the end."""
    return f"""\
asking() {{ ss -Htn state established '( sport = :{PUBLIC_HTTP} or sport = :{PUBLIC_HTTPS} )' | wc -l; }}

# Waits until nobody has asked for a second.
quiet_within() {{
    until=$(($(date +%s) + $1))
    quiet=0
    while [ $quiet -lt 5 ] && [ "$(date +%s)" -lt $until ]; do
        if [ "$(asking)" = 0 ]; then quiet=$((quiet + 1)); else quiet=0; fi
        sleep 0.2
    done
    [ $quiet -ge 5 ]
}}

if systemctl -q is-active {UNIT}; then
    # A reload closes every connection with its next answer, and hands the listeners on: new ones are still served.
    systemctl reload {UNIT}
    quiet_within {asked_s}
    came=$?
    if nft list set {REFUSED} >/dev/null 2>&1; then
        for port in {PUBLIC_HTTP} {PUBLIC_HTTPS}; do
            nft add element {REFUSED} "{{ $port timeout {LONGEST_AWAY_S}s }}"
        done
    fi
    if [ $came != 0 ]; then
        systemctl reload {UNIT}
        quiet_within {left_s}
    fi
fi
# The cores' front doors ask for what is served here, too.
if [ -x {HOOKS}/20-services ]; then {HOOKS}/20-services away; fi
asking
"""
