"""The bridge's addresses, by arithmetic: known before anything is installed, the same after every rebuild.

The pool is cut into blocks. Block 0 holds one address for each host (host number *n* is address *n* of the block, on
the host's loopback); block *k* holds the links of hub number *k* (host *n* has address *n* in it). With the defaults
host 2 is 10.8.0.2 and its link to hub 1 ends at 10.8.1.2. Leaves which host has which number to ``fortress``.
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
DEFAULT_CIPHERS: tuple[Cipher, ...] = ("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305")
"""Authenticated encryption only. ChaCha20 for processors without AES instructions."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """The address pool of the bridge, the prefix length of its blocks, and what its tunnels are encrypted with."""

    pool: IPv4Network = DEFAULT_POOL
    block: int = DEFAULT_BLOCK
    port: int = 1194
    ciphers: tuple[Cipher, ...] = DEFAULT_CIPHERS

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
        return (1 << (self.block - self.pool.prefixlen)) - 1

    @property
    def hosts(self) -> IPv4Network:
        """The block of the hosts' own addresses."""
        return self._block(0)

    def address(self, number: int) -> IPv4Address:
        """The bridge address of a host."""
        return self.hosts.network_address + number

    def links(self, hub: int) -> IPv4Network:
        """The block of a hub's links."""
        return self._block(hub)

    def link(self, hub: int, number: int) -> IPv4Address:
        """Where the link between a hub and a host ends at the host's side (or the hub's, for ``number == hub``)."""
        return self.links(hub).network_address + number

    def _block(self, index: int) -> IPv4Network:
        return IPv4Network((int(self.pool.network_address) + (index << (32 - self.block)), self.block))
