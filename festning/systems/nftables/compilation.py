"""Flows to firewall rules: which source addresses may reach which port, over which network. Pure.

Knows how a flow's names become addresses; leaves the notation to the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    networks = [network for source in flow.sources for network in _networks(fortress, flow, source)]
    for family, version in (("ip", 4), ("ip6", 6)):
        sources = _collapsed(network for network in networks if network.version == version)
        if sources:
            yield Accept(family, sources, flow.protocol.value, flow.port, why)


def _networks(fortress: Fortress, flow: Flow, source: str) -> Iterator[Net]:
    on_bridge = flow.network is Network.BRIDGE
    if source == ANYONE:  # On the bridge that is every host that has a link to the target.
        for peer in fortress.peers_of(fortress.host(flow.target)):
            yield ip_network(peer.bridge)
    elif source == ADMIN:
        if on_bridge:
            raise CompileError(f"{flow.target}: administrators do not come over the bridge ({flow.why})")
        yield from fortress.admin.networks
    elif "/" in source:  # No host's name has one.
        yield ip_network(source)
    else:
        address = _host(fortress, flow, source).bridge if on_bridge else _host(fortress, flow, source).address
        if address is not None:
            yield ip_network(address)


def _host(fortress: Fortress, flow: Flow, source: str) -> Host:
    try:
        return fortress.host(source)
    except KeyError:
        raise CompileError(f"{flow.target}: the flow {flow.why!r} has a source that is no host: {source}") from None


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
