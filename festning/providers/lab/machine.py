"""One machine of the lab: from a layer and an image to a booted Debian, and how it is found, waited for and killed.

Knows systemd-nspawn. Leaves where it is started to ``launcher``, what is in the layer to ``seed``, and records to
``state``.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from festning.errors import ProviderError
from festning.providers.lab.namespace import open_socket
from festning.providers.lab.placement import Plot
from festning.providers.lab.process import Process, children_of

SSH_PORT = 22
BOOT_PATIENCE = 30.0
"""Seconds that a machine has until its SSH answers; a second is usual, more where many boot on few processors."""

_SAID_AT_THE_END = 15
NSPAWN_RUNTIME = Path("/run/systemd/nspawn")

# The keeper, a script for sh: it lives as long as the machine is powered on, and starts systemd-nspawn again when the
# machine reboots (nspawn's exit code 133). The overlay and the device are mounted in a mount namespace of its own,
# which goes when the keeper goes. It stays out of the group that nspawn is in: a group with processes of its own hands
# no controllers down. The device is as udev makes it everywhere, open to a process that has given up root; the box's
# own may be for root alone, where no udev runs.
KEEPER = """\
set -f
mount -t overlay overlay -o "$1" "$2"
devices=${0%/*}/devices
mkdir -p "$devices"
mount -t tmpfs -o nosuid,noexec,mode=755,size=64k festning "$devices"
mknod -m 666 "$devices/tun" c 10 200 || { touch "$devices/tun" && mount --bind /dev/net/tun "$devices/tun"; }
shift 2

groups=
while IFS=: read -r _ kind path; do
    case $kind in
        "") if [ -e /sys/fs/cgroup/cgroup.procs ]; then root=/sys/fs/cgroup; else root=/sys/fs/cgroup/unified; fi ;;
        name=systemd) root=/sys/fs/cgroup/systemd ;;
        *) continue ;;
    esac
    [ ! -d "$root$path" ] || groups="$groups $root$path"
done </proc/self/cgroup

enter() {
    for group in $groups; do
        mkdir -p "$group/$1" && echo 0 >"$group/$1/cgroup.procs" || return
    done
}

enter keeper
for group in $groups; do
    [ -e "$group/cgroup.controllers" ] || continue
    for controller in $(cat "$group/cgroup.controllers"); do
        echo "+$controller" >"$group/cgroup.subtree_control" || echo "no controller $controller in machines"
    done
done

status=133
while [ "$status" = 133 ]; do
    status=0
    (enter machine && exec "$@") || status=$?
done
exit "$status"
"""


@dataclass(frozen=True, slots=True)
class Boot:
    """All that decides how a machine is booted.

    ``name`` is for systemd-nspawn, ``tree`` where the machine's files are mounted, ``keeper`` where :data:`KEEPER` is.
    """

    name: str
    hostname: str
    bridge: str
    image: Path
    layer: Path
    tree: Path
    keeper: Path

    @property
    def upper(self) -> Path:
        """The machine's writable layer."""
        return self.layer / "upper"

    @property
    def work(self) -> Path:
        """The folder that overlayfs works in."""
        return self.layer / "work"

    @property
    def console(self) -> Path:
        """The log of what the machine prints on its console."""
        return self.layer / "console.log"


def boot_command(boot: Boot) -> list[str]:
    """The command that becomes the machine's keeper; to be run inside the lab's network namespace.

    It must start in a control group of its own.
    """
    overlay = f"lowerdir={boot.image},upperdir={boot.upper},workdir={boot.work}"
    return [
        *("unshare", "--mount", "--propagation", "slave", "--"),
        *("sh", "-eu", str(boot.keeper), overlay, str(boot.tree)),
        *("env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"),
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--machine={boot.name}",
        f"--hostname={boot.hostname}",
        f"--directory={boot.tree}",
        f"--network-bridge={boot.bridge}",
        # Firewall, tunnels and addresses are the machine's own business, in its own network namespace.
        "--capability=CAP_NET_ADMIN",
        f"--bind={boot.keeper.parent}/devices/tun:/dev/net/tun",
        # The control group is the launcher's, and there may be no systemd-machined to register with.
        "--register=no",
        "--keep-unit",
        # A console that nobody can type at. With a pipe in its place systemd's own words would be lost.
        "--console=read-only",
        # Nothing of the box's own settings gets in, and the box's journal stays its own.
        "--settings=no",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
    ]


def init_of(keeper: Process) -> Process | None:
    """The machine's own init, by its keeper; ``None`` while there is none.

    Asked anew each time: a machine that reboots gets another one.
    """
    for nspawn in keeper.children():
        for pid in children_of(nspawn):
            if _is_init(pid):
                return Process.of(pid)
    return None


def is_init(status: str) -> bool:
    """Whether the text of ``/proc/PID/status`` is of a process that is PID 1 in a namespace of its own."""
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            pids = line.split()[1:]
            return len(pids) > 1 and pids[-1] == "1"
    return False


def exec_command(init: Process, argv: Sequence[str]) -> list[str]:
    """The command that runs another one as root inside a machine, with a login's environment and nothing of ours."""
    environment = [
        "HOME=/root",
        "LANG=C.UTF-8",
        "LOGNAME=root",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "USER=root",
    ]
    return ["nsenter", f"--target={init.pid}", "--all", "--", "env", "--ignore-environment", *environment, *argv]


def forget(name: str) -> None:
    """Remove what a killed systemd-nspawn leaves below /run/systemd/nspawn under its machine's name."""
    for kind in ("propagate", "unix-export"):
        folder = NSPAWN_RUNTIME / kind / name
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
        if folder.is_dir():
            folder.rmdir()


def await_ssh(
    plot: Plot,
    namespace: Path,
    *,
    console: Path,
    running: Callable[[], bool],
    patience: float = BOOT_PATIENCE,
) -> None:
    """Wait until an SSH server introduces itself at the machine's address.

    Raises :class:`ProviderError`, with what the machine's console said last, when the machine ends (``running`` turns
    false) or ``patience`` seconds pass.
    """
    deadline = time.monotonic() + patience
    while not _ssh_answers(namespace, str(plot.address)):
        if not running():
            raise ProviderError(f"{plot.name} ended while it booted; its console said:\n{last_words(console)}")
        if time.monotonic() > deadline:
            raise ProviderError(
                f"{plot.name} ({plot.address}) has no SSH after {patience:.0f} s; its console said:\n"
                f"{last_words(console)}",
                hint=f"`festning --lab lab exec {plot.name} -- journalctl -b` shows more",
            )
        time.sleep(0.05)


def last_words(console: Path) -> str:
    """The last lines of a console's log."""
    try:
        lines = console.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    return "\n".join(lines[-_SAID_AT_THE_END:]) or "(nothing)"


def _is_init(pid: int) -> bool:
    try:
        return is_init(Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False


def _ssh_answers(namespace: Path, address: str) -> bool:
    # A packet sent before the machine listens is lost, and sent again by the kernel only a second later: so ask anew.
    try:
        connection = open_socket(str(namespace), address, SSH_PORT, timeout=0.3)
    except OSError:
        return False
    with connection:
        connection.settimeout(1.0)
        try:
            return connection.recv(4, socket.MSG_WAITALL) == b"SSH-"
        except OSError:
            return False
