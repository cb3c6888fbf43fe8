"""The lab's network: one namespace that is the router, and in it one bridge for each site and one for the public.

Nothing is made outside the namespace, so the user's own interfaces, routes and firewall stay as they are, and deleting
the namespace deletes all of it. Builders of what will run are pure; :class:`Network` runs them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from festning.errors import ProviderError
from festning.providers.lab.placement import BLOCK, Segment

NAMESPACES = Path("/run/netns")
TABLE = "inet lab"

# A set of interfaces decides which sites are cut: adding a bridge to it silences both directions at once, and leaves
# addresses and routes alone. The router tells nobody that a host is unreachable: a power cut is silence.
FIREWALL = f"""\
table {TABLE}
delete table {TABLE}
table {TABLE} {{
    set cut {{ type ifname; }}
    chain input {{
        type filter hook input priority filter; policy accept;
        iifname @cut drop
    }}
    chain forward {{
        type filter hook forward priority filter; policy accept;
        iifname @cut drop
        oifname @cut drop
    }}
    chain output {{
        type filter hook output priority filter; policy accept;
        oifname @cut drop
        icmp type {{ destination-unreachable, redirect }} drop
    }}
}}
"""


def bridge_commands(segment: Segment) -> tuple[str, ...]:
    """Lines for ``ip -batch`` that make a segment's bridge and give it the router's address.

    The bridge's own MAC address is fixed: it would otherwise follow its ports, and change when a machine is cut.
    """
    name = segment.bridge
    mac = f"02:66:73:74:00:{segment.index:02x}"
    return (
        f"link add name {name} address {mac} type bridge stp_state 0 mcast_snooping 0",
        f"address replace {segment.router}/{BLOCK} dev {name}",
        f"link set {name} up",
    )


class Network:
    """The network of one lab, by the name of its fortress."""

    def __init__(self, fortress: str) -> None:
        """Name the network; nothing is made yet."""
        self.name = f"festning-{fortress}"
        self.path = NAMESPACES / self.name

    @property
    def exists(self) -> bool:
        """Whether the namespace is there and alive (a file left by a reboot or an unmount is not)."""
        # Live namespaces are mounts of their own on the tmpfs at /run.
        return self.path.exists() and self.path.stat().st_dev != NAMESPACES.parent.stat().st_dev

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command line that runs a command inside.

        Not ``ip netns exec``, which mounts a new /sys over the host's: systemd-nspawn would find no control groups.
        """
        return ["nsenter", f"--net={self.path}", "--", *command]

    def create(self, segments: Iterable[Segment]) -> None:
        """Make what is missing, also of what an interrupted call left half made; raises :class:`ProviderError`."""
        if not self.exists:
            self.path.unlink(missing_ok=True)
            self._run(["ip", "netns", "add", self.name], outside=True)
        self._run(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
        self._leave_bridged_packets_alone()
        if TABLE not in self._run(["nft", "list", "tables"]):
            self._run(["nft", "-f", "-"], FIREWALL)
        present = self._interfaces()
        lines = ["link set lo up"]
        for segment in segments:
            add, *settle = bridge_commands(segment)
            lines += settle if segment.bridge in present else [add, *settle]
        self._run(["ip", "-batch", "-"], "".join(f"{line}\n" for line in lines))

    def destroy(self) -> None:
        """Delete the namespace and everything in it; nothing happens when there is none."""
        if self.exists:
            self._run(["ip", "netns", "delete", self.name], outside=True)
        self.path.unlink(missing_ok=True)
        # `ip netns` mounts its folder onto itself at first use. The kernel refuses to unmount it while other namespaces
        # are in it, and when it is not mounted: both are fine.
        if NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
            subprocess.run(["umount", str(NAMESPACES)], check=False, capture_output=True)

    def cut_sites(self, segments: Iterable[Segment]) -> frozenset[str]:
        """The names of the sites, among those given, that are cut off now."""
        if not self.exists:
            return frozenset()
        listing = json.loads(self._run(["nft", "--json", "list", "set", *TABLE.split(), "cut"]))
        cut = {name for entry in listing["nftables"] for name in entry.get("set", {}).get("elem", ())}
        return frozenset(segment.site for segment in segments if segment.bridge in cut)

    def cut_site(self, segment: Segment) -> None:
        """Silence everything between a site and the rest of the world, the operator included.

        Machines of the site still reach each other.
        """
        self._leave_bridged_packets_alone()
        self._run(["nft", "add", "element", *TABLE.split(), "cut", f"{{ {segment.bridge} }}"])

    def heal_site(self, segment: Segment) -> None:
        """Connect a cut site again."""
        self._run(["nft", "delete", "element", *TABLE.split(), "cut", f"{{ {segment.bridge} }}"])

    def unplug(self, interface: str) -> None:
        """Take an interface down, if it is there: what is behind it falls silent at once."""
        if interface in self._interfaces():
            self._run(["ip", "link", "set", interface, "down"])

    def remove(self, interfaces: Iterable[str]) -> None:
        """Delete those interfaces that are there: what a killed machine leaves for a moment, and would boot into."""
        if self.exists:
            left = self._interfaces().intersection(interfaces)
            self._run(["ip", "-force", "-batch", "-"], "".join(f"link delete {name}\n" for name in left))

    def _leave_bridged_packets_alone(self) -> None:
        # Where br_netfilter is loaded (container engines do that), the rules would also see packets within a site.
        switch = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        self._run(["sh", "-c", f"[ ! -e {switch} ] || echo 0 > {switch}"])

    def _interfaces(self) -> frozenset[str]:
        return frozenset(link["ifname"] for link in json.loads(self._run(["ip", "-json", "link", "show"])))

    def _run(self, command: Sequence[str], given: str = "", *, outside: bool = False) -> str:
        argv = list(command) if outside else self.inside(command)
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProviderError(f"the lab's network: `{' '.join(command)}` failed: {done.stderr.strip()}")
        return done.stdout
