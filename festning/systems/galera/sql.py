"""Scripts for the database on a data node: each speaks SQL over the unix socket, on standard input, as root.

Every change is made on one node and replicates; on the others the check then passes. All are safe to repeat. Knows SQL
and shell; leaves when they run to ``catalog``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from festning.model.catalog import Step
from festning.model.fortress import Service
from festning.model.material import service_database_password
from festning.model.reference import secret

HEALTH_ACCOUNT = "festning-galera"
"""The system user of the health daemon, and its database user."""

SCHEMA = "festning"

WAIT_READY = """\
ready() { [ "$(mariadb --skip-ssl -N -B -e "SHOW GLOBAL STATUS LIKE 'wsrep_ready'" 2>/dev/null | cut -f2)" = ON ]; }
tries=0
until ready; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ]; then echo "the database takes no statements: wsrep_ready is not ON" >&2; exit 1; fi
    sleep 0.1
done
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """Something that the database must hold: an SQL expression that is 1 when it does, and what makes it so."""

    holds: str
    statements: str


_NO_LEFTOVERS = """\
SELECT (SELECT COUNT(*) FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost'))
     + (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test')
     + (SELECT COUNT(*) FROM mysql.db WHERE User = '') = 0"""
"""No anonymous user, no root from elsewhere, no test database."""

_REMOVE_LEFTOVERS = """\
mariadb --skip-ssl -N -B <<'SQL' | mariadb
SELECT CONCAT('DROP USER IF EXISTS ', QUOTE(User), '@', QUOTE(Host), ';') FROM mysql.global_priv
WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT CONCAT('REVOKE ALL PRIVILEGES ON `', Db, '`.* FROM ', QUOTE(User), '@', QUOTE(Host), ';') FROM mysql.db
WHERE User = '';
SELECT 'DROP DATABASE IF EXISTS test;';
SQL
"""


def database_step(grants: Iterable[Grant]) -> Step:
    """All that the database must hold, and nothing that its installation left open.

    One step, because each check of a step starts a client: a look at a host asks the server once.
    """
    grants = tuple(grants)
    conditions = "\nAND ".join(f"({condition})" for condition in (*(grant.holds for grant in grants), _NO_LEFTOVERS))
    return Step(
        name="galera: the writer's token, users and schemas",
        check=f"""test "$(mariadb --skip-ssl -N -B 2>/dev/null <<'SQL'
SELECT {conditions};
SQL
)" = 1
""",
        do=f"""set -e
{WAIT_READY}mariadb --skip-ssl -N -B <<'SQL'
{"".join(grant.statements for grant in grants)}SQL
{_REMOVE_LEFTOVERS}""",
    )


def writer_grant(founder: str) -> Grant:
    """The replicated row that names the node which takes the writes, and the health daemon's own user."""
    user = f"'{HEALTH_ACCOUNT}'@'localhost'"
    return Grant(
        holds=f"SELECT (SELECT COUNT(*) FROM {SCHEMA}.writer WHERE id = 1)"  # noqa: S608 -- constants and checked names.
        " AND (SELECT COUNT(*) FROM mysql.tables_priv"
        f" WHERE Db = '{SCHEMA}' AND Table_name = 'writer' AND User = '{HEALTH_ACCOUNT}')",
        statements=f"""\
CREATE DATABASE IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.writer (
    id TINYINT NOT NULL PRIMARY KEY CHECK (id = 1),
    holder VARCHAR(64) NOT NULL COMMENT 'wsrep_node_name of the node that takes the writes',
    incarnation VARCHAR(64) NOT NULL COMMENT 'its UUID in the group when it took the token',
    since TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB;
INSERT IGNORE INTO {SCHEMA}.writer (id, holder, incarnation) VALUES (1, '{founder}', '');
CREATE USER IF NOT EXISTS {user} IDENTIFIED VIA unix_socket;
GRANT SELECT, UPDATE ON {SCHEMA}.writer TO {user};
GRANT SELECT ON mysql.wsrep_cluster_members TO {user};
""",  # noqa: S608
    )


def service_grant(service: Service, clients: IPv4Network) -> Grant:
    """The database of a service, and its user: from the bridge, with all rights there and none elsewhere."""
    password = secret(service_database_password(service.schema).value)
    user = f"'{service.schema}'@'{clients.network_address}/{clients.netmask}'"
    host = f"{clients.network_address}/{clients.netmask}"
    # In a grant, _ stands for any character.
    pattern = service.schema.replace("_", "\\_")
    literal = pattern.replace("\\", "\\\\")
    return Grant(
        holds="SELECT (SELECT COUNT(*) FROM information_schema.SCHEMATA"  # noqa: S608 -- constants and checked names.
        f" WHERE SCHEMA_NAME = '{service.schema}')"
        f" AND (SELECT COUNT(*) FROM mysql.db WHERE Db = '{literal}' AND User = '{service.schema}'"
        f" AND Host = '{host}' AND Create_priv = 'Y')"
        f" AND (SELECT COUNT(*) FROM mysql.global_priv WHERE User = '{service.schema}' AND Host = '{host}'"
        f" AND JSON_VALUE(Priv, '$.authentication_string') = PASSWORD('{password}'))",
        statements=f"""\
CREATE DATABASE IF NOT EXISTS `{service.schema}` CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}';
ALTER USER {user} IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON `{pattern}`.* TO {user};
""",
    )
