"""How results look: as tables for people, as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from festning.cli.screen import Screen
from festning.engine.apply import ApplyResult, HostResult, Outcome
from festning.model.check import Check, Verdict
from festning.model.plan import HostPlan, Kind, Plan
from festning.workflows.raising import Raised
from festning.workflows.verifying import Verification


def planned(screen: Screen, plan: Plan) -> None:
    """A plan: each host's operations with their reasons and diffs."""
    if screen.as_json:
        screen.json(plan.document())
        return
    for host in plan.hosts:
        _host_plan(screen, host)
    changing = sum(1 for host in plan.hosts if host.changes)
    screen.line(
        f"{plan.fortress}: {plan.changes} changes on {changing} hosts"
        if plan.changes
        else f"{plan.fortress}: no change" + (" on the hosts that answer" if plan.unreachable else "")
    )


def _host_plan(screen: Screen, host: HostPlan) -> None:
    if not host.reachable:
        screen.line(f"{host.host}: could not be reached: {host.reason}", "yellow")
        if host.hint:
            screen.line(f"  hint: {host.hint}")
        return
    if not host.changes:
        return
    screen.line(host.host, "bold")
    for operation in host.operations:
        if operation.kind is Kind.GATE:
            continue
        screen.line(f"  {operation.wave.name.lower():9} {operation.kind.value:8} {operation.target}  ({operation.why})")
        for line in (operation.diff or "").splitlines():
            screen.line(f"      {line}", {"+": "green", "-": "red"}.get(line[:1]))


def applied(screen: Screen, plan: Plan, result: ApplyResult) -> None:
    """How an apply went, host by host; what failed, with what its program said."""
    if screen.as_json:
        screen.json({"fortress": plan.fortress, "complete": result.complete, "hosts": _results(result)})
        return
    if result.complete and not plan.changes:
        screen.line(f"{plan.fortress}: nothing to change")
        return
    rows = [(host.host, host.outcome.value, str(host.done), host.reason) for host in result.hosts]
    screen.table(f"{plan.fortress}: applied", ("host", "outcome", "done", "reason"), rows)
    for host in result.having(Outcome.FAILED, Outcome.UNREACHABLE):
        _failure(screen, host)
    if not result.complete:
        screen.line("some hosts are not as declared; the next apply goes on from here", "yellow")


def _failure(screen: Screen, host: HostResult) -> None:
    screen.line(f"{host.host}: {host.reason}", "red")
    for line in host.output.strip().splitlines()[-12:]:
        screen.line(f"  {line}")
    for line in host.back:
        screen.line(f"  {line}")
    if host.hint:
        screen.line(f"  hint: {host.hint}")


def _results(result: ApplyResult) -> list[dict[str, Any]]:
    return [
        {
            "host": host.host,
            "outcome": host.outcome.value,
            "done": host.done,
            "system": host.system,
            "reason": host.reason,
            "output": host.output,
            "back": list(host.back),
        }
        for host in result.hosts
    ]


def verified(screen: Screen, verification: Verification) -> None:
    """Every check with its verdict; those that are no pass with their reason."""
    if screen.as_json:
        screen.json(verification_document(verification))
        return
    rows = [
        (check.id, check.host, check.verdict.value, _measured(check), check.expected) for check in verification.checks
    ]
    screen.table(f"{verification.fortress}: verified", ("check", "host", "verdict", "measured", "expected"), rows)
    _reasons(screen, verification.checks)
    _verdict(screen, verification)


def verification_document(verification: Verification) -> dict[str, Any]:
    """The shape of ``verify --json``; stable."""
    return {
        "fortress": verification.fortress,
        "verdict": verification.verdict.value,
        "checks": [
            {
                "id": check.id,
                "host": check.host,
                "verdict": check.verdict.value,
                "measured": check.measured,
                "unit": check.unit,
                "expected": check.expected,
                "reason": check.reason,
                "evidence": [
                    {
                        "host": one.host,
                        "command": one.command,
                        "at": one.at,
                        "status": one.status,
                        "output": one.output,
                    }
                    for one in check.evidence
                ],
            }
            for check in verification.checks
        ],
    }


def raised(screen: Screen, raised: Raised, file: Path) -> None:
    """What ``up`` brought: the hosts, what was proven, and the addresses to open."""
    verification = raised.verification
    if screen.as_json:
        screen.json(
            {
                "fortress": raised.fortress.name,
                "changes": raised.plan.changes,
                "complete": raised.result.complete,
                "hosts": _results(raised.result),
                "verification": verification_document(verification) if verification else None,
                "doors": {door.host: door.port for door in raised.doors},
            }
        )
        return
    if verification is None:
        applied(screen, raised.plan, raised.result)
        return
    checks = verification.checks
    screen.table(
        f"{raised.fortress.name}: up",
        ("host", "role", "site", "country", "address", "bridge", "changes", "checks"),
        [
            (
                host.name,
                host.role.value,
                host.site.name,
                host.site.country,
                str(host.address),
                str(host.bridge),
                str(raised.plan.of(host.name).changes),
                _tally(check for check in checks if check.host == host.name),
            )
            for host in raised.fortress.hosts
        ],
    )
    _reasons(screen, checks)
    _verdict(screen, verification)
    if raised.doors:
        _doors(screen, raised, file)


def _doors(screen: Screen, raised: Raised, file: Path) -> None:
    screen.line("")
    screen.line("Open, through the front doors' ports on this machine:", "bold")
    names = [service.host for service in raised.fortress.services]
    for door in raised.doors:
        screen.line(f"  {door.host:8} " + "  ".join(f"https://{name}:{door.port}/" for name in names))
    port, name = raised.doors[0].port, names[0] if names else raised.fortress.domain
    screen.line("A browser needs the names:  127.0.0.1 " + " ".join(names) + "  in /etc/hosts. Without them:")
    screen.line(
        f"  festning --file {file} --lab pki ca > /tmp/{raised.fortress.name}-ca.pem\n"
        f"  curl --cacert /tmp/{raised.fortress.name}-ca.pem --resolve {name}:{port}:127.0.0.1 https://{name}:{port}/"
    )


def _tally(checks: Iterable[Check]) -> str:
    counts = Counter(check.verdict.value for check in checks)
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))


def _measured(check: Check) -> str:
    measured = check.measured
    if measured is None:
        return ""
    text = f"{measured:.3g}" if isinstance(measured, float) else str(measured)
    return f"{text} {check.unit}".rstrip()


def _reasons(screen: Screen, checks: Sequence[Check]) -> None:
    for check in checks:
        if check.verdict is not Verdict.PASS:
            style = "cyan" if check.verdict is Verdict.WAIVED else "red"
            screen.line(f"{check.verdict.value}: {check.id} on {check.host}: {_measured(check)} {check.reason}", style)


def _verdict(screen: Screen, verification: Verification) -> None:
    good = verification.verdict is Verdict.PASS
    screen.line(
        f"{verification.fortress}: {verification.verdict.value} ({_tally(verification.checks)})",
        "bold green" if good else "bold red",
    )
