"""Rules about settings that the file may weaken: durability, isolation, ciphers, disks, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.bridge import MOST_PROCESSES
from festning.model.fortress import Durability, Isolation, Role
from festning.policy.rule import Case, Fault

GIB = 1 << 30
SYSTEM_DISK = 8 * GIB
"""What Debian, the packages, half a GiB of journal and some room take."""
WRITE_TEST_DISK = 2 * GIB
"""What must be free for verify to measure the disk (``systems/base/probes/disk.py``)."""
DATA_PER_MEMORY = 3
"""Disk for each byte of buffer pool: redo log and write-set cache (a quarter each), the data that such a pool is for,
and a table's second copy while it is altered."""
LONGEST = {"web": 398, "bridge": 825, "database": 825}
"""Days. Web: CA/Browser Forum, Baseline Requirements, 6.3.2, until 2026-03-15; others: Apple's limit for any server's
certificate since 2019, whoever signs it."""
EDGES_OF_A_PROCESS = 250
GREETING_S = 0.0035
"""Of one processor, for one edge that joins (measured: bench.edges): so 250 take about a second."""
SHORTEST = 60
"""Days: renewal happens only in an apply, in the last 30."""


def durability(case: Case) -> Iterator[Fault]:
    """An acknowledged commit that is not on disk is lost when all nodes go down together."""
    if case.fortress.database.durability is Durability.RELAXED:
        yield Fault(
            "database.durability",
            "up to a second of acknowledged writes is lost when all data nodes lose power together",
            "durability: strict (the default)",
        )


def isolation(case: Case) -> Iterator[Fault]:
    """A service that is broken into should find nothing but itself."""
    for service in case.fortress.services:
        if service.isolation is Isolation.RELAXED:
            yield Fault(
                f"services.{service.name}.isolation",
                f"{service.name} runs outside the sandbox: whoever takes it over sees the host's processes, devices "
                "and all system calls",
                "isolation: strict (the default); find what it lacks with journalctl and systemd-analyze security",
            )


def ciphers(case: Case) -> Iterator[Fault]:
    """Encryption without authentication, or with keys that outlive the session, is not what it was once."""
    for index, cipher in enumerate(case.fortress.tls.ciphers):
        if not cipher.startswith("ECDHE-") or not ("GCM" in cipher or "CHACHA20" in cipher):
            lacks = "no forward secrecy" if not cipher.startswith(("ECDHE-", "DHE-")) else "no authenticated encryption"
            if cipher.startswith("DHE-"):
                lacks = "Diffie-Hellman parameters that the front doors do not have"
            yield Fault(f"tls.ciphers.{index}", f"{cipher} has {lacks}", "take it out; the default list is enough")
    for index, tunnel in enumerate(case.fortress.bridge.ciphers):
        if tunnel.endswith("-CBC"):
            yield Fault(
                f"bridge.ciphers.{index}",
                f"{tunnel} encrypts the tunnels without authenticating what it encrypts, and with SHA-1 beside it",
                "take it out: AES-256-GCM or CHACHA20-POLY1305",
            )


def disk(case: Case) -> Iterator[Fault]:
    """A full disk stops a database; and a state transfer needs the room at the worst moment."""
    seen: set[str] = set()
    for host in case.fortress.hosts:
        needed = SYSTEM_DISK
        if host.role is Role.CORE:
            needed += WRITE_TEST_DISK + DATA_PER_MEMORY * case.fortress.database.memory
        if host.disk is not None and host.disk < needed and host.entry not in seen:
            seen.add(host.entry)
            what = f" with {case.fortress.database.memory / GIB:.3g} GiB of memory" if host.role is Role.CORE else ""
            yield Fault(
                f"hosts.{host.entry}.disk",
                f"{host.disk / GIB:.4g} GiB is short for a host with role {host.role.value}{what}: "
                f"it needs {needed / GIB:.4g} GiB at least",
                "give it a larger disk" + (", or the database less memory" if host.role is Role.CORE else ""),
            )


def hub_processes(case: Case) -> Iterator[Fault]:
    """A hub that restarts greets all its edges one after the other, and carries nobody's data meanwhile."""
    fortress = case.fortress
    busiest = -(-len(fortress.edges) // fortress.bridge.processes)
    if busiest > EDGES_OF_A_PROCESS:
        wanted = min(MOST_PROCESSES, -(-len(fortress.edges) // EDGES_OF_A_PROCESS))
        yield Fault(
            "bridge.processes",
            f"{busiest} edges have one OpenVPN process of each hub, which then greets them for "
            f"{busiest * GREETING_S:.1g} s after a restart, on one processor",
            f"processes: {wanted}, on cores with as many processors (docs/many-edges.md)",
        )


def certificates(case: Case) -> Iterator[Fault]:
    """Too long, and a stolen key serves for years; too short, and a month without an apply ends every tunnel."""
    for name, longest in LONGEST.items():
        days = getattr(case.fortress.lifetimes, name)
        if days > longest:
            yield Fault(
                f"certificates.{name}",
                f"{days} days are long for a stolen key"
                + (", and browsers refuse a certificate that holds so long" if name == "web" else ""),
                f"{longest} days at most",
            )
        elif days < SHORTEST:
            yield Fault(
                f"certificates.{name}",
                f"certificates that hold {days} days are renewed only when festning applies, in their last 30: "
                f"{days - 30} days after one apply the next may be needed",
                f"{SHORTEST} days at least, or run apply from a timer",
            )
