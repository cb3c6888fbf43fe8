"""A hub and edges that dial it as plain processes between network namespaces of this machine, with nothing else there.

The configurations are those that festning compiles and the program is that of the lab's image, so what is measured of a
process is what a hub's process does; machines are not needed for it, and hundreds of edges fit. All of it is gone when
:func:`ground` ends, however it ends.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from bench.programs import ImageCopy
from bench.stage import EXAMPLE, RunError
from festning.model.catalog import File
from festning.model.fortress import Fortress, Host
from festning.model.load import parse_fortress
from festning.model.reference import fill
from festning.providers.lab.image import ensure_image
from festning.providers.lab.placement import relocate
from festning.systems.openvpn import layout
from festning.systems.openvpn.catalog import catalog
from festning.systems.openvpn.facts import parse_status
from festning.vault import age
from festning.vault.vault import Vault
from festning.workflows.compiling import read_sources
from festning.workflows.laboratory import recipe_of

WIDE = "{pool: 10.0.0.0/8, block: 18, processes: PROCESSES}"
"""Numbers for thousands of edges."""
HUB_SIDE = "fst-bench-hub"
NET = IPv4Address("198.19.0.0")
PREFIX = 16
TUNNELS = ("/etc/openvpn/", "/run/openvpn-server/")


@dataclass(frozen=True, slots=True)
class Account:
    """What a process has taken by now: CPU in seconds, and its own memory in MiB (PSS)."""

    cpu_s: float
    mib: float


@dataclass(slots=True)
class Ground:
    """``core1``'s hub and its edges. ``sides`` are the namespaces that edges are in, each with an address."""

    fortress: Fortress
    folder: Path
    copy: ImageCopy
    vault: Vault
    sides: dict[str, IPv4Address] = field(default_factory=dict)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def hub(self) -> Host:
        return self.fortress.host("core1")

    @property
    def servers(self) -> tuple[layout.Server, ...]:
        return layout.servers(self.fortress, self.hub)

    def start_hub(self) -> list[int]:
        """Every process of the hub; their numbers. Waits until they listen."""
        home = self.folder / self.hub.name
        self._lay(self.hub, home)
        started = [
            self._start(HUB_SIDE, home / server.config.removeprefix("/"), self._log(server.name))
            for server in self.servers
        ]
        for server in self.servers:
            self._await(partial(self._said, server.name, "Initialization Sequence Completed"))
        return started

    def start_edge(self, edge: Host, side: str) -> int:
        """One edge's link to the hub, in a namespace; the number of its process. Does not wait for it."""
        home = self.folder / edge.name
        self._lay(edge, home)
        (link,) = (link for link in layout.links(self.fortress, edge) if link.hub.name == self.hub.name)
        config = home / link.config.removeprefix("/")
        # Edges share a namespace, and a device's name is one edge's there.
        config.write_text(config.read_text().replace(f"dev {link.device}\n", f"dev {device_of(edge)}\n"))
        return self._start(side, config, self._log(edge.name))

    def connected(self) -> int:
        """How many edges the hub has in its status files now."""
        return sum(len(self.hosts_at(server)) for server in self.servers)

    def hosts_at(self, server: layout.Server) -> set[str]:
        """Who is connected to one process of the hub, by its status file."""
        file = self.folder / self.hub.name / server.status.removeprefix("/")
        try:
            return {tunnel.host for tunnel in parse_status(file.read_text()).tunnels}
        except (OSError, ValueError):  # Being written right now, or not yet.
            return set()

    def kill(self, pid: int) -> None:
        """End one of the processes that were started here."""
        (process,) = (process for process in self._running if process.pid == pid)
        process.kill()
        process.wait()
        self._running.remove(process)

    def await_connected(self, edges: int, patience_s: float) -> float:
        """Seconds until the hub has so many edges. Raises :class:`RunError` when it never has."""
        began = time.monotonic()
        self._await(lambda: self.connected() >= edges, patience_s)
        return time.monotonic() - began

    def address(self, host: Host, side: str) -> None:
        """Give a namespace what networkd gives a machine: the bridge address, the end of the link, both routes."""
        server = self.servers[self.fortress.dialled_by(host)[0]]
        self._ip(side, "address", "add", f"{host.bridge}/32", "dev", "lo")
        self._ip(side, "link", "set", device_of(host), "up")
        end, peer = f"{server.end_of(host)}/32", f"{server.address}/32"
        self._ip(side, "address", "add", end, "peer", peer, "dev", device_of(host))
        self._ip(side, "route", "add", f"{self.hub.bridge}/32", "dev", device_of(host), "src", str(host.bridge))
        self._ip(HUB_SIDE, "route", "add", f"{host.bridge}/32", "via", str(server.end_of(host)), "dev", server.device)

    def address_hub(self) -> None:
        """The hub's own addresses, on its loopback and its devices."""
        self._ip(HUB_SIDE, "address", "add", f"{self.hub.bridge}/32", "dev", "lo")
        for server in self.servers:
            self._ip(HUB_SIDE, "link", "set", server.device, "up")
            self._ip(HUB_SIDE, "address", "add", f"{server.address}/{server.links.prefixlen}", "dev", server.device)

    def add_side(self, name: str) -> None:
        """A namespace with a cable to the hub's."""
        index = len(self.sides)
        address = self.hub_address + 1 + index
        run("ip", "netns", "add", name)
        self.sides[name] = address
        port = f"port{index}"
        self._ip(HUB_SIDE, "link", "add", port, "type", "veth", "peer", "name", "wire", "netns", name)
        self._ip(HUB_SIDE, "link", "set", port, "master", "switch", "up")
        self._ip(name, "link", "set", "lo", "up")
        self._ip(name, "link", "set", "wire", "up")
        self._ip(name, "address", "add", f"{address}/{PREFIX}", "dev", "wire")

    @property
    def hub_address(self) -> IPv4Address:
        return NET + 11

    def inside(self, side: str, *command: str) -> list[str]:
        """A command line of one of the image's programs, in a namespace."""
        return ["ip", "netns", "exec", side, *self.copy.command(command[0]), *command[1:]]

    def begin(self) -> None:
        """The hub's namespace, with a switch for the others' cables."""
        run("ip", "netns", "add", HUB_SIDE)
        self._ip(HUB_SIDE, "link", "set", "lo", "up")
        self._ip(HUB_SIDE, "link", "add", "switch", "type", "bridge")
        self._ip(HUB_SIDE, "link", "set", "switch", "up")
        self._ip(HUB_SIDE, "address", "add", f"{self.hub_address}/{PREFIX}", "dev", "switch")

    def end(self) -> None:
        """Every process that was started here, and every namespace."""
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait()
        for side in (*self.sides, HUB_SIDE):
            subprocess.run(["ip", "netns", "del", side], check=False, capture_output=True)

    def _lay(self, host: Host, home: Path) -> None:
        """A host's files of the bridge in a folder, run as nobody: the image's copy has no account of festning's."""
        for item in catalog(self.fortress, host).items:
            if not isinstance(item, File) or not item.path.startswith(TUNNELS[0]) or not isinstance(item.content, str):
                continue
            text = fill(item.content, self.vault.lookup)
            for folder in TUNNELS:
                text = text.replace(folder, f"{home}{folder}")
            text = text.replace(f"user {layout.ACCOUNT}", "user nobody")
            text = text.replace(f"group {layout.ACCOUNT}", "group nogroup")
            path = home / item.path.removeprefix("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=item.mode)
            path.write_text(text)
        (home / TUNNELS[1].strip("/")).mkdir(parents=True, exist_ok=True)

    def _start(self, side: str, config: Path, log: Path) -> int:
        command = self.inside(side, "openvpn", "--config", str(config), "--cd", str(config.parent))
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self._running.append(process)
        return process.pid  # ip(8) and nsenter(1) become the program.

    def _await(self, condition: Callable[[], bool], patience_s: float = 20) -> None:
        deadline = time.monotonic() + patience_s
        while not condition():
            ended = [process for process in self._running if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = sorted(self.folder.glob("*.log"), key=lambda log: log.stat().st_mtime)
                said = logs[-1].read_text()[-2000:] if logs else ""
                what = "a process ended" if ended else f"not within {patience_s:g} s"
                raise RunError(f"{what}; the last log:\n{said}")
            time.sleep(0.1)

    def _said(self, name: str, words: str) -> bool:
        return words in self._log(name).read_text()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _ip(self, side: str, *arguments: str) -> None:
        run("ip", "-n", side, *arguments)


def device_of(edge: Host) -> str:
    """The device of an edge's link, whichever namespace it is in."""
    return f"fst-e{edge.number}"


@contextlib.contextmanager
def ground(folder: Path, edges: int, processes: int) -> Iterator[Ground]:
    """A hub's namespace for so many edges, with their keys made; nothing runs yet."""
    fortress = declared(edges, processes)
    vault = Vault.create(folder / "vault.age", [age.generate_identity()[1]])
    now = datetime.now(UTC)
    for host in (fortress.host("core1"), *fortress.edges):
        vault.ensure(catalog(fortress, host).materials, now)
    example = relocate(parse_fortress((EXAMPLE / "fortress.yaml").read_text(), "fortress.yaml", EXAMPLE))
    image = ensure_image(recipe_of(example, read_sources(example), "trixie"))
    folder.chmod(0o711)  # OpenVPN reads its clients' files as nobody.
    copy = ImageCopy(image.tree, folder)
    made = Ground(fortress, folder, copy, vault)
    try:
        made.begin()
        yield made
    finally:
        made.end()
        copy.close()
        shutil.rmtree(folder / ".copy", ignore_errors=True)


def declared(edges: int, processes: int) -> Fortress:
    """The example with so many edges and processes, with addresses on this machine."""
    text = (EXAMPLE / "fortress.yaml").read_text().replace("count: 2", f"count: {edges}")
    text = f"{text}\nbridge: {WIDE.replace('PROCESSES', str(processes))}\n"
    fortress = parse_fortress(text, "fortress.yaml", EXAMPLE)
    places = {edge.name: NET + 100 + index for index, edge in enumerate(fortress.edges)}
    return fortress.placed({**places, "core1": NET + 11})


def account(pid: int) -> Account:
    """What a process has taken by now (proc(5)). Raises :class:`RunError` when it has ended."""
    try:
        busy = Path(f"/proc/{pid}/schedstat").read_text().split()[0]  # OpenVPN is one thread.
        shares = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise RunError(f"process {pid} has ended") from None
    pss = next(int(line.split()[1]) for line in shares.splitlines() if line.startswith("Pss:"))
    return Account(int(busy) / 1e9, pss / 1024)


def run(*command: str) -> None:
    """A command that has to succeed. Raises :class:`RunError` with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"{' '.join(command)}: {done.stderr.strip()}")


def total(pids: Sequence[int]) -> Account:
    """Of several processes together."""
    each = [account(pid) for pid in pids]
    return Account(sum(one.cpu_s for one in each), sum(one.mib for one in each))
