"""What a data node says of itself: the script that asks, and the reader of its answer.

The script runs as root with ``sh``, changes nothing, and prints ``key value`` lines. It answers in every state that a
data node can be in: without MariaDB, never started, running with or without quorum, hanging in its start, crashed, or
in the middle of receiving a copy. Leaves conclusions to ``formation`` and ``checks``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

ZERO_UUID = "00000000-0000-0000-0000-000000000000"
UNDEFINED_SEQNO = -1

MARKER = "/var/lib/festning/database-cluster"
"""Holds the UUID of the cluster that this host was part of: it is outside the data directory, so that an empty data
directory on a host that had data is recognised as a loss, not as a new host."""

STARTING_S = 8
"""Seconds that a server which is just starting is waited for."""

# A node without quorum answers SHOW, and refuses SELECT.
STATUS_QUERY = """\
SHOW GLOBAL STATUS WHERE Variable_name IN (
'wsrep_cluster_status','wsrep_cluster_size','wsrep_cluster_state_uuid','wsrep_local_state_uuid','wsrep_cluster_conf_id',
'wsrep_local_state_comment','wsrep_ready','wsrep_connected','wsrep_last_committed','wsrep_incoming_addresses',
'wsrep_flow_control_paused','wsrep_flow_control_paused_ns','wsrep_local_recv_queue','wsrep_local_cert_failures');"""

_UNIT = 'unit() { systemctl show -P "$1" mariadb.service 2>/dev/null; }'

# One that does not answer SQL yet tells in its journal whether its group has quorum (it may be receiving a copy).
_GROUP = f"""\
state=$(unit ActiveState)
echo "unit ${{state:-unknown}}"
if [ "$state" = activating ]; then
    journalctl -q -b -o cat -u mariadb.service "_PID=$(unit MainPID)" 2>/dev/null |
        sed -n 's/.*Received NON-PRIMARY.*/group non-primary/p; s/.*component *= PRIMARY,.*/group primary/p' | tail -n 1
fi
timeout -k 1 5 mariadb --skip-ssl -N -B 2>/dev/null <<'SQL' | sed 's/\\t/ /' | sed 's/^/status_/'
{STATUS_QUERY}
SQL"""

group_script = f"""\
set -u
{_UNIT}
{_GROUP}
echo complete
"""
"""Asks only in what group the server is now: its data stays untouched, so that a start may go on meanwhile."""

# A server that is just starting gets a moment: it may find the others by itself. One that goes on without answering SQL
# tells on its command line from which position it started. A server that is down is asked by galera_recovery, which
# needs the data for itself.
observation_script = f"""\
set -u
data=/var/lib/mysql
if [ -x /usr/sbin/mariadbd ]; then echo "installed yes"; else echo "installed no"; fi
if [ -s {MARKER} ]; then echo "marker $(head -c 36 {MARKER})"; fi
if [ -e "$data/sst_in_progress" ] || [ -d "$data/.sst" ]; then echo "transfer aborted"; fi
if [ -f "$data/grastate.dat" ]; then
    sed -n 's/^\\(uuid\\|seqno\\|safe_to_bootstrap\\): */grastate_\\1 /p' "$data/grastate.dat"
fi
if grep -qs '^uuid: *{ZERO_UUID}' "$data/grastate.dat"; then
    timeout 20 journalctl -q -o cat -r -n 1 -g 'Reversing history: ' -u mariadb.service 2>/dev/null |
        sed -n 's/.*Reversing history: \\([0-9]*\\) -> \\([0-9]*\\),.*/ahead \\1 \\2/p'
fi
{_UNIT}
answers() {{ timeout -k 1 3 mariadb -e "SHOW GLOBAL STATUS LIKE 'wsrep_ready'" >/dev/null 2>&1; }}
tries=0
while [ "$(unit ActiveState)" = activating ] && [ $tries -lt {STARTING_S} ] && ! answers; do
    tries=$((tries + 1))
    sleep 1
done
{_GROUP}
timeout -k 1 5 mariadb --skip-ssl -N -B 2>/dev/null <<'SQL' | sed 's/^/schema_/'
SELECT SCHEMA_NAME, 1 FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('information_schema','performance_schema','mysql','sys','test','festning');
SQL
position() {{ sed -n 's/.*--wsrep_start_position=\\([0-9a-f-]*\\):\\(-\\{{0,1\\}}[0-9]*\\).*/recovered \\1 \\2/p'; }}
if [ "$state" = activating ]; then
    tr '\\0' '\\n' <"/proc/$(unit MainPID)/cmdline" 2>/dev/null | position
elif [ -x /usr/bin/galera_recovery ] && {{ [ "$state" = inactive ] || [ "$state" = failed ]; }}; then
    timeout -k 5 120 /usr/bin/galera_recovery 2>/dev/null | position
fi
echo complete
"""  # noqa: S608 -- constants only.


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A running server's view of the cluster: its ``wsrep_`` status variables, by name without the prefix."""

    values: MappingProxyType[str, str]

    def text(self, name: str) -> str:
        """A variable's value, empty where the server did not give it."""
        return self.values.get(name, "")

    def number(self, name: str) -> float | None:
        """A variable's value as a number, ``None`` where it is none."""
        try:
            return float(self.text(name))
        except ValueError:
            return None

    @property
    def primary(self) -> bool:
        return self.text("cluster_status") == "Primary"

    @property
    def synced(self) -> bool:
        """Whether the node is up to date in the primary component and serves."""
        return self.primary and self.text("local_state_comment") == "Synced" and self.text("ready") == "ON"

    @property
    def size(self) -> int:
        """Members in view, arbitrators included; 0 where unknown."""
        return int(self.number("cluster_size") or 0)

    @property
    def flow_control_paused(self) -> float | None:
        """The part (0 to 1) of the time since ``FLUSH STATUS`` for which replication waited for a slow node."""
        return self.number("flow_control_paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is known of one data node. A position is -1 where none was found; ``schemas`` are the users' databases.

    ``joining`` and ``waiting`` are of a server that is not yet up: its group has quorum, or has none.
    ``ahead_to`` and ``ahead_of`` are the positions of this node and of its group when Galera last turned it away for
    having more than the group (see :attr:`ahead`).
    """

    installed: bool = False
    marker: str = ""
    unit: str = "unknown"
    joining: bool = False
    waiting: bool = False
    transfer_aborted: bool = False
    grastate_uuid: str = ""
    grastate_seqno: int = UNDEFINED_SEQNO
    safe_to_bootstrap: bool = False
    recovered_uuid: str = ""
    recovered_seqno: int = UNDEFINED_SEQNO
    ahead_to: int = UNDEFINED_SEQNO
    ahead_of: int = UNDEFINED_SEQNO
    schemas: tuple[str, ...] = ()
    status: Status = field(default_factory=lambda: Status(values=MappingProxyType({})))

    @property
    def answers(self) -> bool:
        """Whether the server runs as a member of a group, with or without quorum."""
        return self.status.text("cluster_status") in ("Primary", "non-Primary") and self._connected

    @property
    def _connected(self) -> bool:
        return self.status.text("connected") == "ON"

    @property
    def primary(self) -> bool:
        """Whether it is in a primary component, or on its way into one (receiving what it missed)."""
        return self.status.primary or self.joining

    @property
    def apart(self) -> bool:
        """Whether its server runs in a group that has no quorum, or hangs in its start for that."""
        return self.waiting or (self.answers and not self.status.primary)

    @property
    def formed(self) -> bool:
        """Whether the host was ever part of a cluster. A zero UUID alone is a node that never came so far."""
        return bool(self.marker or self.uuid)

    @property
    def cluster_uuid(self) -> str:
        """The UUID of the cluster that it runs in."""
        return self.status.text("cluster_state_uuid")

    @property
    def uuid(self) -> str:
        """Which history its data belongs to; empty where there is none."""
        known = (self.status.text("local_state_uuid") if self.answers else "", self.recovered_uuid, self.grastate_uuid)
        return next((uuid for uuid in known if uuid and uuid != ZERO_UUID), "")

    @property
    def seqno(self) -> int:
        """The last transaction in its data, by the best source there is."""
        if self.answers:
            return int(self.status.number("last_committed") or UNDEFINED_SEQNO)
        if self.recovered_uuid and self.recovered_uuid != ZERO_UUID:
            return self.recovered_seqno
        return self.grastate_seqno

    @property
    def stranded(self) -> bool:
        """Whether its server runs with whole data, and waits for the transactions that it missed.

        Galera marks the state file as invalid for that time (as for a copy, of which ``transfer_aborted`` tells). A
        server that began without knowing its position, as after damage, tells none.
        """
        return (
            self.answers
            and not self.primary
            and self.grastate_uuid == ZERO_UUID
            and self.status.text("local_state_uuid") not in ("", ZERO_UUID)
            and self.seqno >= 0
        )

    @property
    def ahead(self) -> bool:
        """Whether its data is whole, and more than the arbitrator knew of.

        A writer that is the only data node and loses its power may have a transaction that the arbitrator never heard
        was safe. When both meet again, Galera turns the data node away ("Reversing history"), and marks its state file
        as invalid, as after damage. InnoDB's position must be none that came later: what damaged it then is unknown.
        """
        return (
            not self.answers
            and self.grastate_uuid == ZERO_UUID
            and not self.transfer_aborted
            and self.recovered_uuid == self.marker != ""
            and 0 <= self.ahead_of < self.recovered_seqno <= self.ahead_to
        )

    @property
    def doubt(self) -> str:
        """Why its data may not be what a cluster starts from; empty where nothing speaks against it."""
        if self.transfer_aborted:
            return "it was receiving a copy when it stopped, its data is incomplete"
        if not self.grastate_uuid:
            return "its state file is gone, its data may be gone too" if self.formed else "it has no data"
        if self.grastate_uuid == ZERO_UUID and not self.stranded and not self.ahead:
            return "its state is marked invalid (zero UUID), as after an aborted transfer or damage"
        if self.marker and self.uuid != self.marker:
            return f"its data is of {self.uuid}, but it was part of {self.marker}"
        if self.seqno < 0:
            return "its last position could not be found"
        return ""

    @property
    def has_usable_data(self) -> bool:
        """Whether a cluster may be started from it."""
        return self.formed and not self.doubt


def parse_observation(output: str) -> Observation | None:
    """What ``observation_script`` or ``group_script`` printed, with unknown lines left out.

    ``None`` when it was cut short: half of an answer could pass for a host that never had a database.
    """
    if output.splitlines()[-1:] != ["complete"]:
        return None
    values: dict[str, str] = {}
    for line in output.splitlines():
        key, _, value = line.replace("\t", " ").partition(" ")
        values[key] = value.strip()
    recovered_uuid, _, recovered_seqno = values.get("recovered", "").partition(" ")
    ahead_to, _, ahead_of = values.get("ahead", "").partition(" ")
    return Observation(
        installed=values.get("installed") == "yes",
        marker=values.get("marker", ""),
        unit=values.get("unit", "unknown"),
        joining=values.get("group") == "primary",
        waiting=values.get("group") == "non-primary",
        transfer_aborted="transfer" in values,
        grastate_uuid=values.get("grastate_uuid", ""),
        grastate_seqno=_seqno(values.get("grastate_seqno", "")),
        safe_to_bootstrap=values.get("grastate_safe_to_bootstrap") == "1",
        recovered_uuid=recovered_uuid,
        recovered_seqno=_seqno(recovered_seqno),
        ahead_to=_seqno(ahead_to),
        ahead_of=_seqno(ahead_of),
        schemas=tuple(key.removeprefix("schema_") for key in values if key.startswith("schema_")),
        status=parse_status({key: value for key, value in values.items() if key.startswith("status_wsrep_")}),
    )


def parse_status(lines: dict[str, str]) -> Status:
    """A status from ``status_wsrep_<name>`` values."""
    return Status(values=MappingProxyType({key.removeprefix("status_wsrep_"): value for key, value in lines.items()}))


def _seqno(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return UNDEFINED_SEQNO
