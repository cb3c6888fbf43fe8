"""Flows to firewall rules: which source addresses may reach which port, over which network. Pure.

Knows how a flow's names become addresses; leaves the notation to the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import collapse_addresses, ip_network

from festning.errors import CompileError
from festning.model.flow import ADMIN, ANYONE, Flow, Network
from festning.model.fortress import Fortress, Host, Net


@dataclass(frozen=True, slots=True)
class Accept:
    """One accepting rule. ``family`` is ``ip`` or ``ip6``, or empty with no ``sources``: whoever asks."""

    family: str
    sources: tuple[str, ...]
    protocol: str
    port: int
    why: str

    def __str__(self) -> str:
        who = f"{self.family} saddr {{ {', '.join(self.sources)} }} " if self.sources else ""
        return f'{who}{self.protocol} dport {self.port} counter accept comment "{self.why}"'


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What one host accepts, at its public addresses and on the bridge."""

    public: tuple[Accept, ...]
    bridge: tuple[Accept, ...]


def compile_rules(fortress: Fortress, host: Host, flows: Iterable[Flow]) -> Ruleset:
    """The accepting rules of one host, in a stable order and each once.

    A source host without a public address yet is left out: it cannot ask before it exists. Raises
    :class:`CompileError` for a source that is no host, and for administrators on the bridge.
    """
    own = [flow for flow in flows if flow.target == host.name]
    return Ruleset(
        public=_rules(fortress, [flow for flow in own if flow.network is Network.PUBLIC]),
        bridge=_rules(fortress, [flow for flow in own if flow.network is Network.BRIDGE]),
    )


def _rules(fortress: Fortress, flows: Iterable[Flow]) -> tuple[Accept, ...]:
    rules = [rule for flow in flows for rule in _accepts(fortress, flow)]
    return tuple(dict.fromkeys(sorted(rules, key=lambda rule: (rule.protocol, rule.port, rule.family, rule.why))))


def _accepts(fortress: Fortress, flow: Flow) -> Iterator[Accept]:
    why = _comment(flow.why)
    if ANYONE in flow.sources and flow.network is Network.PUBLIC:
        yield Accept("", (), flow.protocol.value, flow.port, why)
        return
    if ADMIN in flow.sources and flow.network is Network.BRIDGE:
        raise CompileError(f"{flow.target}: administrators do not come over the bridge ({flow.why})")
    names = flow.sources
    if ANYONE in names:  # On the bridge that is every host that has a link to the target.
        names = (*names, *(peer.name for peer in fortress.peers_of(fortress.host(flow.target))))
    try:
        families = _addresses(fortress, flow.network, names)
    except KeyError as error:
        raise CompileError(
            f"{flow.target}: the flow {flow.why!r} has a source that is no host: {error.args[0]}"
        ) from None
    for family, sources in families:
        yield Accept(family, sources, flow.protocol.value, flow.port, why)


@lru_cache(maxsize=32)
def _addresses(fortress: Fortress, network: Network, names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The source addresses of names, by family. Remembered, since most hosts are asked by the same few.

    Raises ``KeyError`` for a name that is no host's.
    """
    networks = [found for name in names for found in _networks(fortress, network, name)]
    by_family = (
        (family, _collapsed(found for found in networks if found.version == version))
        for family, version in (("ip", 4), ("ip6", 6))
    )
    return tuple((family, sources) for family, sources in by_family if sources)


def _networks(fortress: Fortress, network: Network, name: str) -> Iterator[Net]:
    if name == ADMIN:
        yield from fortress.admin.networks
    elif "/" in name:  # No host's name has one.
        yield ip_network(name)
    elif name != ANYONE:
        host = fortress.host(name)
        yield from map(ip_network, (host.bridge,) if network is Network.BRIDGE else host.addresses)


def _collapsed(networks: Iterable[Net]) -> tuple[str, ...]:
    """As nft writes them: overlapping ones joined (it refuses a set with overlaps), single addresses without length."""
    ordered: list[Net] = sorted(collapse_addresses(networks))  # type: ignore[type-var]  # one family at a time
    return tuple(
        str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
        for network in ordered
    )


def _comment(why: str) -> str:
    """A comment that cannot end its own quotes; nft takes 128 octets at most."""
    printable = "".join(letter if letter.isprintable() and letter not in '"\\' else " " for letter in why)
    return printable.encode()[:120].decode(errors="ignore")
