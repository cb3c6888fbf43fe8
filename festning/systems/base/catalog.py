"""What every host needs before any system: names, kernel settings, its bridge address, SSH, time and logs.

Pure: from the resolved fortress to packages, files and units. The tunnels that lead to the bridge addresses are
``openvpn``'s, and the firewall is ``nftables``'s.
"""

from __future__ import annotations

from festning.model.catalog import File, Gate, Item, Package, Reload, Renewal, Restart, Step, SystemCatalog, Unit, Wave
from festning.model.fortress import Fortress, Host, Role
from festning.systems.base.kernel import settings_in_force
from festning.templates import templates_of

render = templates_of("festning.systems.base")

SYSTEM = "base"

PACKAGES = (
    "iproute2",
    "iputils-ping",
    "openssh-server",
    "openssl",
    "procps",
    "python3",
    "systemd-timesyncd",
)

PINNED = (
    *PACKAGES,
    "galera-*",
    "haproxy*",
    "libmariadb*",
    "libnftables*",
    "libnginx-*",
    "mariadb-*",
    "nftables",
    "nginx*",
    "openvpn*",
    "php*",
    "python3-pymysql",
    "socat",
)
"""What only the distribution may bring, apt_preferences(5): the packages of all systems with their own families."""

DEFAULT_SSH_PORT = 22
NETWORKD = "systemd-networkd.service"
TIMESYNCD = "systemd-timesyncd.service"


def catalog(fortress: Fortress, host: Host) -> SystemCatalog:
    """The ground of one host."""
    items: tuple[Item, ...] = (
        *(Package(name) for name in PACKAGES),
        File(path="/etc/apt/preferences.d/00-festning.pref", content=render("apt.pref", packages=" ".join(PINNED))),
        *_names(fortress, host),
        *_kernel(host),
        *_network(fortress, host),
        *_access(fortress, host),
        *_time_and_logs(),
    )
    return SystemCatalog(system=SYSTEM, wave=Wave.GROUND, items=items, guarded=True)


def _names(fortress: Fortress, host: Host) -> tuple[Item, ...]:
    return (
        File(path="/etc/cloud/cloud.cfg.d/99-festning.cfg", content=render("cloud-init.cfg")),
        File(
            path="/etc/hosts",
            content=render("hosts", fortress=fortress, host=host, peers=fortress.peers_of(host)),
        ),
        # The name that it had may be in nobody's /etc/hosts now, and sudo looks its own host up each time.
        File(path="/etc/hostname", content=f"{host.name}\n"),
        Step(
            name="the host's own name",
            check=f'read -r name </proc/sys/kernel/hostname && [ "$name" = {host.name} ]\n',
            do="hostname --file /etc/hostname\n",
        ),
    )


def _kernel(host: Host) -> tuple[Item, ...]:
    path = "/etc/sysctl.d/60-festning.conf"
    content = render("sysctl.conf", core=host.role is Role.CORE)
    return (
        File(path=path, content=content, on_change=(Restart("systemd-sysctl.service"),)),
        settings_in_force(path, content),
    )


def _network(fortress: Fortress, host: Host) -> tuple[Item, ...]:
    return (
        File(
            path="/etc/systemd/networkd.conf.d/festning.conf",
            content=render("networkd.conf"),
            on_change=(Restart(NETWORKD),),  # A reload does not read it again.
        ),
        File(
            path="/etc/systemd/system/systemd-networkd-wait-online.service.d/05-festning.conf",
            content=render("wait-online.conf"),
        ),
        File(
            path="/etc/systemd/network/10-festning-lo.network",
            content=render("lo.network", host=host, pool=fortress.bridge.pool),
            on_change=(Reload(NETWORKD),),
        ),
        Unit(
            name=NETWORKD,
            renewal=Renewal.NONE,
            left="every address and route of the host hangs on it, and its packages restart it by themselves",
        ),
        Gate(
            name="bridge address",
            check=f"ip -4 -oneline address show dev lo | grep --quiet --fixed-strings ' {host.bridge}/32 '",
            timeout_s=15.0,
        ),
    )


def _access(fortress: Fortress, host: Host) -> tuple[Item, ...]:
    return (
        *_ports(host),
        File(
            path="/etc/ssh/sshd_config.d/10-festning.conf",
            content=render("sshd.conf", ssh_user=fortress.admin.ssh_user),
            validate=("/usr/sbin/sshd", "-t"),
            on_change=(Reload("ssh.service"),),
        ),
    )


def _ports(host: Host) -> tuple[Item, ...]:
    """Where sshd listens; at port 22 alone it does by itself."""
    if host.ssh_ports == (DEFAULT_SSH_PORT,):
        return ()
    return (
        File(
            path="/etc/ssh/sshd_config.d/01-port.conf",
            content=render("port.conf", ports=host.ssh_ports),
            validate=("/usr/sbin/sshd", "-t"),
            on_change=(Reload("ssh.service"),),
        ),
    )


def _time_and_logs() -> tuple[Item, ...]:
    return (
        # In a container the unit's own condition skips it: the clock there is the machine's below.
        Unit(name=TIMESYNCD),
        File(
            path="/etc/systemd/journald.conf.d/festning.conf",
            content=render("journald.conf"),
            on_change=(Restart("systemd-journald.service"),),
        ),
    )
