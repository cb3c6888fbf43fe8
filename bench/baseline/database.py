"""The database of 2014: a Galera node on each core and garbd on the arbiter, with the provider's default options.

The cluster is formed by hand once, as one did: the first core begins it, the second joins. Nobody forms it again.
"""

from __future__ import annotations

from bench.baseline import material
from bench.baseline.firewall import GROUP
from bench.baseline.layout import POOL, Layout, Member
from bench.baseline.rendering import render
from festning.model.catalog import File, Gate, Item, Package, Step, SystemCatalog, Unit, Wave
from festning.model.reference import secret

CONFIGURATION = "/etc/mysql/mariadb.conf.d/90-baseline.cnf"
ARBITRATOR = "/etc/default/garb"
MIB = 1 << 20

_STATUS = "mariadb --skip-column-names --batch --execute \"SHOW GLOBAL STATUS LIKE '{}'\" 2>/dev/null | cut --fields=2"
IN_PRIMARY = f'test "$({_STATUS.format("wsrep_cluster_status")})" = Primary\n'
SYNCED = f'test "$({_STATUS.format("wsrep_local_state_comment")})" = Synced\n'


def whole(members: int) -> str:
    """A check: the cluster has as many members."""
    return f'test "$({_STATUS.format("wsrep_cluster_size")})" = {members}\n'


def catalog(layout: Layout, member: Member) -> SystemCatalog | None:
    """The database's part of a host, ``None`` on a web node."""
    if member in layout.cores:
        return _data_node(layout, member)
    return _arbitrator(layout) if member == layout.arbitrator else None


def cluster_name(layout: Layout) -> str:
    return layout.fortress.name[:32]


def _data_node(layout: Layout, member: Member) -> SystemCatalog:
    begin = "galera_new_cluster" if member == layout.first else "systemctl start mariadb.service"
    content = render(
        "90-baseline.cnf",
        cluster_name=cluster_name(layout),
        name=member.name,
        address=member.address,
        members=[core.address for core in layout.cores],
        memory_mib=layout.fortress.database.memory // MIB,
    )
    items: tuple[Item, ...] = (
        Package("mariadb-server"),
        Package("galera-4"),
        # A session that is measured speaks to the database through it.
        Package("python3-pymysql"),
        File(path=CONFIGURATION, content=content, validate=("sh", "-c", "mariadbd --help --verbose >/dev/null")),
        Step(name="database: in the primary component", check=IN_PRIMARY, do=f"{begin}\n", timeout_s=300),
        Unit(name="mariadb.service"),
        _shop_step(layout),
        Gate(name="database: synced", check=SYNCED, timeout_s=120),
    )
    return SystemCatalog(
        system="database", wave=Wave.DATABASE, items=items, materials=(material.shop_password(layout),)
    )


def _shop_step(layout: Layout) -> Step:
    schema = layout.shop.schema
    user = f"'{schema}'@'{POOL.network_address}/{POOL.netmask}'"
    password = secret(material.shop_password(layout).value)
    return Step(
        name="database: the shop's schema and user",
        check=f"""mariadb --execute "SHOW GRANTS FOR {user}" >/dev/null 2>&1\n""",
        do=f"""mariadb <<'SQL'
CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON `{schema}`.* TO {user};
SQL
""",
    )


def _arbitrator(layout: Layout) -> SystemCatalog:
    nodes = " ".join(f"{core.address}:{GROUP}" for core in layout.cores)
    items: tuple[Item, ...] = (
        Package("galera-arbitrator-4"),
        File(path=ARBITRATOR, content=f'GALERA_NODES="{nodes}"\nGALERA_GROUP="{cluster_name(layout)}"\n'),
        Unit(name="garb.service"),
        Gate(name="database: arbitrator runs", check="systemctl is-active --quiet garb.service\n", timeout_s=30),
    )
    return SystemCatalog(system="database", wave=Wave.ARBITER, items=items)
