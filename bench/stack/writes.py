"""Bare writes: rows a second into a stack's database, and into a lone MariaDB on the same machine, by mariadb-slap.

The lone one has the same durability and memory, on the same disk, and runs beside the stack, which is idle meanwhile.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from bench.stack.ground import Ground
from bench.stage import RunError

SESSIONS = 8
ROWS = 4000
SCHEMA = "bench_writes"
USER = "bench"
PORT, LONE_PORT = 3306, 3399
LONE_HOME = "/var/lib/bench-lone"
LONE_UNIT = "bench-lone"
INSERT = "INSERT INTO orders (number) VALUES (UUID())"
SETTINGS = "/run/bench-writes.cnf"

_TOOK = re.compile(r"Average number of seconds to run all queries: ([0-9.]+) seconds")


@dataclass(frozen=True, slots=True)
class Bare:
    """A database with a table that is like the shop's. Use :func:`stack_database` and :func:`lone_database`."""

    ground: Ground
    address: str
    port: int

    def per_second(self) -> float:
        """Rows a second, each a transaction of its own. Raises :class:`RunError`."""
        slap = (
            f"mariadb-slap --defaults-extra-file={SETTINGS} --host={self.address} --port={self.port} --protocol=tcp"
            f" --skip-ssl --no-drop --create-schema={SCHEMA} --concurrency={SESSIONS} --number-of-queries={ROWS}"
            f' --query="{INSERT}"'
        )
        return rows_per_second(self.ground.stage.on_host(self.ground.core.name, "sh", "-c", slap).decode())


def rows_per_second(output: str) -> float:
    """From what mariadb-slap prints."""
    found = _TOOK.search(output)
    if found is None or float(found[1]) <= 0:
        raise RunError(f"mariadb-slap did not say how long it took:\n{output}")
    return ROWS / float(found[1])


def stack_database(ground: Ground) -> Bare:
    """The stack's database, as a program on the writer's host has it."""
    password = _remember_password(ground)
    _sql(ground, _made(ground.clients, password))
    return Bare(ground, ground.database, PORT)


def lone_database(ground: Ground) -> Bare:
    """A lone MariaDB, begun on the writer's host with what matters set as there. After :func:`stack_database`."""
    found = _sql(ground, "SELECT @@innodb_buffer_pool_size, @@innodb_log_file_size, @@innodb_flush_log_at_trx_commit;")
    pool, log, flush = found.split()
    options = (
        f"--no-defaults --user=mysql --datadir={LONE_HOME} --socket={LONE_HOME}/lone.sock --port={LONE_PORT}"
        f" --bind-address=127.0.0.1 --pid-file={LONE_HOME}/lone.pid --skip-name-resolve --skip-log-bin"
        f" --innodb-buffer-pool-size={pool} --innodb-log-file-size={log} --innodb-flush-log-at-trx-commit={flush}"
        " --innodb-doublewrite=ON"
    )
    script = f"""set -e
mkdir -p {LONE_HOME}
chown mysql: {LONE_HOME}
mariadb-install-db --no-defaults --user=mysql --datadir={LONE_HOME} --skip-test-db >/dev/null
systemd-run --quiet --collect --unit={LONE_UNIT} mariadbd {options}
tries=0
until mariadb --no-defaults --socket={LONE_HOME}/lone.sock --execute 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 300 ]
    sleep 0.1
done
"""
    ground.stage.on_host(ground.core.name, "sh", given=script.encode())
    password = ground.stage.on_host(ground.core.name, "sed", "-n", "s/^password=//p", SETTINGS).decode().strip()
    _sql(ground, _made("127.0.0.1", password), f"--socket={LONE_HOME}/lone.sock")
    return Bare(ground, "127.0.0.1", LONE_PORT)


def end_lone(ground: Ground) -> None:
    """Stop the lone MariaDB, and take its files away."""
    ground.stage.on_host(ground.core.name, "sh", "-c", f"systemctl stop {LONE_UNIT}; rm -rf {LONE_HOME}")


def _remember_password(ground: Ground) -> str:
    """In a file on the machine, so that no list of processes has it."""
    password = secrets.token_hex(16)
    settings = f"[client]\nuser={USER}\npassword={password}\n"
    ground.stage.on_host(ground.core.name, "sh", "-c", f"umask 077; cat >{SETTINGS}", given=settings.encode())
    return password


def _made(clients: str, password: str) -> str:
    return f"""CREATE DATABASE {SCHEMA};
CREATE TABLE {SCHEMA}.orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    number VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    placed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB;
CREATE USER '{USER}'@'{clients}' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON {SCHEMA}.* TO '{USER}'@'{clients}';
"""


def _sql(ground: Ground, text: str, *options: str) -> str:
    """Run statements as the database's root, on the writer's host."""
    command = ("mariadb", *(("--no-defaults", *options) if options else ()), "--skip-column-names", "--batch")
    return ground.stage.on_host(ground.core.name, *command, given=text.encode()).decode()
