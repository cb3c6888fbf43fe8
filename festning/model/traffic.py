"""How a host is taken out of traffic: what the systems on it agree on without knowing each other.

Each system that is asked for something by other hosts places a program in :data:`HOOKS`, which understands ``away``
(ask the others to go elsewhere, and wait until they do) and ``back``; they are called in the order of their names, so
that requests come back before the database does, which takes longest. Whoever is about to interrupt the whole host, as
a restart of its tunnels does, calls all of them. What they leave on the host ends by itself after
:data:`LONGEST_AWAY_S`.
"""

from __future__ import annotations

HOOKS = "/usr/local/lib/festning/traffic.d"

REFUSED = "inet festning away"
"""The firewall's set of TCP ports to which new connections are refused: who asks then tries another host at once, while
connections that are open go on."""

REFUSED_TO_OTHERS = f"{REFUSED}_for_others"
"""The same for new connections over the bridge alone: the host goes on asking itself."""

FRONT_DOOR = f"{HOOKS}/10-front-door"
"""The front door's alone. It is quick, so it may be called by what is stopped by hand, too."""

FRONT_DOOR_BACK = "festning-front-door-back"
"""The timer that runs while the front door is away, and brings it back if nobody else does."""

LONGEST_AWAY_S = 120

HEALTH_AGENT = "festning-health"
"""The User-Agent of who asks how a service is on one host: it is answered by that host, or not at all."""

AWAY = f"""\
for hook in {HOOKS}/*; do
    if [ -x "$hook" ]; then "$hook" away || exit 1; fi
done
"""
BACK = AWAY.replace("away ||", "back ||")
