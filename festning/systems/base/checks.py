"""What is verified of the ground: clocks, failed units, disks, virtualisation and private keys.

Pure: probes and judgements. Where the lab's machines cannot tell (one kernel, one disk, one clock for all), a check
that does not pass is waived with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from festning.model.check import CheckSpec, Judgement, Output, Probe, Turn, Verdict
from festning.model.fortress import Fortress, Host
from festning.systems.base.scripts import clock_script, script

LARGEST_CLOCK_OFFSET_MS = 500
SLOWEST_WRITE_MB_S = 200
"""The bar of the 2014 baseline: dd of 1 GiB of zeros in one block with ``oflag=dsync``."""
SLOWEST_COMMIT_MS = 10
"""99 of 100 synced 4 KiB writes: what a commit with strict durability waits for, at least once."""

FILE_SYSTEM_SHARE = 0.9
"""Of a disk: the rest may go to a boot partition and to the file system's own books."""
GIB = 1 << 30

FULL_MACHINES = frozenset(
    {"none", "kvm", "amazon", "google", "qemu", "vmware", "microsoft", "oracle", "xen", "parallels"}
)
"""systemd-detect-virt(1): bare metal, and the full virtual machines among its answers."""

_SHARED_CLOCK = "lab: all machines have the clock of the machine below"
_SHARED_DISK = "lab: all machines share the disk of the machine below, and its results do not transfer"


def checks(fortress: Fortress) -> tuple[CheckSpec, ...]:
    """Every check of the ground of the fortress."""
    return tuple(_checks(fortress))


def _checks(fortress: Fortress) -> Iterator[CheckSpec]:
    for host in fortress.hosts:
        yield _failed_units(host)
        yield _synchronised(host, lab=fortress.lab)
        yield from _clock(fortress, host)
        yield _private_keys(host)
        if host.disk is not None:
            yield _disk_size(host, host.disk, lab=fortress.lab)
    for core in fortress.cores:
        yield _virtualisation(core, lab=fortress.lab)
        yield from _disk(core, lab=fortress.lab)


def _failed_units(host: Host) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        failed = [line.split()[0] for line in outputs[0].stdout.splitlines() if line.strip()]
        if outputs[0].status != 0:
            return Judgement(verdict=Verdict.UNKNOWN, reason="systemctl could not be asked")
        if failed:
            return Judgement(verdict=Verdict.FAIL, measured=len(failed), reason=f"failed: {', '.join(failed)}")
        return Judgement(verdict=Verdict.PASS, measured=0)

    # After the other probes have begun: what a request of theirs breaks shall be seen too.
    probe = Probe(
        host=host.name, script="systemctl list-units --failed --plain --no-legend --no-pager\n", turn=Turn.CONFIRM
    )
    return CheckSpec(
        id="base.failed-units", host=host.name, probes=(probe,), expected="no failed unit", judge=judge, unit="units"
    )


def _synchronised(host: Host, *, lab: bool) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        state = outputs[0].stdout.strip()
        if state == "yes":
            return Judgement(verdict=Verdict.PASS, measured=True)
        if lab:
            return Judgement(verdict=Verdict.WAIVED, measured=state == "yes", reason=_SHARED_CLOCK)
        if state != "no":
            return Judgement(verdict=Verdict.UNKNOWN, reason="timedatectl could not be asked")
        return Judgement(
            verdict=Verdict.FAIL, measured=False, reason="no time server has set this clock since it booted"
        )

    probe = Probe(host=host.name, script="timedatectl show --property=NTPSynchronized --value\n")
    return CheckSpec(
        id="base.time-synchronised", host=host.name, probes=(probe,), expected="set by a time server", judge=judge
    )


def _clock(fortress: Fortress, host: Host) -> Iterator[CheckSpec]:
    hubs = fortress.hubs_of(host)
    if not hubs:
        return
    names = {str(hub.bridge): hub.name for hub in hubs}

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        answers = _clock_answers(outputs[0].stdout)
        if not answers:
            return Judgement(
                verdict=Verdict.UNKNOWN, reason="no hub answered: the clock has nothing to be compared with"
            )
        address, (offset, round_trip) = max(answers.items(), key=lambda answer: abs(answer[1][0]))
        detail = f"{offset:+.1f} ms from {names[address]}, known to {round_trip / 2:.1f} ms"
        if abs(offset) - round_trip / 2 > LARGEST_CLOCK_OFFSET_MS:
            return Judgement(verdict=Verdict.FAIL, measured=round(offset, 1), reason=detail)
        if abs(offset) + round_trip / 2 > LARGEST_CLOCK_OFFSET_MS:
            return Judgement(verdict=Verdict.UNKNOWN, measured=round(offset, 1), reason=detail)
        return Judgement(verdict=Verdict.PASS, measured=round(offset, 1))

    probe = Probe(host=host.name, script=clock_script(tuple(names)), interpreter="python3", timeout_s=30.0)
    yield CheckSpec(
        id="base.clock-offset",
        host=host.name,
        probes=(probe,),
        expected=f"≤ {LARGEST_CLOCK_OFFSET_MS} ms from every hub that answers",
        judge=judge,
        unit="ms",
    )


def _clock_answers(stdout: str) -> dict[str, tuple[float, float]]:
    """Offset and round trip in milliseconds, by the address of the hub that answered."""
    words = (line.split() for line in stdout.splitlines())
    return {line[0]: (float(line[1]), float(line[2])) for line in words if len(line) == 3}


def _private_keys(host: Host) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        lines = outputs[0].stdout.splitlines()
        wide = [line.removeprefix("key ") for line in lines if line.startswith("key ")]
        examined = [line.split()[1] for line in lines if line.startswith("examined ")]
        if outputs[0].status != 0 or not examined:
            return Judgement(verdict=Verdict.UNKNOWN, reason="the look through the files did not come to its end")
        if wide:
            return Judgement(verdict=Verdict.FAIL, measured=len(wide), reason=f"too widely readable: {'; '.join(wide)}")
        if examined == ["0"]:
            return Judgement(verdict=Verdict.UNKNOWN, reason="no private key was found, though every host has some")
        return Judgement(verdict=Verdict.PASS, measured=0)

    probe = Probe(host=host.name, script=script("keys"), interpreter="python3", timeout_s=60.0)
    return CheckSpec(
        id="base.private-keys",
        host=host.name,
        probes=(probe,),
        expected="every private key readable by its owner alone (or by one service's own group)",
        judge=judge,
        unit="keys",
    )


def _virtualisation(host: Host, *, lab: bool) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        words = outputs[0].stdout.split()
        if len(words) != 2:
            return Judgement(verdict=Verdict.UNKNOWN, reason="systemd-detect-virt gave no answer")
        container, machine = words
        if container == "none" and machine in FULL_MACHINES:
            return Judgement(verdict=Verdict.PASS, measured="metal" if machine == "none" else machine)
        kind = container if container != "none" else machine
        if lab and container != "none":
            return Judgement(verdict=Verdict.WAIVED, measured=kind, reason=f"lab: a container ({kind}), by design")
        return Judgement(
            verdict=Verdict.FAIL, measured=kind, reason="business-critical data needs a full virtual machine or metal"
        )

    # It ends with 1 when it finds "none".
    probe = Probe(host=host.name, script="systemd-detect-virt --container; systemd-detect-virt --vm; exit 0\n")
    return CheckSpec(
        id="base.virtualisation",
        host=host.name,
        probes=(probe,),
        expected="metal or a full virtual machine",
        judge=judge,
    )


def _disk(host: Host, *, lab: bool) -> Iterator[CheckSpec]:
    # One probe for both, since the large write would slow the small ones.
    probe = Probe(host=host.name, script=script("disk"), interpreter="python3", turn=Turn.STRAIN, timeout_s=180.0)

    def judge_write(outputs: tuple[Output, ...]) -> Judgement:
        speed = _write_speed(outputs[0].stdout)
        if speed is None:
            return _unmeasured(outputs[0])
        reason = "" if speed >= SLOWEST_WRITE_MB_S else f"{speed:.0f} MB/s is below the bar"
        return _judged(round(speed), good=speed >= SLOWEST_WRITE_MB_S, reason=reason, lab=lab)

    def judge_commit(outputs: tuple[Output, ...]) -> Judgement:
        found = re.search(r"^commit (\S+) (\S+) (\d+)$", outputs[0].stdout, re.MULTILINE)
        if found is None:
            return _unmeasured(outputs[0])
        p50, p99 = float(found[1]), float(found[2])
        good = p99 <= SLOWEST_COMMIT_MS
        return _judged(p99, good=good, reason="" if good else f"p50 {p50} ms, p99 {p99} ms", lab=lab)

    yield CheckSpec(
        id="base.disk-write",
        host=host.name,
        probes=(probe,),
        expected=f"≥ {SLOWEST_WRITE_MB_S} MB/s (1 GiB of zeros, dsync)",
        judge=judge_write,
        unit="MB/s",
    )
    yield CheckSpec(
        id="base.commit-latency",
        host=host.name,
        probes=(probe,),
        expected=f"p99 ≤ {SLOWEST_COMMIT_MS} ms (4 KiB writes, fsync'd; p50 in the evidence)",
        judge=judge_commit,
        unit="ms",
    )


def _disk_size(host: Host, declared: int, *, lab: bool) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        words = outputs[0].stdout.split()
        if outputs[0].status != 0 or len(words) != 1 or not words[0].isdigit():
            return Judgement(verdict=Verdict.UNKNOWN, reason="df gave no size")
        found = int(words[0])
        good = found >= declared * FILE_SYSTEM_SHARE
        reason = (
            ""
            if good
            else f"{declared / GIB:.4g} GiB are declared, the file system of /var/lib has {found / GIB:.1f} GiB"
        )
        return _judged(round(found / GIB, 1), good=good, reason=reason, lab=lab)

    probe = Probe(host=host.name, script="df --block-size=1 --output=size /var/lib | tail --lines=1\n")
    return CheckSpec(
        id="base.disk-size",
        host=host.name,
        probes=(probe,),
        expected=f"≥ {declared * FILE_SYSTEM_SHARE / GIB:.1f} GiB ({declared / GIB:.4g} GiB declared)",
        judge=judge,
        unit="GiB",
    )


def _write_speed(stdout: str) -> float | None:
    """MB/s (10^6 octets) from dd's last line: its octets over its seconds, whatever unit it chose to print."""
    found = re.search(r"^(\d+) bytes.* copied, ([\d.e+-]+) s,", stdout, re.MULTILINE)
    return int(found[1]) / float(found[2]) / 1e6 if found else None


def _judged(measured: float, *, good: bool, reason: str, lab: bool) -> Judgement:
    if good:
        return Judgement(verdict=Verdict.PASS, measured=measured)
    if lab:
        return Judgement(verdict=Verdict.WAIVED, measured=measured, reason=f"{_SHARED_DISK}: {reason}")
    return Judgement(verdict=Verdict.FAIL, measured=measured, reason=reason)


def _unmeasured(output: Output) -> Judgement:
    if free := re.search(r"^space (\d+)$", output.stdout, re.MULTILINE):
        return Judgement(
            verdict=Verdict.FAIL,
            reason=f"only {int(free[1]) / (1 << 30):.1f} GiB are free on the database's disk: too few to measure it",
        )
    return Judgement(verdict=Verdict.UNKNOWN, reason="the disk was not measured to an end")
