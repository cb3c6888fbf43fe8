"""The steps that make a data node part of the primary component.

Knows systemd's and Galera's ways to start; leaves which node may begin to ``formation``.
"""

from __future__ import annotations

from festning.model.catalog import Step
from festning.systems.galera.provider import HEALTH_PORT
from festning.systems.galera.recovery.formation import Formation, How
from festning.systems.galera.recovery.observation import MARKER

IN_PRIMARY = "galera: in the primary component"
"""The step whose check tells whether a data node is in the primary component."""

# Asked over a socket that never leaves the host. TLS there, the client's default, is half of what a question costs.
PRIMARY = """\
status=$(mariadb --skip-ssl -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'" 2>/dev/null | cut -f2)
test "$status" = Primary
"""

SYNCED = """test "$(timeout 5 mariadb --skip-ssl -N -B 2>/dev/null <<'SQL'
SELECT GROUP_CONCAT(VARIABLE_VALUE ORDER BY VARIABLE_NAME) FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME IN ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready');
SQL
)" = Primary,Synced,ON
"""

REMEMBERED = f"""# From the server's own note, not from the server: this is looked at with every plan.
uuid=$(sed -n 's/^uuid: *//p' /var/lib/mysql/grastate.dat 2>/dev/null)
test -n "$uuid" && test "$(cat {MARKER} 2>/dev/null)" = "$uuid"
"""

REMEMBER = f"""set -e
uuid=$(mariadb --skip-ssl -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_state_uuid'" | cut -f2)
test -n "$uuid"
mkdir -p "$(dirname {MARKER})"
printf '%s' "$uuid" >{MARKER}.new
sync {MARKER}.new
mv {MARKER}.new {MARKER}
"""

_JOIN = f"""set -e
# A server that hangs in its start, or runs without quorum, finds the others by itself; one that is down is started.
# A group of the arbitrator alone, which ends whoever would join it, is soon over: systemd tries on (garb-alone).
systemctl start mariadb.service ||
    journalctl -q -b -u mariadb.service -n 100 -o cat | grep -q 'Group requested repl_proto_ver: 127'
tries=0
until {PRIMARY}do
    tries=$((tries + 1))
    if [ $tries -gt 600 ]; then echo "no primary component was joined; see journalctl -u mariadb" >&2; exit 1; fi
    sleep 0.1
done
"""

# Whether the server has whole data and waits for what it missed (``stranded`` of recovery.observation.Observation). For
# that time Galera marks the state file as if there were no data.
_STRANDED = """\
state=/var/lib/mysql/grastate.dat
status() { timeout 5 mariadb --skip-ssl -N -B -e "SHOW GLOBAL STATUS LIKE '$1'" 2>/dev/null | cut -f2; }
stranded() {
    grep -qs '^uuid: *00000000-' $state || return 1
    test "$(status wsrep_cluster_status)" != Primary || return 1
    history=$(status wsrep_local_state_uuid)
    case $history in "" | 00000000-*) return 1 ;; esac
}
"""

# A server that waits for the members of its last view, or for what it missed, does not hear SIGTERM; it changes nothing
# while it waits, so it may be killed. Whose data a stranded one has goes back into its state file first.
_STOP = f"""\
{_STRANDED}end() {{
    systemctl stop --no-block mariadb.service
    sleep 1
    systemctl kill --signal=KILL mariadb.service 2>/dev/null || true
    systemctl stop mariadb.service
}}
if stranded; then
    sed -i "s/^uuid:.*/uuid:    $history/" $state
    sync $state
    end
elif [ -n "$(status wsrep_ready)" ]; then
    systemctl stop mariadb.service
else
    end
fi"""

# Of this step and of what data nodes do by themselves (recovery.attempt), the second waits, and finds nothing to do.
_ONE_AT_A_TIME = f"""set -e
exec 9>/run/festning-galera-form.lock
flock 9
primary() {{
    {PRIMARY}}}
if primary; then exit 0; fi
"""

# A server that has a variable for each of the provider's options (11.8 has, 10.11 has not) refuses all of them in one.
_PROMOTE = f"""{_ONE_AT_A_TIME}\
if mariadb -N -B -e "SHOW GLOBAL VARIABLES LIKE 'wsrep_provider_pc_bootstrap'" | grep -q .; then
    mariadb -e "SET GLOBAL wsrep_provider_pc_bootstrap = ON"
else
    mariadb -e "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"
fi
"""


def join_step(host: str, formation: Formation, peers: tuple[str, ...]) -> Step:
    """Being in the primary component: by starting it on the founder, by joining it elsewhere.

    ``peers`` are the bridge addresses of the other data nodes.
    """
    return Step(name=IN_PRIMARY, check=PRIMARY, do=_do(host, formation, peers), timeout_s=900)


def stand_down_step() -> Step:
    """An arbitrator that does not run (see ``catalog.standing_down``)."""
    return Step(
        name="galera: arbitrator stands down",
        check="! systemctl is-active --quiet garb.service\n",
        do="systemctl stop garb.service\n",
    )


def let_go_step() -> Step:
    """A data node that does not wait any more for what nobody can give it. It keeps its place in the old group while it
    waits, and would not suffer a new one beside it; it joins that like one that was down."""
    return Step(
        name="galera: data node lets go of the old group",
        check=f"{_STRANDED}! stranded\n",
        do=f"set -e\n{_STOP}\n",
        timeout_s=400,
    )


def stand_up_step() -> Step:
    """The arbitrator again, after it stood down: it ran when it was looked at, so nothing else would start it."""
    return Step(
        name="galera: arbitrator stands up",
        check="systemctl is-active --quiet garb.service\n",
        do="systemctl start garb.service\n",
    )


def remember_step() -> Step:
    """The cluster's UUID, noted outside the data directory."""
    return Step(name="galera: remember the cluster", check=REMEMBERED, do=REMEMBER)


def _do(host: str, formation: Formation, peers: tuple[str, ...]) -> str:
    if host != formation.founder:
        return _JOIN
    if formation.how is How.PROMOTE:
        return _PROMOTE + REMEMBER
    return _found(formation.reason, peers) + REMEMBER


def programs(peers: tuple[str, ...]) -> dict[str, str]:
    """What a data node does when the data nodes form the group by themselves, by name: as ``apply`` does it."""
    return {
        "found": _found("the most recent data of all data nodes is here", peers) + REMEMBER,
        "promote": _PROMOTE + REMEMBER,
        "let-go": f"set -e\n{_STOP}\n# Down it would stay, as systemd takes this for a person's wish.\n"
        "systemctl start --no-block mariadb.service\n",
    }


def _found(reason: str, peers: tuple[str, ...]) -> str:
    """Starting a primary component from nothing. Galera asks for safe_to_bootstrap as a guard against doing this by
    hand on the wrong node; the decision that this is the right one was made from all nodes' positions."""
    return f"""{_ONE_AT_A_TIME}\
# The decision was made a moment ago: if by now another data node is in a primary component, do not start a second one.
synced() {{
    timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /synced HTTP/1.0\\r\\n\\r\\n" >&3 && head -n 1 <&3' \\
        "$1" {HEALTH_PORT} 2>/dev/null | grep -q ' 200 '
}}
for peer in {" ".join(peers)}; do
    if synced "$peer"; then
        echo "$peer is in a primary component: not starting another one" >&2
        exit 1
    fi
done
{_STOP}
# Data that is whole though Galera marked it as invalid (``ahead`` of recovery.observation.Observation) gets its history
# back: without it, the server would begin with nothing.
if grep -qs '^uuid: *00000000-' $state && [ -s {MARKER} ]; then
    sed -i "s/^uuid:.*/uuid:    $(head -c 36 {MARKER})/" $state
    sync $state
fi
# The view from before would be waited for, although this is a new beginning.
rm -f /var/lib/mysql/gvwstate.dat
if [ -f $state ]; then sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' $state; fi
# {reason}
tries=0
until galera_new_cluster; do
    tries=$((tries + 1))
    if [ $tries -ge 3 ]; then exit 1; fi
    sleep 1
done
"""
