"""The bridge's addresses, by arithmetic: known before anything is installed, the same after every rebuild.

The pool is cut into blocks. Block 0 holds one address for each host (host number *n* is address *n* of the block, on
the host's loopback); block *k* holds the links of hub number *k* (host *n* has address *n* in it). With the defaults
host 2 is 10.8.0.2 and its link to hub 1 ends at 10.8.1.2. A hub of several processes has a block for each of them, 16
apart: hub 1's second is 10.8.17.0/24. Leaves which host has which number to ``fortress``.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

DEFAULT_POOL = IPv4Network("10.8.0.0/16")
DEFAULT_BLOCK = 24
Cipher = Literal[
    "AES-256-GCM", "AES-192-GCM", "AES-128-GCM", "CHACHA20-POLY1305", "AES-256-CBC", "AES-192-CBC", "AES-128-CBC"
]
"""The data channel's ciphers that OpenVPN 2.6 has and OpenSSL 3 still provides."""
PROCESS_ROOM = 16
"""Blocks from one process of a hub to its next: so many hubs (and block 0) fit between."""
MOST_PROCESSES = 16
"""More than the cores of any machine that is rented for this; each has a letter of its own."""
DEFAULT_CIPHERS: tuple[Cipher, ...] = ("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305")
"""Authenticated encryption only. ChaCha20 for processors without AES instructions."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """The address pool of the bridge, the prefix length of its blocks, and what its tunnels are encrypted with.

    ``processes`` are OpenVPN processes of each hub that edges dial, at ports from ``port`` on: each of them uses one
    processor at most. ``beside`` is how many there were, or are to be, while edges that move from one to another have
    links to both.
    """

    pool: IPv4Network = DEFAULT_POOL
    block: int = DEFAULT_BLOCK
    port: int = 1194
    ciphers: tuple[Cipher, ...] = DEFAULT_CIPHERS
    processes: int = 1
    beside: int | None = None

    @property
    def running(self) -> int:
        """How many processes each hub has to run now."""
        return max(self.processes, self.beside or 1)

    @property
    def has_default_ciphers(self) -> bool:
        """Whether the tunnels are encrypted as festning would choose."""
        return self.ciphers == DEFAULT_CIPHERS

    @property
    def largest_host(self) -> int:
        """The highest host number that a block has an address for."""
        return (1 << (32 - self.block)) - 2

    @property
    def largest_hub(self) -> int:
        """The highest hub number that the pool has a block for."""
        return self.largest_hub_of(1)

    def largest_hub_of(self, processes: int) -> int:
        """The highest number of a hub with so many processes that the pool has blocks for; below 1 when none fits."""
        fits = (1 << (self.block - self.pool.prefixlen)) - 1 - PROCESS_ROOM * (processes - 1)
        return fits if processes == 1 else min(fits, PROCESS_ROOM - 1)

    def dialled(self, edge: int) -> tuple[int, ...]:
        """Which processes of every hub an edge dials, counted from 0, by the edge's number; hubs answer over the first.

        Dealt out in turn: groups spread evenly, and an edge that is added moves no other. While edges move, those that
        do dial the process that they come from and the one that they go to.
        """
        own, other = edge % self.processes, edge % (self.beside or self.processes)
        return (own,) if own == other else (own, other)

    @property
    def hosts(self) -> IPv4Network:
        """The block of the hosts' own addresses."""
        return self._block(0)

    def address(self, number: int) -> IPv4Address:
        """The bridge address of a host."""
        return self.hosts.network_address + number

    def links(self, hub: int, process: int = 0) -> IPv4Network:
        """The block of the links of one process of a hub."""
        return self._block(hub + PROCESS_ROOM * process)

    def link(self, hub: int, number: int, process: int = 0) -> IPv4Address:
        """Where the link between a hub and a host ends at the host's side (or the hub's, for ``number == hub``)."""
        return self.links(hub, process).network_address + number

    def _block(self, index: int) -> IPv4Network:
        return IPv4Network((int(self.pool.network_address) + (index << (32 - self.block)), self.block))
