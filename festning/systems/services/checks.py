"""What is verified of the services, from outside: each of them, through each front door, as the public reaches it.

A service with a probe also writes one row through each door, and every data node must have it, read from the node's own
socket. One that says it honours a request's key is asked twice with the same, and there must still be one row. Pure:
probes and judgements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from festning.model.check import CLIENT, CheckSpec, Judgement, Output, Probe, Turn, Verdict
from festning.model.fortress import Fortress, Host, OrderProbe, Service
from festning.model.repeating import keyed


def checks(fortress: Fortress, authority: str, token: Callable[[], str]) -> tuple[CheckSpec, ...]:
    """Every check of the services.

    ``authority`` is the certificate (PEM) that the services' names are verified against; ``token`` gives a number that
    is new each time.
    """
    doors = (*fortress.cores, *fortress.edges)
    return tuple(_through(fortress, service, door, authority, token) for service in fortress.services for door in doors)


def _through(fortress: Fortress, service: Service, door: Host, authority: str, token: Callable[[], str]) -> CheckSpec:
    requests = [("GET", service.health, "")]
    rows: tuple[Probe, ...] = ()
    if service.probe is not None:
        number = token()
        asking = (service.probe.method, service.probe.path.replace("{token}", number))
        requests += [(*asking, keyed(number))] * 2 if service.idempotency_key else [(*asking, "")]
        rows = tuple(_row(service, service.probe, number, core) for core in fortress.cores)
    knock = {"host": service.host, "address": str(door.address), "authority": authority, "requests": requests}
    script = _knock().replace("KNOCK: dict[str, Any] = {}", f"KNOCK: dict[str, Any] = {knock!r}", 1)
    probe = Probe(host=CLIENT, script=script, interpreter="python3", turn=Turn.ACT, timeout_s=30)
    nodes = tuple(core.name for core in fortress.cores) if rows else ()
    return CheckSpec(
        id=f"services.{service.name}.through",
        host=door.name,
        probes=(probe, *rows),
        expected="2xx over TLS" + (f", and the row on {' and '.join(nodes)}" if nodes else ""),
        judge=_judge(service, nodes),
        unit="ms",
    )


def _row(service: Service, probe: OrderProbe, number: str, core: Host) -> Probe:
    # The wait is for what was committed before, not for a time: a node that lags answers late, not wrongly.
    script = f"""mariadb --skip-column-names --batch {service.schema} <<'SQL'
SET SESSION wsrep_sync_wait = 1;
{probe.row.replace("{token}", number)};
SQL
"""
    return Probe(host=core.name, script=script, turn=Turn.CONFIRM)


def _judge(service: Service, nodes: tuple[str, ...]) -> Callable[[tuple[Output, ...]], Judgement]:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        answer, rows = outputs[0], outputs[1:]
        if answer.status != 0:
            return Judgement(verdict=Verdict.UNKNOWN, reason="the requests did not come to their end")
        told = json.loads(answer.stdout)
        wrong = [*_wrong_answers(told, service), *_wrong_rows(rows, nodes)]
        measured = told["requests"][-1]["ms"] if told.get("requests") else None
        return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=measured, reason="; ".join(wrong))

    return judge


def _wrong_answers(told: dict[str, Any], service: Service) -> Iterator[str]:
    if "error" in told:
        yield told["error"]
        return
    for one in told["requests"]:
        if not 200 <= one["status"] < 300:
            yield f"{one['method']} {one['path']} was answered with {one['status']}"
    if told["redirect"] != f"https://{service.host}/":
        yield f"without TLS the answer is no redirect to https://{service.host}/, but {told['redirect']!r}"


def _wrong_rows(rows: tuple[Output, ...], nodes: tuple[str, ...]) -> Iterator[str]:
    for node, row in zip(nodes, rows, strict=True):
        found = row.stdout.strip()
        if row.status != 0 or found != "1":
            yield f"{node} has {found or 'no answer'} for the row, where 1 was expected"


@cache
def _knock() -> str:
    return files("festning.systems.services.probes").joinpath("knock.py").read_text(encoding="utf-8")
