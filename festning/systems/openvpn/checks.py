"""What is verified of the bridge: every tunnel and its round trip, what hubs say of them, and all certificates' lives.

Pure: probes and judgements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from festning.model.check import CheckSpec, Judgement, Output, Probe, Verdict
from festning.model.fortress import Fortress, Host
from festning.systems.openvpn import layout
from festning.systems.openvpn.facts import HubStatus, parse_status

NEAR_MS = 5
"""Between sites in Norway: the baseline's bar for the national exchange."""
FAR_MS = 250
"""Elsewhere: more than any two places on Earth need over good lines."""
PINGS = 5
LOST_AT_MOST = 1
LEAST_DAYS = 14
DAY_S = 86400


def checks(fortress: Fortress) -> tuple[CheckSpec, ...]:
    """Every check of the bridge."""
    return tuple(_checks(fortress))


def _checks(fortress: Fortress) -> Iterator[CheckSpec]:
    for host in fortress.hosts:
        for link in layout.links(fortress, host):
            yield _tunnel(link)
    for server in layout.all_servers(fortress):
        yield _hub(fortress, server)
    for host in fortress.hosts:
        yield _certificates(host)


def _tunnel(dialled: layout.Link) -> CheckSpec:
    host, hub = dialled.host, dialled.hub
    link, bridge = dialled.server.address, hub.bridge
    bar = NEAR_MS if host.site.country == hub.site.country == "NO" else FAR_MS
    # Both ends of the arithmetic: the tunnel itself, and the address that everything above it uses.
    script = "".join(
        f"ping -n -c {PINGS} -i 0.2 -W 1 {options}{address}\n"
        for options, address in ((f"-I {dialled.device} ", link), ("", bridge))
    )

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        through = {address: _round_trips(outputs[0].stdout, str(address)) for address in (link, bridge)}
        missing = [str(address) for address, times in through.items() if len(times) < PINGS - LOST_AT_MOST]
        if missing:
            return Judgement(verdict=Verdict.FAIL, reason=f"answers are missing from {' and '.join(missing)}")
        # The shortest: the bar is about distance and route, and the others also waited for busy processors.
        measured = min(through[bridge])
        if measured > bar:
            return Judgement(verdict=Verdict.FAIL, measured=measured, reason=f"slower than {bar} ms")
        return Judgement(verdict=Verdict.PASS, measured=measured)

    return CheckSpec(
        id=f"openvpn.tunnel.{hub.name}" + ("" if dialled.is_answered else f".{dialled.name}"),
        host=host.name,
        probes=(Probe(host=host.name, script=script, timeout_s=20.0),),
        expected=f"up, shortest of {PINGS} round trips ≤ {bar} ms",
        judge=judge,
        unit="ms",
    )


def _round_trips(stdout: str, address: str) -> list[float]:
    found = re.findall(rf"bytes from {re.escape(address)}: .*time=([\d.]+) ms", stdout)
    return [float(milliseconds) for milliseconds in found]


def _hub(fortress: Fortress, server: layout.Server) -> CheckSpec:
    declared = {client.name for client in server.clients}

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        if outputs[0].status != 0:
            return Judgement(verdict=Verdict.FAIL, reason="the hub has written no status: it does not run")
        status = parse_status(outputs[0].stdout)
        wrong = "; ".join(_wrong(status, declared, fortress.bridge.ciphers))
        how = "by the kernel (DCO)" if status.offloaded else "in user space"
        ciphers = ", ".join(sorted({tunnel.cipher for tunnel in status.tunnels}))
        measured = f"{len(status.tunnels)} of {len(declared)}, {ciphers or 'no cipher'}, {how}"
        return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=measured, reason=wrong)

    return CheckSpec(
        id=f"openvpn.{server.name}",
        host=server.hub.name,
        # The file is written each second: after that long, it is not from before the check.
        probes=(Probe(host=server.hub.name, script=f"sleep 1.2; cat {server.status}\n"),),
        expected=f"exactly the declared hosts connected, with {' or '.join(fortress.bridge.ciphers)}",
        judge=judge,
    )


def _wrong(status: HubStatus, declared: set[str], ciphers: tuple[str, ...]) -> Iterator[str]:
    connected = {tunnel.host for tunnel in status.tunnels}
    if declared - connected:
        yield f"not connected: {', '.join(sorted(declared - connected))}"
    if connected - declared:
        yield f"not declared: {', '.join(sorted(connected - declared))}"
    for tunnel in status.tunnels:
        if tunnel.cipher not in ciphers:
            yield f"{tunnel.host} has the cipher {tunnel.cipher or 'none'}"


def _certificates(host: Host) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        now = re.search(r"^now (\d+)$", outputs[0].stdout, re.MULTILINE)
        found = re.findall(r"^certificate (-?\d+) (-?\d+) (\S+) (.*)$", outputs[0].stdout, re.MULTILINE)
        if outputs[0].status != 0 or now is None:
            return Judgement(verdict=Verdict.UNKNOWN, reason="the certificates were not read to an end")
        if not any(path.startswith(layout.MATERIAL) for _, _, path, _ in found):
            return Judgement(verdict=Verdict.FAIL, reason=f"there is no certificate in {layout.MATERIAL}")
        time = int(now[1])
        early = [f"{path} is not valid yet" for begins, _, path, _ in found if int(begins) > time]
        late = [
            f"{path} ends in {(int(ends) - time) / DAY_S:.0f} days"
            for _, ends, path, _ in found
            if int(ends) - time < LEAST_DAYS * DAY_S
        ]
        unreadable = re.findall(r"^unreadable (\S+)$", outputs[0].stdout, re.MULTILINE)
        wrong = "; ".join([*early, *late, *(f"{path} cannot be read" for path in unreadable)])
        shortest = min((int(ends) - time) // DAY_S for _, ends, _, _ in found)
        return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=shortest, reason=wrong)

    return CheckSpec(
        id="openvpn.certificates",
        host=host.name,
        probes=(Probe(host=host.name, script=_certificates_script(), interpreter="python3", timeout_s=60.0),),
        expected=f"every certificate on the host valid already and for ≥ {LEAST_DAYS} days",
        judge=judge,
        unit="days",
    )


@cache
def _certificates_script() -> str:
    return files("festning.systems.openvpn.probes").joinpath("certificates.py").read_text(encoding="utf-8")
