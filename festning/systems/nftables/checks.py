"""What is verified of the firewall: that the declared rules are the loaded ones, and that closed ports are closed.

Pure: probes and judgements. Reachability is measured from where an attacker would be, not read from a ruleset.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from festning.model.check import CLIENT, CheckSpec, Judgement, Output, Probe, Verdict
from festning.model.flow import ANYONE, Flow, Network, Protocol
from festning.model.fortress import Fortress, Host
from festning.systems.nftables.catalog import ruleset
from festning.systems.nftables.loaded import CONFIG

DATABASE_PORTS = (3306, 4444, 4567, 4568, 9200)
"""MariaDB, state transfer (SST), replication, incremental transfer (IST), and the writer's health."""

_Allowed = defaultdict[tuple[str, Network, int], set[str]]
"""Who may reach a port: by target, network and port."""

_LOADED = f"""\
sha256sum {CONFIG} || exit 1
# What the file would load, loaded into a network namespace of its own, against what is loaded.
wanted=$(unshare --net sh -c 'nft --file {CONFIG} && nft --stateless list table inet festning') || exit 1
loaded=$(nft --stateless list table inet festning) || exit 1
if [ "$wanted" = "$loaded" ]; then echo same; else echo different; echo "$loaded"; fi
"""


def checks(fortress: Fortress, flows: Iterable[Flow]) -> tuple[CheckSpec, ...]:
    """Every check of the firewall. ``flows`` are all systems' flows: what they allow is not called open."""
    return tuple(_checks(fortress, tuple(flows)))


def _checks(fortress: Fortress, flows: tuple[Flow, ...]) -> Iterator[CheckSpec]:
    # Looking through all flows for every host would take the square of their number.
    own = defaultdict(list)
    for flow in flows:
        own[flow.target].append(flow)
    for host in fortress.hosts:
        yield _loaded(host, ruleset(fortress, host, own[host.name]))
    allowed = _allowed(flow for core in fortress.cores for flow in own[core.name])
    yield _closed(fortress, allowed, CLIENT, Network.PUBLIC)
    for edge in fortress.edges:
        yield _closed(fortress, allowed, edge.name, Network.PUBLIC)
        yield _closed(fortress, allowed, edge.name, Network.BRIDGE)


def _loaded(host: Host, content: str) -> CheckSpec:
    declared = hashlib.sha256(content.encode()).hexdigest()

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        lines = outputs[0].stdout.splitlines()
        if outputs[0].status != 0 or len(lines) < 2:
            return Judgement(verdict=Verdict.FAIL, measured=False, reason="the table inet festning is not loaded")
        if not lines[0].startswith(declared):
            return Judgement(verdict=Verdict.FAIL, measured=False, reason=f"{CONFIG} is not what is declared")
        if lines[1] != "same":
            return Judgement(verdict=Verdict.FAIL, measured=False, reason=f"what is loaded is not what {CONFIG} says")
        return Judgement(verdict=Verdict.PASS, measured=True)

    return CheckSpec(
        id="nftables.loaded",
        host=host.name,
        probes=(Probe(host=host.name, script=_LOADED),),
        expected="exactly the declared rules are loaded",
        judge=judge,
    )


def _closed(fortress: Fortress, allowed: _Allowed, source: str, network: Network) -> CheckSpec:
    targets = tuple(_targets(fortress, allowed, source, network))
    names = {address: core for core, address, _ in targets}

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        answers = [line.split() for line in outputs[0].stdout.splitlines()]
        if outputs[0].status != 0 or len(answers) != len(targets):
            return Judgement(verdict=Verdict.UNKNOWN, reason="the attempts did not come to their end")
        # A refusal is an answer too: the packet came through the firewall.
        through = [f"{names[address]} {address}:{port} ({how})" for address, port, how in answers if _came(how)]
        reason = f"reachable: {', '.join(through)}" if through else ""
        return Judgement(verdict=Verdict.FAIL if through else Verdict.PASS, measured=len(through), reason=reason)

    return CheckSpec(
        id=f"nftables.database-closed.{network.value}",
        host=source,
        probes=(Probe(host=source, script=_reach_script(targets), interpreter="python3"),),
        expected=f"none of {len(targets)} ports of the database answers over the {network.value} network",
        judge=judge,
        unit="ports",
    )


def _came(how: str) -> bool:
    return how in ("open", "refused")


def _targets(fortress: Fortress, allowed: _Allowed, source: str, network: Network) -> Iterator[tuple[str, str, int]]:
    """Name, address and port of what must be closed to a source: the database's ports, less what a flow allows."""
    for core in fortress.cores:
        for address in (core.bridge,) if network is Network.BRIDGE else core.addresses:
            for port in DATABASE_PORTS:
                if allowed[core.name, network, port].isdisjoint((source, ANYONE)):
                    yield core.name, str(address), port


def _allowed(flows: Iterable[Flow]) -> _Allowed:
    found: _Allowed = defaultdict(set)
    for flow in flows:
        if flow.protocol is Protocol.TCP:
            found[flow.target, flow.network, flow.port].update(flow.sources)
    return found


def _reach_script(targets: tuple[tuple[str, str, int], ...]) -> str:
    wanted = [(address, port) for _, address, port in targets]
    return _reach().replace("TARGETS: list[tuple[str, int]] = []", f"TARGETS: list[tuple[str, int]] = {wanted!r}", 1)


@cache
def _reach() -> str:
    return files("festning.systems.nftables.probes").joinpath("reach.py").read_text(encoding="utf-8")
