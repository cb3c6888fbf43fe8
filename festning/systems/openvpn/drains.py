"""How a tunnel is restarted without anybody losing more than a moment: one at a time, and back before the next. Pure.

A hub's own links go all at once when it restarts. Connections over the bridge stay, as the addresses are no tunnel's;
what would wait for the link meanwhile is sent to other hosts before (``model/traffic``).
"""

from __future__ import annotations

from festning.model.catalog import Drain
from festning.model.traffic import AWAY, BACK
from festning.systems.openvpn import layout

_SEEN = "/run/festning/links"
"""What was up before, below the agent's own directory in memory."""
_PATIENCE = 150
"""Tries, 0.2 s apart, for a link to come back. What was down before is not waited for."""


def hub(server: layout.Server, *, only: bool) -> Drain:
    """A hub's process: every host that was connected must answer over it again.

    ``only`` says that some of them have no other link to this host: then they are sent away from it before.
    """
    answering = " ".join(f"{peer.name}={peer.bridge}" for peer in server.answered)
    seen = f"{_SEEN}/{server.name}"
    connected = f"sed -n 's/^CLIENT_LIST,\\([^,]*\\),.*/\\1/p' {server.status} 2>/dev/null | sort -u"
    return Drain(
        name=server.name,
        units=(server.unit,),
        begin=f"mkdir -p -m 700 {_SEEN}\n{connected} >{seen}\n{AWAY if only else ''}",
        end=f"""answering() {{
    for peer in {answering}; do
        if grep -qx "${{peer%%=*}}" {seen} 2>/dev/null; then
            ping -q -c 1 -W 1 -I {server.device} "${{peer#*=}}" >/dev/null 2>&1 || return 1
        fi
    done
}}
{_until("answering", "not every host answers over it again")}{BACK if only else ""}""",
        timeout_s=900,
    )


def link(dialled: layout.Link, *, only: bool) -> Drain:
    """A link to a hub: the hub must answer over it again, if it did before.

    ``only`` says that there is no other between these two hosts; between two hubs there are two.
    """
    answers = f"ping -q -c 1 -W 1 -I {dialled.device} {dialled.hub.bridge} >/dev/null 2>&1"
    seen = f"{_SEEN}/{dialled.device}"
    return Drain(
        name=f"link to {dialled.hub.name}" + (f" ({dialled.name})" if dialled.server.process else ""),
        units=(dialled.unit,),
        begin=f"mkdir -p -m 700 {_SEEN}\nrm -f {seen}\nif {answers}; then touch {seen}; fi\n{AWAY if only else ''}",
        end=_until(f"[ ! -e {seen} ] || {answers}", f"{dialled.hub.name} does not answer over it")
        + (BACK if only else ""),
        timeout_s=300,
    )


def _until(condition: str, otherwise: str) -> str:
    return f"""tries=0
until {condition}; do
    tries=$((tries + 1))
    if [ $tries -ge {_PATIENCE} ]; then echo "{otherwise}" >&2; exit 1; fi
    sleep 0.2
done
"""
