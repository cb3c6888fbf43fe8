"""The options of Galera's replication library, each with its reason.

One list for the data nodes and the arbitrators: timeouts that differ between members are the surest way to a cluster
that splits. Names and defaults: Galera Cluster documentation, "Galera Parameters". Leaves MariaDB's own settings to the
templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

GROUP_PORT = 4567
IST_PORT = 4568
SST_PORT = 4444
SQL_PORT = 3306
HEALTH_PORT = 9200

MIB = 1 << 20

EVS_TIMEOUTS: tuple[tuple[str, str], ...] = (
    ("evs.keepalive_period", "PT0.1S"),
    ("evs.inactive_check_period", "PT0.02S"),
    ("evs.suspect_timeout", "PT0.3S"),
    ("evs.inactive_timeout", "PT1.5S"),
    ("evs.join_retrans_period", "PT0.1S"),
    ("evs.install_timeout", "PT1.5S"),
)
"""Group membership. They belong together: with only the first three shortened, a power cut of one of three members
left the other two non-primary for good ("install timer expired"). The library refuses a keepalive of more than a third
of the suspicion, or below 0.1 s, and an install timeout above the inactive one ("Numerical result out of range"): 0.3
s of suspicion is the least that it takes. Measured by the drill ``kill-database``, as users feel it: 1.2 to 1.5 s
without a write with a suspicion of 1 s, 0.8 to 1.1 s with 0.5 s, 0.64 to 0.73 s with 0.3 s; and some 0.05 s less when
who is silent is looked at every 0.02 s instead of 0.05. What lets it be so short is that the group's thread has its
time whatever else runs (``gcomm.thread_prio``, decision 20)."""


@dataclass(frozen=True, slots=True)
class Option:
    """One provider option and why it is what it is."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where a host's database key material is."""

    key: str = "/etc/festning/database/key.pem"
    certificate: str = "/etc/festning/database/certificate.pem"
    authority: str = "/etc/festning/database/ca.pem"


def member_options(address: IPv4Address, keys: KeyFiles) -> tuple[Option, ...]:
    """What every member of the group needs, data node and arbitrator alike."""
    timeouts = tuple(
        Option(name, value, "group membership: one coherent set, see below") for name, value in EVS_TIMEOUTS
    )
    return (
        Option("socket.ssl", "yes", "TLS or nothing; garbd ignores the key files when this is not said"),
        Option("socket.ssl_key", keys.key, "this host's own key"),
        Option("socket.ssl_cert", keys.certificate, "signed by the database's authority, which signs nothing else"),
        Option("socket.ssl_ca", keys.authority, "who is not signed by it is refused, in both directions"),
        Option("gmcast.listen_addr", f"ssl://{address}:{GROUP_PORT}", "the bridge only, never a public address"),
        *timeouts,
        Option(
            "gcomm.thread_prio",
            "rr:2",
            "the thread that keeps the group together runs before all others: it needs little, and in time",
        ),
        Option("pc.recovery", "yes", "after a blackout the same members find together without a hand"),
    )


def gcache_bytes(memory: int) -> int:
    """Size of the write-set cache for a buffer pool of ``memory`` bytes: a quarter, from 128 MiB to 2 GiB.

    A node that missed less than the cache holds comes back by IST (the missing write sets) instead of a full copy.
    """
    return max(128 * MIB, min(2048 * MIB, memory // 4))


def data_node_options(address: IPv4Address, keys: KeyFiles, memory: int) -> tuple[Option, ...]:
    """What a data node needs: a member's options, and those of a member that has data."""
    return (
        *member_options(address, keys),
        Option("ist.recv_bind", f"ssl://{address}:{IST_PORT}", "incremental transfers come over the bridge only"),
        Option("ist.recv_addr", f"ssl://{address}:{IST_PORT}", "and are asked for at the same address"),
        Option(
            "gcache.size", f"{gcache_bytes(memory) // MIB}M", "a node away for less than this misses returns by IST"
        ),
        Option("gcache.recover", "yes", "the cache survives a crash: the first node back can still give an IST"),
        Option("gcs.fc_single_primary", "yes", "one writer: a fixed limit, whatever the number of nodes"),
        Option("gcs.fc_limit", "128", "write sets a node may lag before it slows the writer down"),
    )


def joined(options: tuple[Option, ...]) -> str:
    """The options as Galera reads them."""
    return "; ".join(f"{option.name}={option.value}" for option in options)


def redo_log_bytes(memory: int) -> int:
    """Size of InnoDB's redo log for a buffer pool of ``memory`` bytes: a quarter, from 96 MiB to 4 GiB."""
    return max(96 * MIB, min(4096 * MIB, memory // 4))
