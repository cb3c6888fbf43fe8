"""How a tunnel is restarted without anybody losing more than a moment: one at a time, and back before the next. Pure.

A hub's own links go all at once when it restarts. Connections over the bridge stay, as the addresses are no tunnel's;
what would wait for the link meanwhile is sent to other hosts before (``model/traffic``).
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.catalog import Drain
from festning.model.fortress import Host
from festning.model.traffic import AWAY, BACK
from festning.systems.openvpn import layout

_SEEN = "/run/festning/links"
"""What was up before, below the agent's own directory in memory."""
_PATIENCE = 150
"""Tries, 0.2 s apart, for a link to come back. What was down before is not waited for."""


def hub(peers: Iterable[Host], *, only: bool) -> Drain:
    """The hub: every host that was connected must answer over it again.

    ``only`` says that some of them have no other link to this host: then they are sent away from it before.
    """
    answering = " ".join(f"{peer.name}={peer.bridge}" for peer in peers)
    connected = f"sed -n 's/^CLIENT_LIST,\\([^,]*\\),.*/\\1/p' {layout.HUB_STATUS} 2>/dev/null | sort -u"
    return Drain(
        name="hub",
        units=(layout.HUB_UNIT,),
        begin=f"mkdir -p -m 700 {_SEEN}\n{connected} >{_SEEN}/hub\n{AWAY if only else ''}",
        end=f"""answering() {{
    for peer in {answering}; do
        if grep -qx "${{peer%%=*}}" {_SEEN}/hub 2>/dev/null; then
            ping -q -c 1 -W 1 -I {layout.HUB_DEVICE} "${{peer#*=}}" >/dev/null 2>&1 || return 1
        fi
    done
}}
{_until("answering", "not every host answers over it again")}{BACK if only else ""}""",
        timeout_s=900,
    )


def link(hub: Host, *, only: bool) -> Drain:
    """A link to a hub: the hub must answer over it again, if it did before.

    ``only`` says that there is no other between these two hosts; between two hubs there are two.
    """
    answers = f"ping -q -c 1 -W 1 -I {layout.device(hub)} {hub.bridge} >/dev/null 2>&1"
    seen = f"{_SEEN}/{layout.device(hub)}"
    return Drain(
        name=f"link to {hub.name}",
        units=(layout.client_unit(hub),),
        begin=f"mkdir -p -m 700 {_SEEN}\nrm -f {seen}\nif {answers}; then touch {seen}; fi\n{AWAY if only else ''}",
        end=_until(f"[ ! -e {seen} ] || {answers}", f"{hub.name} does not answer over it") + (BACK if only else ""),
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
