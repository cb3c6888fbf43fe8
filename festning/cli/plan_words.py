"""The words of a plan: who changed what last, what is waited for, what it comes to. Pure; leaves how it is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from festning.model.catalog import Wave
from festning.model.plan import ABSENT, HostPlan, Kind, Last, Operation, Plan

WAVES = {
    Wave.GROUND: "base system, firewall and bridge",
    Wave.DATABASE: "data nodes",
    Wave.ARBITER: "arbitrators",
    Wave.SERVICES: "services and front doors",
    Wave.RELEASE: "release commands",
}
_COUNTED = (
    ("package", "packages", (Kind.INSTALL,)),
    ("account", "accounts", (Kind.ACCOUNT,)),
    ("file", "files", (Kind.WRITE, Kind.CHMOD, Kind.REMOVE, Kind.MKDIR)),
    ("step", "steps", (Kind.STEP,)),
    ("unit setting", "unit settings", (Kind.UNMASK, Kind.ENABLE, Kind.DISABLE)),
    ("start", "starts", (Kind.START,)),
    ("stop", "stops", (Kind.STOP,)),
    ("restart", "restarts", (Kind.RESTART,)),
    ("reload", "reloads", (Kind.RELOAD,)),
)


def moment(utc: str) -> str:
    """``2026-11-20T14:02:33Z`` as a person writes it."""
    return f"{utc[:10]} {utc[11:16]} UTC"


def drifted(operations: Sequence[Operation]) -> str:
    """What was changed of one target on a host, when and by whom, and who had applied it."""
    lasts = [operation.last or Last() for operation in operations]
    when = max(last.since for last in lasts)
    who = next((last.by for last in lasts if last.by), "")
    changed = ", ".join(dict.fromkeys(operation.why for operation in operations))
    told = "".join([f" ({moment(when)}" if when else "", f"{', ' if when else ' ('}by {who}" if who else ""])
    return f"{changed}{told}{')' if told else ''}{_applied(lasts[0])}"


def reason(operation: Operation) -> str:
    """Why an operation is in the plan. What is known of drift is told where all drift is."""
    if operation.drift:
        return f"drift: {operation.why}" if operation.kind is Kind.CHMOD else "drift"
    if operation.kind in (Kind.RESTART, Kind.RELOAD) and operation.why.startswith("/"):
        return f"because {operation.why}"
    if operation.kind is Kind.WRITE and operation.last is not None and operation.last.generation:
        last = operation.last
        return f"{operation.why} since {last.operator} applied it {moment(last.at)} (generation {last.generation})"
    if operation.kind is Kind.GATE:
        return ""
    return operation.why


def what(operation: Operation) -> str:
    """The target, with the version of a package and the length of a new file."""
    if operation.kind is Kind.INSTALL:
        return f"{operation.target} {operation.version or '(version not known)'}"
    if operation.kind is Kind.GATE:
        return f'until "{operation.target}"'
    if operation.kind is Kind.WRITE and operation.before == ABSENT and not operation.secret:
        lines = sum(line.startswith("+") and not line.startswith("+++") for line in (operation.diff or "").splitlines())
        return f"{operation.target} (new, {counted(lines, 'line', 'lines')})" if lines else f"{operation.target} (new)"
    return operation.target


def order_of(plan: Plan, wave: Wave) -> str:
    """Which hosts a wave is about, and in which order they go."""
    hosts = [host for host in plan.in_order() if host.in_wave(wave)]
    single = [host.host for host in hosts if wave.serial or host.drains_in(wave)]
    together = [host.host for host in hosts if host.host not in single]
    parts = [f"{', '.join(together)}{' at once' if len(together) > 1 else ''}"] if together else []
    return ", then ".join([*parts, *single])


def total(plan: Plan) -> str:
    """The plan in one line."""
    changing = [host for host in plan.hosts if host.changes]
    if not changing:
        return f"{plan.fortress}: no change" + (" on the hosts that answer" if plan.unreachable else "")
    drift = f", {plan.drift} of them drift" if plan.drift else ""
    changes = counted(plan.changes, "change", "changes")
    return f"{plan.fortress}: {changes} on {counted(len(changing), 'host', 'hosts')}{drift}: {_kinds(changing)}"


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def named(hosts: Sequence[str], everybody: int) -> str:
    """Hosts in few words."""
    return f"all {everybody} hosts" if len(hosts) == everybody > 2 else ", ".join(hosts)


def _applied(last: Last) -> str:
    if not last.generation:
        return ""
    return f"; last applied {moment(last.at)} by {last.operator} (generation {last.generation})"


def _kinds(hosts: Iterable[HostPlan]) -> str:
    seen = Counter(operation.kind for host in hosts for operation in host.operations)
    counts = [(sum(seen[kind] for kind in kinds), one, many) for one, many, kinds in _COUNTED]
    parts = [counted(number, one, many) for number, one, many in counts if number]
    if not seen[Kind.RESTART]:
        parts.append("no unit restarts")
    return ", ".join(parts)
