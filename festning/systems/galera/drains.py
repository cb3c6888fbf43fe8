"""How members of the group make way before a restart: the writer hands over, the arbitrator waits for the others. Pure.

Knows scripts; leaves what a handover is to ``health``.
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.catalog import Drain
from festning.model.fortress import Fortress, Host
from festning.systems.galera.provider import HEALTH_PORT

LIBRARY = "/usr/local/lib/festning"
GARBD_STATE = "/var/lib/festning-garbd"
"""An arbitrator keeps what it needs here."""
GARBD_VIEW = f"{GARBD_STATE}/gvwstate.dat"
"""Its last view of the primary component."""
MEMBERS = f"grep -c '^member:' {GARBD_VIEW} 2>/dev/null"
"""A command that counts those who were in it."""
_SEEN = "/run/festning/garbd-members"


MAKE_WAY = f"{LIBRARY}/writer make-way\n"
"""Gives the writes to another data node that is in sync; waits for one."""


def make_way() -> Drain:
    """A data node gives the writes to another before its server or its health daemon restarts."""
    return Drain(
        name="data node",
        units=("mariadb.service", "festning-galera-health.service"),
        begin=MAKE_WAY,
        # The gates wait until it is in sync again; the writes come back only when somebody else needs to restart.
        end=":\n",
    )


def alone(fortress: Fortress) -> Drain:
    """The arbitrator leaves the data nodes alone only while all are in sync, and is back when it sees them all."""
    return Drain(name="arbitrator", units=("garb.service",), begin=may_leave(fortress), end=is_back(), timeout_s=90)


def may_leave(fortress: Fortress) -> str:
    """A script that waits until every data node is in sync, and remembers how many members there are."""
    return f"""mkdir -p -m 700 /run/festning
{MEMBERS} >{_SEEN} || true
tries=0
until {asked(fortress.cores, "/synced").rstrip()}
do
    tries=$((tries + 1))
    if [ $tries -ge 45 ]; then echo "a data node is not in sync" >&2; exit 1; fi
    sleep 1
done
"""


def is_back() -> str:
    """A script that waits until there are as many members again."""
    return f"""tries=0
until [ "$({MEMBERS})" -ge "$(cat {_SEEN} 2>/dev/null || echo 0)" ] 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -ge 300 ]; then echo "the arbitrator sees fewer members than before" >&2; exit 1; fi
    sleep 0.1
done
rm -f {_SEEN}
"""


def in_sync(host: Host) -> str:
    """A script that waits until this data node is in sync."""
    return f"""tries=0
until {asked([host], "/synced").rstrip()}
do
    tries=$((tries + 1))
    if [ $tries -ge 600 ]; then echo "the database is not in sync again" >&2; exit 1; fi
    sleep 0.2
done
"""


def asked(nodes: Iterable[Host], path: str) -> str:
    """A command that succeeds when every one of these data nodes answers yes to a question about its health."""
    addresses = [str(node.bridge) for node in nodes]
    return f"""python3 -I -S -c '
import socket
for address in {" ".join(addresses)!r}.split():
    with socket.create_connection((address, {HEALTH_PORT}), timeout=2) as asked:
        asked.settimeout(2)
        asked.sendall(b"GET {path} HTTP/1.0\\r\\n\\r\\n")
        if b" 200 " not in asked.recv(64):
            raise SystemExit(1)
'
""".replace(repr(" ".join(addresses)), '"' + " ".join(addresses) + '"')
