"""One machine of the lab: from a layer and an image to a booted Debian, and how it is found, waited for and killed.

Knows systemd-nspawn. Leaves control groups to ``launcher``, what is in the layer to ``seed``, records to ``state``.
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
from festning.providers.lab.process import Process

SSH_PORT = 22
BOOT_PATIENCE = 30.0
"""Seconds that a machine has until its SSH answers; a second is usual, more where many boot on few processors."""

_SAID_AT_THE_END = 15
NSPAWN_RUNTIME = Path("/run/systemd/nspawn")

# The overlay is mounted in a mount namespace that only the machine's nspawn is in: it goes when the machine goes.
_MOUNT_AND_BECOME = """\
mount -t overlay overlay -o "$1" "$2"
shift 2
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Boot:
    """All that decides how a machine is booted. ``name`` is the one for systemd-nspawn, ``tree`` where it is mounted."""

    name: str
    hostname: str
    bridge: str
    image: Path
    layer: Path
    tree: Path

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
    """The command that becomes the machine's systemd-nspawn; to be run inside the lab's network namespace."""
    overlay = f"lowerdir={boot.image},upperdir={boot.upper},workdir={boot.work}"
    return [
        *("unshare", "--mount", "--propagation", "slave", "--"),
        *("sh", "-euc", _MOUNT_AND_BECOME, "sh", overlay, str(boot.tree)),
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
        "--bind=/dev/net/tun",
        # The control group is the launcher's, and there may be no systemd-machined to register with.
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        # Nothing of the box's own settings gets in, and the box's journal stays its own.
        "--settings=no",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
    ]


def init_of(nspawn: Process) -> Process | None:
    """The machine's own init, by its systemd-nspawn; ``None`` while there is none.

    Asked anew each time: a machine that reboots gets another one.
    """
    for pid in nspawn.children():
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
    host: str,
    namespace: Path,
    address: str,
    console: Path,
    running: Callable[[], bool],
    patience: float = BOOT_PATIENCE,
) -> None:
    """Wait until an SSH server introduces itself at the address.

    Raises :class:`ProviderError`, with what the machine's console said last, when the machine ends (``running`` turns
    false) or ``patience`` seconds pass.
    """
    deadline = time.monotonic() + patience
    while not _ssh_answers(namespace, address):
        if not running():
            raise ProviderError(f"{host} ended while it booted; its console said:\n{last_words(console)}")
        if time.monotonic() > deadline:
            raise ProviderError(
                f"{host} ({address}) has no SSH after {patience:.0f} s; its console said:\n{last_words(console)}",
                hint=f"`festning lab exec {host} -- journalctl -b` shows more",
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
