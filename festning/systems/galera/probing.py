"""The scripts that checks run on data nodes and arbitrators, and the readers of what they print.

Everything that one data node can tell is asked in one script, so that all checks of a node share one run of it. The
script prints ``<section> <name> <value>`` lines. Leaves verdicts to ``checks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from festning.model.check import Output, Probe
from festning.systems.galera import provider
from festning.systems.galera.recovery.observation import STATUS_QUERY, observation_script

VARIABLES = (
    "wsrep_provider_options",
    "innodb_flush_log_at_trx_commit",
    "innodb_doublewrite",
    "innodb_snapshot_isolation",
)
SECOND_LOOK_S = 0.5
"""Seconds between the two looks at the position."""

_HTTP = """\
import sys, urllib.error, urllib.request
for path in ("writer", "synced"):
    try:
        answer = urllib.request.urlopen(f"http://{sys.argv[1]}/{path}", timeout=3)
    except urllib.error.HTTPError as refused:
        answer = refused
    except OSError as error:
        print("health", path, 0, error)
        continue
    print("health", path, answer.status, answer.read().decode("utf-8", "replace").strip())
"""


def observation_probe(host: str) -> Probe:
    """The look at a data node, for the question how the cluster starts. A recovery of the position after a crash may
    take minutes on large data."""
    return Probe(host=host, script=observation_script, timeout_s=300)


def tls_probe(address: IPv4Address, keys: provider.KeyFiles) -> str:
    """Lines that tell which TLS the group port speaks, to a client with this host's own certificate."""
    return f"""\
timeout 5 openssl s_client -brief -connect {address}:{provider.GROUP_PORT} -CAfile {keys.authority} \\
    -cert {keys.certificate} -key {keys.key} -verify_return_error </dev/null 2>&1 |
    sed -n 's/^Protocol version: /tls protocol /p; s/^Verification: /tls verification /p'
"""


def data_node_script(address: IPv4Address, keys: provider.KeyFiles, units: Iterable[str]) -> str:
    """What a data node is asked; ``units`` are those whose state is told."""
    names = ", ".join(f"'{name}'" for name in VARIABLES)
    return f"""\
sql() {{ timeout 10 mariadb --skip-ssl -N -B 2>&1 | sed "s/^/$1 /; s/\\t/ /"; }}
sql status <<'SQL'
{STATUS_QUERY}
SQL
sql variable <<'SQL'
SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names});
SQL
sql member <<'SQL'
SELECT node_name, IF(node_incoming_address = '', 'arbitrator', 'data') FROM mysql.wsrep_cluster_members;
SQL
python3 - {address}:{provider.HEALTH_PORT} <<'PYTHON'
{_HTTP}PYTHON
for unit in {" ".join(units)}; do echo "unit $unit $(systemctl is-active $unit)"; done
{tls_probe(address, keys)}sleep {SECOND_LOOK_S}
sql later <<'SQL'
SHOW GLOBAL STATUS LIKE 'wsrep_last_committed';
SQL
"""  # noqa: S608 -- constants only.


def arbiter_script(address: IPv4Address, keys: provider.KeyFiles, units: Iterable[str]) -> str:
    """What an arbitrator's host is asked; ``units`` are those whose state is told."""
    return f"""\
for unit in {" ".join(units)}; do echo "unit $unit $(systemctl is-active $unit)"; done
{tls_probe(address, keys)}"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a probe printed, by section and name."""

    values: Mapping[str, Mapping[str, str]]

    def get(self, section: str, name: str) -> str:
        """A value, empty where it was not told."""
        return self.values.get(section, {}).get(name, "")

    def status(self, name: str) -> str:
        """A status variable, without its ``wsrep_``."""
        return self.get("status", f"wsrep_{name}")

    @property
    def answers(self) -> bool:
        """Whether the database told anything at all."""
        return bool(self.status("cluster_status"))

    @property
    def options(self) -> dict[str, str]:
        """The provider options that the running server has."""
        pairs = (
            part.split("=", 1) for part in self.get("variable", "wsrep_provider_options").split(";") if "=" in part
        )
        return {name.strip(): value.strip() for name, value in pairs}

    @property
    def positions(self) -> tuple[int, int] | None:
        """The last committed transaction at the first look and at the second."""
        try:
            return int(self.status("last_committed")), int(self.get("later", "wsrep_last_committed"))
        except ValueError:
            return None


def read(output: Output) -> Told:
    """The lines of a probe's output."""
    values: dict[str, dict[str, str]] = {}
    for line in output.stdout.splitlines():
        section, _, rest = line.partition(" ")
        name, _, value = rest.partition(" ")
        values.setdefault(section, {})[name] = value.strip()
    return Told(values)
