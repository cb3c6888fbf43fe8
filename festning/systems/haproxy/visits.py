"""What is verified of the front doors from outside: that they turn away whom they should; and where TLS keys are.

Pure: probes and judgements. Leaves the services behind the doors to ``services``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from festning.model.check import CLIENT, CheckSpec, Judgement, Output, Probe, Turn, Verdict
from festning.model.fortress import Fortress, Host, Service
from festning.systems.haproxy.names import CERTIFICATES, certificate_path

UNLISTED_METHOD = "FESTNING"
EXPECTED = {"old_tls": "refused", "unknown_name": "refused", "agent": 403, "method": 405}
SPOKEN = {
    "old_tls": "a client with nothing newer than TLS 1.1",
    "unknown_name": "a name that is not served",
    "agent": "a denied User-Agent",
    "method": "an unlisted method",
}


def manners(fortress: Fortress) -> Iterator[CheckSpec]:
    """One check for each service through each door: whoever should be turned away is."""
    for service in fortress.services:
        for door in (*fortress.cores, *fortress.edges):
            yield _manners(fortress, service, door)


def keys(fortress: Fortress) -> Iterator[CheckSpec]:
    """One check for each host: it has the TLS keys of the services that it may decrypt, and no other."""
    for host in fortress.hosts:
        allowed = tuple(service for service in fortress.services if fortress.decrypts(host, service))
        yield CheckSpec(
            id="haproxy.tls-keys",
            host=host.name,
            probes=(Probe(host=host.name, script=f"[ ! -d {CERTIFICATES} ] || find {CERTIFICATES} -type f\n"),),
            expected=f"keys of: {', '.join(service.name for service in allowed) or 'no service'}",
            judge=_judge_keys(allowed),
            unit="keys",
        )


def _manners(fortress: Fortress, service: Service, door: Host) -> CheckSpec:
    visit = {
        "address": str(door.address),
        "host": service.host,
        "unknown_name": f"not-served.{fortress.domain}",
        "method": UNLISTED_METHOD,
        "agent": next(iter(fortress.front_door.deny_agents), ""),
    }
    script = _script().replace("VISIT: dict[str, Any] = {}", f"VISIT: dict[str, Any] = {visit!r}", 1)
    return CheckSpec(
        id=f"haproxy.{service.name}.turns-away",
        host=door.name,
        probes=(Probe(host=CLIENT, script=script, interpreter="python3", turn=Turn.LOOK, timeout_s=40),),
        expected="refused: TLS 1.1, unknown names, denied agents, unlisted methods",
        judge=_judge_manners,
    )


def _judge_manners(outputs: tuple[Output, ...]) -> Judgement:
    if outputs[0].status != 0:
        return Judgement(verdict=Verdict.UNKNOWN, reason="the visit did not come to its end")
    told: dict[str, Any] = json.loads(outputs[0].stdout)
    if "error" in told:
        return Judgement(verdict=Verdict.FAIL, reason=told["error"])
    wrong = [
        f"{SPOKEN[what]} got {happened}, where {EXPECTED[what]} was expected"
        for what, happened in told.items()
        if happened != EXPECTED[what]
    ]
    measured = f"{len(told) - len(wrong)} of {len(told)} turned away"
    return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=measured, reason="; ".join(wrong))


def _judge_keys(allowed: tuple[Service, ...]) -> Callable[[tuple[Output, ...]], Judgement]:
    expected = {certificate_path(service) for service in allowed}

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        if outputs[0].status != 0:
            return Judgement(verdict=Verdict.UNKNOWN, reason=outputs[0].stderr.strip() or "find failed")
        found = set(outputs[0].stdout.split())
        wrong = [
            *(f"{path} must not be here" for path in sorted(found - expected)),
            *(f"{path} is missing" for path in sorted(expected - found)),
        ]
        return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=len(found), reason="; ".join(wrong))

    return judge


@cache
def _script() -> str:
    return files("festning.systems.haproxy.probes").joinpath("manners.py").read_text(encoding="utf-8")
