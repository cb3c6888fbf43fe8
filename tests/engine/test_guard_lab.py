"""Never locked out: changes that keep the operator from getting in again, on a real machine, and what becomes of them.

The machine is watched from outside the whole time: that a change did lock everybody out is seen, not believed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from driven_machine import Machine

from festning.engine.apply import LockedError, Outcome
from festning.engine.endpoint import Endpoint
from festning.model.catalog import File, Item, Reload, SystemCatalog, Unit, Wave

pytestmark = pytest.mark.lab

STATE, RUN = "/var/lib/festning-guard", "/run/festning-guard"
RULES = "/etc/festning-guard/rules.nft"
FIREWALL = "festning-guard-test.service"
SSHD = "/etc/ssh/sshd_config.d/99-festning-guard.conf"
LONGEST_S = 30.0
WATCHED = f"/etc/festning-guard /etc/ssh /etc/systemd/system {STATE}/generations {STATE}/blobs"
DIGEST = f"find {WATCHED} -printf '%p %M %U %G\\n' 2>&1 | sort; find {WATCHED} -type f 2>&1 | sort | xargs sha256sum"
FIREWALL_UNIT = f"""[Unit]
DefaultDependencies=no
Before=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {RULES}
ExecReload=/usr/sbin/nft -f {RULES}
ExecStop=/usr/sbin/nft delete table inet guarded
[Install]
WantedBy=multi-user.target
"""
OPEN = "tcp dport 22 accept"
NO_NEW = "tcp dport 22 ct state established accept\n tcp dport 22 drop"
NOTHING = "tcp dport 22 drop"


def rules(ssh: str) -> str:
    chain = f"chain i {{\n type filter hook input priority -5; policy accept;\n {ssh}\n }}"
    return f"table inet guarded\ndelete table inet guarded\ntable inet guarded {{\n {chain}\n}}\n"


def ground(ssh: str = OPEN, *more: Item) -> SystemCatalog:
    items = (
        File(path=f"/etc/systemd/system/{FIREWALL}", content=FIREWALL_UNIT),
        File(path=RULES, content=rules(ssh), mode=0o755, on_change=(Reload(FIREWALL),)),
        Unit(name=FIREWALL),
        *more,
    )
    return SystemCatalog(system="firewall", wave=Wave.GROUND, items=items, guarded=True)


@dataclass
class Watch:
    """Whether a machine's SSH answers to newcomers, tried all the time."""

    endpoint: Endpoint
    silent: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def silence(self) -> float:
        """From the first refusal to the last, in seconds."""
        return max(self.silent) - min(self.silent) if self.silent else 0.0

    def answers(self) -> bool:
        assert self.endpoint.open_socket is not None
        try:
            with self.endpoint.open_socket() as connected:
                connected.settimeout(1.0)
                return connected.recv(4) == b"SSH-"
        except OSError:
            return False

    def _look(self) -> None:
        while not self._over.is_set():
            at = time.monotonic()
            if not self.answers():
                self.silent += [at, time.monotonic()]
            time.sleep(0.2)


@dataclass
class Guarded:
    machine: Machine
    on: Callable[[str], str]

    def digest(self) -> str:
        return self.on(DIGEST)

    def wait_until(self, script: str, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while "yes" not in self.on(f"{script} && echo yes || true"):
            assert time.monotonic() < deadline, script
            time.sleep(0.2)

    def wait_until_reverted(self) -> None:
        self.wait_until(f"test ! -e {STATE}/pending/undo.json", LONGEST_S)


@pytest.fixture
def host(lab: Any, lab_host: Endpoint) -> Iterator[Guarded]:
    guarded = Guarded(Machine(lab_host, STATE, RUN), lambda script: lab.on("client", script))
    guarded.on("mkdir -p /etc/ssh/sshd_config.d /etc/festning-guard")
    _, result = guarded.machine.converge(ground())
    assert result.complete, result
    yield guarded
    assert guarded.machine.converge()[1].complete
    guarded.on(f"rm -rf {STATE} {RUN} /etc/festning-guard; nft delete table inet guarded || true")


def assert_as_before(host: Guarded, before: str) -> None:
    assert host.digest() == before
    assert host.machine.plan(ground()).changes == 0
    journal = host.on(f"tail -1 {STATE}/journal.jsonl")
    assert '"reverted"' in journal or '"failed"' in journal
    assert host.on(
        f"ls /etc/systemd/system/*/festning-unconfirmed.service {STATE}/pending/contents 2>&1 || true"
    ).count("No such file")


@pytest.mark.parametrize("ssh", [NO_NEW, NOTHING], ids=["newcomers", "everybody"])
def test_a_firewall_that_drops_ssh_is_put_back(host: Guarded, ssh: str):
    before = host.digest()
    with Watch(host.machine.endpoint) as watch:
        _, result = host.machine.converge(ground(ssh))
        assert watch.answers()
    (failed,) = result.hosts
    assert failed.outcome is Outcome.FAILED
    assert (failed.reason, failed.back) == ("nobody could connect anew", ("put back as it was",))
    assert 5 < watch.silence < LONGEST_S
    assert_as_before(host, before)


def test_an_sshd_that_lets_nobody_in_is_put_back(host: Guarded):
    before = host.digest()
    deny = File(
        path=SSHD,
        content="AllowUsers nobody-at-all\n",
        validate=("/usr/sbin/sshd", "-t"),
        on_change=(Reload("ssh.service"),),
    )
    _, result = host.machine.converge(ground(OPEN, deny))
    (failed,) = result.hosts
    assert failed.outcome is Outcome.FAILED
    assert failed.reason == "nobody could connect anew"
    assert_as_before(host, before)


KILL = f"""kill -9 $(sed 's/.*"pid": \\([0-9]*\\).*/\\1/' {RUN}/lock)
systemctl kill -s KILL ssh.service
kill -9 $(systemctl show -p MainPID --value festning-watchdog.service)"""
OPEN_AGAIN = "nft flush ruleset; systemctl restart ssh.service"


def test_it_is_put_back_when_agent_sshd_and_watchdog_are_killed_and_nobody_begins_meanwhile(host: Guarded):
    before = host.digest()
    other = ground(OPEN, File(path="/etc/festning-guard/other", content="x"))

    broken_off(host, lambda: host.on(KILL))
    host.on(OPEN_AGAIN)  # Only now: the first operator must not get in and confirm.
    with pytest.raises(LockedError, match="kari@desk has been changing this host since"):
        host.machine.converge(other, operator="ola@laptop")
    host.wait_until_reverted()
    assert_as_before(host, before)


def test_a_power_cut_in_the_window_is_put_back_by_the_next_boot(lab: Any, host: Guarded):
    before = host.digest()
    broken_off(host, lambda: lab("lab", "cut", "client"))
    assert lab("lab", "heal", "client").returncode == 0
    assert Watch(host.machine.endpoint).answers()
    host.wait_until_reverted()
    assert "went down" in host.on(f"tail -1 {STATE}/journal.jsonl")
    assert_as_before(host, before)


def broken_off(host: Guarded, cut: Callable[[], object]) -> None:
    """An apply that locks newcomers out, and what happens while it waits for somebody to get in. Then all is left."""

    async def work() -> None:
        applying = asyncio.create_task(host.machine.converging(ground(NO_NEW)))
        await asyncio.to_thread(
            host.wait_until, f"grep -q established {RULES} && test -e {STATE}/pending/undo.json", 30
        )
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cut)
        applying.cancel()
        await asyncio.wait([applying])

    asyncio.run(work())


def test_nobody_is_locked_out_for_a_moment_by_a_change_that_is_good(host: Guarded):
    with Watch(host.machine.endpoint) as watch:
        _, result = host.machine.converge(ground("tcp dport { 22, 23 } accept"))
    assert result.complete
    assert watch.silent == []
