"""What the database wants of a host: a Galera data node on every core host, garbd on every arbiter.

Pure: from the resolved fortress, and how its cluster starts, to packages, files, units and steps. The order of the
items is the order of a first start: configuration, the primary component, the users, the health daemon.
"""

from __future__ import annotations

from importlib.resources import files

from festning.errors import CompileError
from festning.model.catalog import Account, File, Gate, Item, Package, Renewal, Restart, SystemCatalog, Unit, Wave
from festning.model.fortress import Durability, Fortress, Host, Role
from festning.model.material import Authority, Certificate, Material, service_database_password
from festning.model.reference import public, secret
from festning.model.traffic import HOOKS, LONGEST_AWAY_S
from festning.systems.galera import provider, sql, start
from festning.systems.galera.drains import (
    GARBD_STATE,
    GARBD_VIEW,
    MAKE_WAY,
    MEMBERS,
    alone,
    asked,
    in_sync,
    is_back,
    make_way,
    may_leave,
)
from festning.systems.galera.health.stuck import Reason
from festning.systems.galera.recovery.formation import Formation, How
from festning.templates import templates_of

render = templates_of("festning.systems.galera")

SYSTEM = "galera"
LIBRARY = "/usr/local/lib/festning"
UNITS = "/etc/systemd/system"
WRITER = f"{LIBRARY}/writer"
CONFIG = "/etc/mysql/mariadb.conf.d/90-festning.cnf"
GARBD_CONFIG = "/etc/festning/garbd.conf"
GARBD_ACCOUNT = "festning-garbd"
"""An account of its own: Debian 13 has _galera for it, Debian 12 runs it as nobody, who should own no key."""
DATA_NODE_PACKAGES = (
    "mariadb-server",
    "mariadb-backup",
    "galera-4",
    "socat",
    "openssl",
    "iproute2",
    "procps",
    "python3",
    "python3-pymysql",
)
KEYS = provider.KeyFiles()
HEALTH_MODULES = (
    "__init__",
    "__main__",
    "database",
    "decision",
    "handover",
    "http",
    "poller",
    "revival",
    "stuck",
    "told",
    "trial",
    "unformed",
)
RECOVERY_MODULES = ("__init__", "__main__", "attempt", "formation", "observation")
REQUESTS = f"/run/{sql.HEALTH_ACCOUNT}"
"""The health daemon's runtime directory, in which it asks for the end of a stuck server."""
FORMING = f"{REQUESTS}-form"
"""The folder in which it asks for the group to be formed again."""
TOLD = "/run/festning-galera-told"
"""Where a data node leaves what it says of itself then."""
REVIVE = f"{LIBRARY}/revive-galera"
FORM = f"{LIBRARY}/galera-form"
FORM_UNIT = "festning-galera-form.path"
ALONE = f"{LIBRARY}/garb-alone"
ALONE_UNIT = "festning-garb-alone.path"
ALONE_S = 10
"""Seconds that an arbitrator is alone in its group before it gives that up. No data node can join it, however long."""
FORGET = f"{LIBRARY}/garb-forget"
FORGET_UNIT = "festning-garb-forget.service"
REVIVAL_UNIT = "festning-galera-revive.path"
LEAST_UP_S = 60
"""Seconds that a server has been up before it may be ended as stuck."""
ROOM_MIB = 256
"""Free space without which a server that lost the group is not started anew: it could not even join."""


def catalog(fortress: Fortress, host: Host, formation: Formation) -> SystemCatalog | None:
    """The database's part of a host, ``None`` on a host that has none.

    Raises :class:`CompileError` when the formation's founder is no data node of the fortress.
    """
    if formation.founder is not None and formation.founder not in {core.name for core in fortress.cores}:
        raise CompileError(f"{formation.founder} cannot start the database: it is not a core host")
    if host.role is Role.CORE:
        return _data_node(fortress, host, formation)
    if host.role is Role.ARBITER:
        return _arbiter(fortress, host, formation)
    return None


def standing_down(host: Host, formation: Formation) -> SystemCatalog | None:
    """What members do before a cluster that is down is started again: let go of the old one.

    An arbitrator that the data nodes have left one by one is a primary component of its own, without data, and would
    not suffer the new one beside it. Neither would a data node that waits in the old one for what it missed.
    """
    step = None
    if host.role is Role.ARBITER and formation.how in (How.FIRST, How.RECOVER):
        step = start.stand_down_step()
    if host.role is Role.CORE and formation.how is How.RECOVER and host.name != formation.founder:
        step = start.let_go_step()
    if step is None:
        return None
    return SystemCatalog(system=f"{SYSTEM}-standing-down", wave=Wave.GROUND, items=(step,))


def certificate(fortress: Fortress, host: Host) -> Certificate:
    """A host's key pair for replication and state transfer."""
    return Certificate(
        authority=Authority.DATABASE,
        name=host.name,
        dns=(host.name,),
        addresses=(str(host.bridge),),
        server=True,
        client=True,
        days=fortress.lifetimes.database,
    )


def cluster_name(fortress: Fortress) -> str:
    """Galera's group name: a member of another fortress is refused."""
    return fortress.name[:32]


def _data_node(fortress: Fortress, host: Host, formation: Formation) -> SystemCatalog:
    services = tuple(service for service in fortress.services if service.database)
    grants = (sql.service_grant(service, fortress.bridge.hosts) for service in services)
    # A founder is started by its step alone: a restart before that would wait in vain for a cluster that is down.
    founding = host.name == formation.founder and formation.how is not How.PROMOTE
    reactions = () if founding else (Restart("mariadb.service"),)
    peers = tuple(str(core.bridge) for core in fortress.cores if core.name != host.name)
    items: tuple[Item, ...] = (
        *(Package(name) for name in DATA_NODE_PACKAGES),
        Account(sql.HEALTH_ACCOUNT),
        *_key_files(fortress, host, owner="mysql", reactions=reactions),
        *_health_files(host),
        *_revival_files(),
        *_forming_files(fortress, host, peers),
        _sst_script(),
        _server_config(fortress, host, reactions),
        _drop_in(fortress, host, "mariadb", reactions),
        start.join_step(host.name, formation, peers),
        Unit(name="mariadb.service"),
        start.remember_step(),
        sql.database_step([sql.writer_grant(host.name), *grants]),
        Unit(name="festning-galera-health.service"),
        *(_watching(unit) for unit in (REVIVAL_UNIT, FORM_UNIT)),
        *([make_way()] if peers else []),
        *([_traffic_hook("mariadb.service", MAKE_WAY, in_sync(host))] if fortress.arbiters and peers else []),
        Gate(name="galera: synced", check=start.SYNCED, timeout_s=900),
        Gate(name="galera: answers for its health", check=asked([host], "/synced"), timeout_s=60),
    )
    passwords = tuple(service_database_password(service.schema) for service in services)
    return SystemCatalog(
        system=SYSTEM, wave=Wave.DATABASE, items=items, materials=(certificate(fortress, host), *passwords)
    )


def _arbiter(fortress: Fortress, host: Host, formation: Formation) -> SystemCatalog:
    reactions = (Restart("garb.service"),)
    options = provider.member_options(host.bridge, KEYS)
    config = render(
        "garbd.conf",
        fortress=fortress.name,
        name=host.name,
        cluster_name=cluster_name(fortress),
        members=_others(fortress, host),
        workdir=GARBD_STATE,
        options=options,
        provider_options=provider.joined(options),
    )
    items: tuple[Item, ...] = (
        Package("galera-arbitrator-4"),
        Account(GARBD_ACCOUNT),
        *_key_files(fortress, host, owner=GARBD_ACCOUNT, reactions=reactions),
        File(path=GARBD_CONFIG, content=config, on_change=reactions),
        _drop_in(fortress, host, "garb", reactions),
        *_alone_files(),
        *_forget_files(),
        Unit(name="garb.service"),
        _watching(ALONE_UNIT),
        Unit(name=FORGET_UNIT),
        *((start.stand_up_step(),) if standing_down(host, formation) else ()),
        alone(fortress),
        _traffic_hook("garb.service", may_leave(fortress), is_back()),
        Gate(name="galera: arbitrator runs", check="systemctl is-active --quiet garb.service\n", timeout_s=30),
    )
    materials: tuple[Material, ...] = (certificate(fortress, host),)
    return SystemCatalog(system=SYSTEM, wave=Wave.ARBITER, items=items, materials=materials)


def _members(fortress: Fortress) -> tuple[str, ...]:
    """The bridge addresses of all members of the group."""
    return tuple(str(member.bridge) for member in (*fortress.cores, *fortress.arbiters))


def _others(fortress: Fortress, host: Host) -> tuple[str, ...]:
    return tuple(address for address in _members(fortress) if address != str(host.bridge))


def _key_files(fortress: Fortress, host: Host, *, owner: str, reactions: tuple[Restart, ...]) -> tuple[File, ...]:
    pair = certificate(fortress, host)
    return (
        File(path=KEYS.authority, content=public(Authority.DATABASE.certificate), on_change=reactions),
        File(path=KEYS.certificate, content=public(pair.certificate), on_change=reactions),
        File(path=KEYS.key, content=secret(pair.key), mode=0o400, owner=owner, on_change=reactions),
    )


def _server_config(fortress: Fortress, host: Host, reactions: tuple[Restart, ...]) -> File:
    database = fortress.database
    options = provider.data_node_options(host.bridge, KEYS, database.memory)
    content = render(
        "90-festning.cnf",
        fortress=fortress.name,
        name=host.name,
        address=host.bridge,
        cluster_name=cluster_name(fortress),
        members=_members(fortress),
        options=options,
        provider_options=provider.joined(options),
        sql_port=provider.SQL_PORT,
        sst_port=provider.SST_PORT,
        keys=KEYS,
        durability=database.durability.value,
        flush=flush_at_commit(database.durability),
        memory_mib=database.memory // provider.MIB,
        log_mib=provider.redo_log_bytes(database.memory) // provider.MIB,
    )
    # The server has no check of its own; reading its options and printing its help fails on an unknown or bad one.
    validate = ("sh", "-c", "mariadbd --help --verbose >/dev/null")
    return File(path=CONFIG, content=content, validate=validate, on_change=reactions)


def flush_at_commit(durability: Durability) -> int:
    """``innodb_flush_log_at_trx_commit``: 1 flushes at each commit, 2 once a second."""
    return 1 if durability is Durability.STRICT else 2


def _drop_in(fortress: Fortress, host: Host, unit: str, reactions: tuple[Restart, ...]) -> File:
    content = render(
        f"{unit}.conf",
        bridge_units=_bridge_units(fortress, host),
        writer=WRITER,
        library=LIBRARY,
        config=GARBD_CONFIG,
        account=GARBD_ACCOUNT,
    )
    return File(path=f"{UNITS}/{unit}.service.d/festning.conf", content=content, on_change=reactions)


def _bridge_units(fortress: Fortress, host: Host) -> tuple[str, ...]:
    """The bridge's units: only for ordering, and harmless where one does not exist."""
    hub = ("openvpn-server@hub.service",) if host in fortress.hubs else ()
    return (*hub, *(f"openvpn-client@hub{core.number}.service" for core in fortress.hubs_of(host)))


def _traffic_hook(unit: str, may_leave: str, is_back: str) -> File:
    content = render("traffic.sh", unit=unit, may_leave=may_leave, is_back=is_back, longest_s=LONGEST_AWAY_S)
    return File(path=f"{HOOKS}/90-galera", content=content, mode=0o755)


def _sst_script() -> File:
    return File(path=f"{LIBRARY}/sst/wsrep_sst_festning", content=render("wsrep_sst_festning"), mode=0o755)


def _health_files(host: Host) -> tuple[File, ...]:
    restart = (Restart("festning-galera-health.service"),)
    unit = render(
        "festning-galera-health.service",
        address=host.bridge,
        port=provider.HEALTH_PORT,
        library=LIBRARY,
        writer=WRITER,
        account=sql.HEALTH_ACCOUNT,
        requests=REQUESTS,
        forming=FORMING,
        told=f"{TOLD}/observation",
    )
    return (
        *_modules("health", HEALTH_MODULES, restart),
        File(path=WRITER, content=render("writer", library=LIBRARY), mode=0o755, on_change=restart),
        File(path=f"{UNITS}/festning-galera-health.service", content=unit, on_change=restart),
    )


def _modules(package: str, names: tuple[str, ...], on_change: tuple[Restart, ...] = ()) -> tuple[File, ...]:
    """A package of this system's that hosts carry with them."""
    sources = files(f"festning.systems.galera.{package}")
    return tuple(
        File(
            path=f"{LIBRARY}/galera_{package}/{name}.py",
            content=sources.joinpath(f"{name}.py").read_text(encoding="utf-8"),
            on_change=on_change,
        )
        for name in names
    )


def _watched(unit: str, **known: object) -> tuple[File, ...]:
    """A path's unit, and the service of the same name that it starts."""
    service = unit.replace(".path", ".service")
    return (
        File(path=f"{UNITS}/{service}", content=render(service, **known)),
        File(path=f"{UNITS}/{unit}", content=render(unit, **known), on_change=(Restart(unit),)),
    )


def _watching(unit: str) -> Unit:
    return Unit(name=unit, renewal=Renewal.NONE, left="it has no process: systemd itself watches a path")


def _forming_files(fortress: Fortress, host: Host, peers: tuple[str, ...]) -> tuple[File, ...]:
    """What forms the group again without a hand: modules that decide, programs that act, and what starts them."""
    attempt = render(
        "attempt.sh",
        library=LIBRARY,
        address=host.bridge,
        port=provider.HEALTH_PORT,
        told=f"{TOLD}/observation",
        programs=FORM,
        members=[f"{core.name}={core.bridge}" for core in fortress.cores],
    )
    programs = start.programs(peers) | {"attempt": attempt}
    return (
        *_modules("recovery", RECOVERY_MODULES),
        *(File(path=f"{FORM}/{name}", content=content, mode=0o755) for name, content in programs.items()),
        *_watched(
            FORM_UNIT,
            library=LIBRARY,
            requests=FORMING,
            attempt=f"{FORM}/attempt",
            told_folder=TOLD.removeprefix("/run/"),
        ),
    )


def _alone_files() -> tuple[File, ...]:
    """What ends a group of which the arbitrator alone is left."""
    script = render("garb-alone.sh", view=GARBD_VIEW, members=MEMBERS, patience_s=ALONE_S)
    return (
        File(path=ALONE, content=script, mode=0o755),
        *_watched(ALONE_UNIT, alone=ALONE, state=GARBD_STATE, view=GARBD_VIEW),
    )


def _forget_files() -> tuple[File, ...]:
    """What makes an arbitrator that lost all of its group forget how far that was."""
    restart = (Restart(FORGET_UNIT),)
    return (
        File(path=FORGET, content=render("garb-forget.sh"), mode=0o755, on_change=restart),
        File(path=f"{UNITS}/{FORGET_UNIT}", content=render(FORGET_UNIT, forget=FORGET), on_change=restart),
    )


def _revival_files() -> tuple[File, ...]:
    """What ends a stuck server as root: a folder that is watched, and what runs when something appears there."""
    script = render(
        "revive.sh",
        library=LIBRARY,
        requests=REQUESTS,
        reasons=[reason.value for reason in Reason],
        disconnected=Reason.DISCONNECTED.value,
        least_s=LEAST_UP_S,
        room_mib=ROOM_MIB,
    )
    return (
        File(path=REVIVE, content=script, mode=0o755),
        *_watched(REVIVAL_UNIT, library=LIBRARY, requests=REQUESTS, revive=REVIVE),
    )
