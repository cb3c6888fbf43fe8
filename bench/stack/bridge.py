"""The bridge: goodput of one TCP connection by iperf3, and round trips by ping, from an edge to a core."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
from ipaddress import IPv4Address, IPv6Address

from bench.stack.ground import Ground
from bench.stack.tools import command
from bench.stage import RunError, Stage

PORT = 5201
SECONDS = 4
PINGS = 50
PING_EVERY_S = 0.02
LARGE_MTU, LARGE_PATH_MTU = 8900, 9000
PATIENCE_S = 60.0

_TIME = re.compile(r"time=([0-9.]+) ms")

Address = IPv4Address | IPv6Address


def open_port(ground: Ground) -> None:
    """Let iperf3 through both ends' packet filters, whatever tables they have."""
    for host in (ground.edge.name, ground.core.name):
        listing = json.loads(ground.stage.on_host(host, "nft", "--json", "list", "chains"))
        for family, table, chain, hook in base_chains(listing):
            port = "sport" if (hook == "output") == (host == ground.core.name) else "dport"
            rule = f"insert rule {family} {table} {chain} tcp {port} {PORT} accept"
            ground.stage.on_host(host, "nft", *rule.split())


def base_chains(listing: dict[str, list[dict[str, dict[str, str]]]]) -> list[tuple[str, str, str, str]]:
    """Family, table, name and hook of the chains that see what a host gets and sends, from ``nft --json``."""
    chains = [entry["chain"] for entry in listing["nftables"] if "chain" in entry]
    return [
        (chain["family"], chain["table"], chain["name"], chain["hook"])
        for chain in chains
        if chain.get("hook") in ("input", "output") and chain["family"] in ("ip", "ip6", "inet")
    ]


def goodput_mbps(ground: Ground, source: Address, target: Address) -> float:
    """What one TCP connection from the edge brought to the core, in Mb/s. Raises :class:`RunError`."""
    server = command("iperf3", f"--server --one-off --bind {target} --port {PORT} --daemon")
    ground.stage.on_host(ground.core.name, "sh", "-c", server)
    arguments = f"--client {target} --bind {source} --port {PORT} --time {SECONDS} --connect-timeout 3000 --json"
    return received_mbps(ground.stage.on_host(ground.edge.name, "sh", "-c", command("iperf3", arguments)))


def received_mbps(output: bytes) -> float:
    """From iperf3's JSON. Raises :class:`RunError` with iperf3's own word."""
    told = json.loads(output)
    if "error" in told:
        raise RunError(f"iperf3: {told['error']}")
    return float(told["end"]["sum_received"]["bits_per_second"]) / 1e6


def round_trip_ms(ground: Ground) -> float:
    """The median round trip from the edge to the core over the bridge, in milliseconds."""
    arguments = ("-c", str(PINGS), "-i", str(PING_EVERY_S), "-I", str(ground.edge_address), str(ground.core_address))
    return median_ms(ground.stage.on_host(ground.edge.name, "ping", *arguments).decode())


def median_ms(output: str) -> float:
    """From what ping prints. Raises :class:`RunError` when nothing came back."""
    times = [float(found) for found in _TIME.findall(output)]
    if not times:
        raise RunError(f"ping heard nothing:\n{output}")
    return statistics.median(times)


def widen(ground: Ground) -> None:
    """Let the lab's network carry large frames, and festning's tunnels as much as then fits, on every host.

    Edited on the hosts, not in ``fortress.yaml``. Raises :class:`RunError` when no large packet gets through.
    """
    stage = ground.stage
    _widen_path(stage)
    for host in ground.fortress.hosts:
        script = f"""set -e
ip link set dev host0 mtu {LARGE_PATH_MTU}
sed -i 's/^tun-mtu .*/tun-mtu {LARGE_MTU}/' /etc/openvpn/server/*.conf /etc/openvpn/client/*.conf 2>/dev/null || true
sed -i 's/^MTUBytes=.*/MTUBytes={LARGE_MTU}/' /etc/systemd/network/*-festning-hub*.network
networkctl reload
systemctl restart 'openvpn-server@*' 'openvpn-client@*'
"""
        stage.on_host(host.name, "sh", given=script.encode())
    _await_large(ground)


def _widen_path(stage: Stage) -> None:
    access = stage.access()
    told = subprocess.run(access.inside(["ip", "--json", "link"]), capture_output=True, check=True).stdout
    names = [link["ifname"] for link in json.loads(told) if link["ifname"] != "lo"]
    # Ports before the bridges, which take the smallest of theirs.
    for _ in range(2):
        for name in names:
            subprocess.run(access.inside(["ip", "link", "set", "dev", name, "mtu", str(LARGE_PATH_MTU)]), check=True)


def _await_large(ground: Ground) -> None:
    large = ("-c", "1", "-W", "1", "-M", "do", "-s", str(LARGE_MTU - 28), "-I", str(ground.edge_address))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            ground.stage.on_host(ground.edge.name, "ping", *large, str(ground.core_address))
        except RunError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
