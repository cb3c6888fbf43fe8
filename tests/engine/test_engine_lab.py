"""The engine against a real machine: systemd, validators, mount namespaces, SSH. It leaves the machine as it was."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from driven_machine import PASSWORD, Machine, system

from festning.engine.apply import ApplyResult, Outcome
from festning.engine.connections import Connections
from festning.engine.endpoint import Endpoint
from festning.engine.observe import observe
from festning.engine.sealed import SealedCatalog
from festning.errors import HostUnreachableError
from festning.model.catalog import (
    Account,
    Directory,
    File,
    Gate,
    HostCatalog,
    Item,
    Package,
    Reload,
    Restart,
    Step,
    Unit,
)
from festning.model.facts import Unreachable
from festning.model.reference import secret

pytestmark = pytest.mark.lab

STATE, RUN = "/var/lib/festning-test", "/run/festning-test"
UNIT = "/etc/systemd/system/festning-test@.service"
INSTANCE = "festning-test@one.service"
CONFIG = "/etc/festning-test/haproxy.cfg"
LISTEN = """defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend f
    bind 127.0.0.1:18080
"""


@pytest.fixture
def machine(lab_host: Endpoint) -> Iterator[Machine]:
    driven = Machine(lab_host, STATE, RUN)
    yield driven
    driven.converge()
    shell(lab_host, f"rm -rf {STATE} {RUN} /etc/festning-test /root/festning-mark")


def shell(endpoint: Endpoint, script: str) -> str:
    """What a script prints on the machine."""

    async def run() -> str:
        async with Connections([endpoint]) as connections:
            channel = await (await connections.to(endpoint.host)).start(("sh",))
            await channel.write(script.encode())
            await channel.end()
            lines = []
            while line := await channel.readline():
                lines.append(line.decode())
            await channel.wait()
            return "".join(lines)

    return asyncio.run(run())


def unit_file(command: str, *, kind: str = "simple") -> File:
    text = f"[Service]\nType={kind}\nExecStart={command}\nExecReload=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    return File(path=UNIT, content=text, on_change=(Restart(INSTANCE),))


def service(command: str = "/bin/sleep infinity") -> tuple[Item, ...]:
    return (unit_file(command), Unit(name=INSTANCE))


def haproxy(config: str) -> File:
    return File(path=CONFIG, content=config, validate=("haproxy", "-c", "-f", CONFIG))


def main_pid(endpoint: Endpoint) -> str:
    return shell(endpoint, f"systemctl show -p MainPID --value {INSTANCE}").strip()


def test_a_templated_unit_is_enabled_started_restarted_reloaded_and_taken_away(machine: Machine):
    settings = File(path="/etc/festning-test/settings", content="1", on_change=(Reload(INSTANCE),))
    plan, result = machine.converge(system(settings, *service()))
    assert result.complete, result
    assert plan.changes == 4
    assert machine.plan(system(settings, *service())).changes == 0
    first = main_pid(machine.endpoint)
    machine.converge(system(replace(settings, content="2"), *service()))
    assert main_pid(machine.endpoint) == first
    machine.converge(system(replace(settings, content="2"), *service("/bin/sleep 1d")))
    second = main_pid(machine.endpoint)
    assert second not in (first, "0")
    _, result = machine.converge()
    assert result.complete, result
    left = shell(machine.endpoint, f"ls {UNIT} /etc/systemd/system/*/{INSTANCE}; systemctl is-active {INSTANCE}")
    assert left.strip() == "inactive"


def test_nothing_is_left_running_or_lying_about(machine: Machine):
    assert machine.converge(system(*service(), File(path="/etc/festning-test/key", content=secret("pw"))))[1].complete
    assert shell(machine.endpoint, f"ls {RUN}").split() == ["lock"]
    assert shell(machine.endpoint, "pgrep -fa 'python3 -I'; find /etc/festning-test -name '.*'").strip() == ""


def test_a_file_that_its_program_refuses_changes_nothing_at_all(machine: Machine):
    assert machine.converge(system(haproxy(LISTEN)))[1].complete
    before = shell(machine.endpoint, "cd /etc && find . -type f | sort | xargs sha256sum; findmnt -rn")
    other = File(path="/etc/festning-test/other", content="x")
    _, result = machine.converge(system(other, *service(), haproxy(LISTEN + "    nonsense here\n")))
    (host,) = result.hosts
    assert host.outcome is Outcome.FAILED
    assert "refuses the new files" in host.reason
    assert "unknown keyword 'nonsense'" in host.output
    assert host.back == ("nothing was changed",)
    assert shell(machine.endpoint, "cd /etc && find . -type f | sort | xargs sha256sum; findmnt -rn") == before


def test_a_validator_sees_new_files_new_directories_and_removals_together(machine: Machine):
    folder = "/etc/festning-test/conf.d"
    shell(machine.endpoint, f"mkdir -p {folder}; echo stray > {folder}/stray.cfg")
    looks = f'cd {folder} && test "$(echo *)" = "a.cfg b.cfg" && test "$(stat -c %U:%a ../deeper)" = nobody:700'
    items = (
        Directory(path=folder, purge=True),
        Directory(path="/etc/festning-test/deeper", mode=0o700, owner="nobody"),
        File(path=f"{folder}/a.cfg", content="a", validate=("sh", "-c", looks)),
        File(path=f"{folder}/b.cfg", content="b"),
    )
    _, result = machine.converge(system(*items))
    assert result.complete, result
    assert shell(machine.endpoint, f"ls {folder}").split() == ["a.cfg", "b.cfg"]


def test_a_validator_cannot_change_the_host(machine: Machine):
    vandal = ("sh", "-c", "! touch /etc/festning-test/vandal")
    shell(machine.endpoint, "mkdir -p /etc/festning-test")
    _, result = machine.converge(system(File(path="/etc/festning-test/a", content="x", validate=vandal)))
    assert result.complete, result
    assert "vandal" not in shell(machine.endpoint, "ls /etc/festning-test")


def test_a_unit_that_falls_over_is_taken_back_with_its_last_words(machine: Machine):
    assert machine.converge(system(*service()))[1].complete
    before = shell(machine.endpoint, f"sha256sum {UNIT}")
    _, result = machine.converge(system(*service("/bin/sh -c 'echo cannot find my things; exit 3'")))
    (host,) = result.hosts
    assert host.outcome is Outcome.FAILED
    assert host.reason == f"{INSTANCE} did not stay up"
    assert "cannot find my things" in host.output
    assert host.back == ("put back as it was",)
    assert shell(machine.endpoint, f"sha256sum {UNIT}") == before
    assert shell(machine.endpoint, f"systemctl is-active {INSTANCE}").strip() == "active"
    assert machine.plan(system(*service())).changes == 0


def test_a_first_installation_that_fails_leaves_no_trace_of_it(machine: Machine):
    gate = Gate(name="answers", check="false", timeout_s=0.5)
    _, result = machine.converge(system(*service(), gate))
    assert result.hosts[0].reason == "'answers' was not so within 0.5 s"
    left = shell(machine.endpoint, f"ls {UNIT} /etc/systemd/system/*/{INSTANCE}; systemctl is-active {INSTANCE}")
    assert left.strip() == "inactive"


def test_secrets_are_in_no_process_list_and_no_log(machine: Machine):
    step = Step(
        name="use", check="test -e /root/festning-mark", do=f"p={secret('pw')}; sleep 1; touch /root/festning-mark"
    )
    key = File(path="/etc/festning-test/key", content=secret("pw"), mode=0o600)

    async def watch() -> tuple[str, ApplyResult]:
        work = asyncio.create_task(machine.converging(system(key, step)))
        await machine.step_begun.wait()
        seen = await asyncio.to_thread(shell, machine.endpoint, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        return seen, (await work)[1]

    seen, result = asyncio.run(watch())
    assert result.complete, result
    assert "python3 -I -S -c" in seen
    assert PASSWORD not in seen
    logs = shell(machine.endpoint, f"journalctl -b --no-pager; cat {STATE}/*")
    assert PASSWORD not in logs
    assert (
        shell(machine.endpoint, "cat /etc/festning-test/key; stat -c %a /etc/festning-test/key") == f"{PASSWORD}600\n"
    )


def test_a_restart_that_a_killed_apply_owed_is_made_by_the_next(machine: Machine):
    hold = Step(name="hold", check="test -e /root/festning-mark", do="sleep 30")
    assert machine.converge(system(*service()))[1].complete
    first = main_pid(machine.endpoint)

    async def kill() -> None:
        items = (unit_file("/bin/sleep 2d"), hold)
        work = asyncio.create_task(machine.converging(system(*items), system(Unit(name=INSTANCE), name="other")))
        await machine.step_begun.wait()
        kill = f"kill -9 $(sed 's/.*\"pid\": \\([0-9]*\\).*/\\1/' {RUN}/lock)"
        await asyncio.to_thread(shell, machine.endpoint, kill)
        await work

    # Whether the restart was made before the end, nobody can say afterwards; so it is made again.
    asyncio.run(kill())
    plan = machine.plan(system(*service("/bin/sleep 2d")))
    kinds = [(one.kind.value, one.target) for one in plan.hosts[0].operations]
    assert kinds == [("restart", INSTANCE)]
    assert machine.converge(system(*service("/bin/sleep 2d")))[1].complete
    assert main_pid(machine.endpoint) != first


def test_a_host_that_falls_silent_is_given_up_in_about_ten_seconds_and_completes_later(machine: Machine):
    silence = """
    nft add table inet t
    nft 'add chain inet t i { type filter hook input priority 0; }'
    nft add rule inet t i tcp dport 22 drop
    (sleep 14; nft delete table inet t; touch /root/festning-mark) >/dev/null 2>&1 </dev/null &
    sleep 3
    """
    step = Step(name="silence", check="test -e /root/festning-mark", do=silence, timeout_s=60)
    began = time.monotonic()
    _, result = machine.converge(system(step))
    took = time.monotonic() - began
    assert result.hosts[0].outcome is Outcome.UNREACHABLE
    assert took < 14
    time.sleep(max(0.0, 17 - took))
    assert machine.converge(system(step, File(path="/etc/festning-test/a", content="x")))[1].complete


def test_packages_are_installed_without_anything_starting_by_itself(machine: Machine):
    shell(machine.endpoint, REPOSITORY)
    try:
        items = (Package("festning-probe"), Unit(name="festning-probe.service", enabled=False, running=False))
        plan, result = machine.converge(system(*items))
        assert result.complete, result
        assert [one.kind.value for one in plan.hosts[0].operations] == ["install", "disable"]
        state = shell(machine.endpoint, "systemctl is-active festning-probe; ls /usr/sbin/policy-rc.d /root/started")
        assert state.strip() == "inactive"
        assert machine.plan(system(*items)).changes == 0
    finally:
        shell(machine.endpoint, CLEARED)


REPOSITORY = r"""
set -e
mkdir -p /root/repo/p/DEBIAN /root/repo/p/usr/lib/systemd/system /root/lists; cd /root/repo
cat > p/DEBIAN/control <<END
Package: festning-probe
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: a package that starts by itself
END
cat > p/usr/lib/systemd/system/festning-probe.service <<END
[Service]
ExecStart=/bin/sh -c 'touch /root/started; sleep infinity'
[Install]
WantedBy=multi-user.target
END
cat > p/DEBIAN/postinst <<END
#!/bin/sh
set -e
systemctl daemon-reload
deb-systemd-helper enable festning-probe.service
deb-systemd-invoke start festning-probe.service || true
END
chmod 755 p/DEBIAN/postinst
dpkg-deb -b p probe.deb >/dev/null
cp p/DEBIAN/control Packages
echo "Filename: ./probe.deb" >> Packages
echo "Size: $(stat -c %s probe.deb)" >> Packages
echo "SHA256: $(sha256sum probe.deb | cut -d' ' -f1)" >> Packages
cat > Release <<END
Origin: Debian
Label: Debian
SHA256:
 $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages
END
mv /etc/apt/sources.list /etc/apt/sources.list.d /root/lists/ 2>/dev/null || true
mkdir -p /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/root/repo ./' > /etc/apt/sources.list
chmod 755 /root
"""
CLEARED = r"""
systemctl stop festning-probe; dpkg --purge festning-probe
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /root/repo /root/started
mv /root/lists/* /etc/apt/ 2>/dev/null; rmdir /root/lists; chmod 700 /root; rm -f /var/lib/apt/lists/_root_repo*
"""


def test_an_account_is_made_before_files_that_belong_to_it(machine: Machine):
    items = (
        File(path="/etc/festning-test/theirs", content="x", owner="festning-t", group="festning-t"),
        Account("festning-t"),
    )
    try:
        assert machine.converge(system(*items))[1].complete
        assert machine.plan(system(*items)).changes == 0
    finally:
        shell(machine.endpoint, "userdel festning-t")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"known_host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ"},
            "host key",
        ),
        ({"user": "nobody"}, "login refused"),
    ],
)
def test_a_login_that_does_not_work_says_why(lab_host: Endpoint, change: dict[str, str], words: str):
    wrong = replace(lab_host, **change)  # type: ignore[arg-type]
    empty = SealedCatalog(HostCatalog(wrong.host, ()), str)

    async def look() -> object:
        async with Connections([wrong]) as connections:
            with pytest.raises(HostUnreachableError) as refused:
                await connections.to(wrong.host)
            assert refused.value.hint
            return (await observe({wrong.host: empty}, connections))[wrong.host]

    facts = asyncio.run(look())
    assert isinstance(facts, Unreachable)
    assert words in facts.reason


def test_the_lock_names_its_holder(machine: Machine):
    assert machine.converge(system(File(path="/etc/festning-test/a", content="x")))[1].complete
    assert json.loads(shell(machine.endpoint, f"cat {RUN}/lock"))["operator"] == "kari@desk"
