"""The firewall of 2014: the ports that firewalld would have open, by nftables."""

from __future__ import annotations

from bench.baseline import tunnel
from bench.baseline.layout import Layout, Member
from bench.baseline.rendering import render
from festning.model.catalog import File, Package, SystemCatalog, Unit, Wave

CONFIGURATION = "/etc/nftables.conf"
HTTP, HTTPS = 80, 443
SQL, SST, GROUP, IST = 3306, 4444, 4567, 4568


def catalog(layout: Layout, member: Member) -> SystemCatalog:
    """The firewall of one host."""
    content = render(
        "nftables.conf",
        name=member.name,
        ssh=member.host.ssh_port,
        public_udp=(tunnel.PORT,) if member == layout.first else (),
        public_tcp=(HTTP, HTTPS) if member in layout.cores else (),
        device=tunnel.DEVICE,
        tunnel_tcp=_in_tunnel(layout, member),
    )
    return SystemCatalog(
        system="firewall",
        wave=Wave.GROUND,
        items=(
            Package("nftables"),
            File(
                path=CONFIGURATION,
                content=content,
                mode=0o755,
                validate=("/usr/sbin/nft", "--check", "--file", CONFIGURATION),
            ),
            Unit(name="nftables.service"),
        ),
        guarded=True,
    )


def _in_tunnel(layout: Layout, member: Member) -> tuple[int, ...]:
    if member in layout.cores:
        return SQL, SST, GROUP, IST
    return (GROUP,) if member == layout.arbitrator else (HTTP,)
