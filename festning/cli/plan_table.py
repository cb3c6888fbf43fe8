"""How a plan looks: drift first, then what will be done in its order, then what was only seen, and what it comes to.

Changes that are the same on several hosts are shown once. Leaves the words to ``plan_words``.
"""

from __future__ import annotations

from collections.abc import Sequence

from festning.cli.plan_words import WAVES, drifted, named, order_of, reason, total, what
from festning.cli.screen import Screen
from festning.model.catalog import Wave
from festning.model.plan import ABSENT, HostPlan, Kind, Operation, Plan

SHOWN_LINES = 24
"""Of a file's difference, unless all of it is asked for; of a new file none, as it is all new."""
_STYLES = {
    Kind.REMOVE: "red",
    Kind.STOP: "red",
    Kind.DISABLE: "red",
    Kind.RESTART: "bold magenta",
    Kind.RELOAD: "magenta",
    Kind.GATE: "dim",
    Kind.DRAIN: "dim",
    Kind.RESUME: "dim",
}
_NAMES = {Kind.GATE: "wait"}
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def show(screen: Screen, plan: Plan, *, full: bool = False) -> None:
    """A plan for people, or as JSON. ``full`` shows every line of every difference."""
    if screen.as_json:
        screen.json(plan.document())
        return
    for host in plan.unreachable:
        _unreachable(screen, host)
    _drift(screen, plan)
    for wave in Wave:
        _wave(screen, plan, wave, full=full)
    _notes(screen, plan)
    screen.line(total(plan), "bold" if plan.changes else None)


def _unreachable(screen: Screen, host: HostPlan) -> None:
    screen.line(f"{host.host}: could not be reached: {host.reason}", "yellow")
    if host.hint:
        screen.line(f"  hint: {host.hint}")


def _drift(screen: Screen, plan: Plan) -> None:
    """What was changed on hosts, apart from what was declared."""
    changed: dict[tuple[str, str], list[Operation]] = {}
    for host, operation in plan.operations():
        if operation.drift:
            changed.setdefault((host, operation.target), []).append(operation)
    if not changed:
        return
    found: dict[tuple[str, str], list[str]] = {}
    for (host, target), operations in changed.items():
        found.setdefault((target, drifted(operations)), []).append(host)
    screen.line("Drift: changed on the hosts, and not by festning", "bold yellow")
    for (target, words), hosts in found.items():
        screen.indented(f"{named(hosts, len(plan.hosts))}: {target}", "yellow", by=2)
        screen.indented(words, by=6)
    screen.line("")


def _wave(screen: Screen, plan: Plan, wave: Wave, *, full: bool) -> None:
    blocks = _blocks(plan, wave)
    if not blocks:
        return
    screen.line(f"Wave {wave.value}, {WAVES[wave]}: {order_of(plan, wave)}", "bold underline")
    for block in blocks:
        same = " (the same)" if len(block) > 1 else ""
        system = next(iter(block.values()))[0].system
        screen.line(f"  {system} on {named([*block], len(plan.hosts))}{same}", "bold")
        for alike in zip(*block.values(), strict=True):
            _operation(screen, _common(alike), full=full)
    screen.line("")


def _blocks(plan: Plan, wave: Wave) -> list[dict[str, list[Operation]]]:
    """What is done for each system, by host; hosts on which the same is done together, systems in their order."""
    found: dict[str, dict[tuple[Operation, ...], dict[str, list[Operation]]]] = {}
    for host in plan.in_order():
        operations = host.in_wave(wave)
        for system in dict.fromkeys(operation.system for operation in operations):
            mine = [operation for operation in operations if operation.system == system]
            alike = tuple(operation.alike() for operation in mine)
            found.setdefault(system, {}).setdefault(alike, {})[host.host] = mine
    return [block for blocks in found.values() for block in blocks.values()]


def _common(alike: Sequence[Operation]) -> Operation:
    """One operation for all hosts; of its past only what they share."""
    pasts = {(one.last.operator, one.last.generation) if one.last else None for one in alike}
    return alike[0] if len(pasts) == 1 else alike[0].alike()


def _operation(screen: Screen, operation: Operation, *, full: bool) -> None:
    kind = _NAMES.get(operation.kind, operation.kind.value)
    why = reason(operation)
    screen.parts(
        (f"    {kind:8} {what(operation)}", _STYLES.get(operation.kind, "")),
        (f"  {why}" if why else "", "yellow" if operation.drift else "dim"),
    )
    for line in _shown(operation, full=full):
        screen.place(f"        {line.expandtabs(4)}", _DIFF_STYLES.get(line[:1]))


def _shown(operation: Operation, *, full: bool) -> list[str]:
    lines = (operation.diff or "").splitlines()
    if lines[:1] and lines[0].startswith("--- "):
        lines = [line.rstrip() for line in lines[2:]]  # The path is in the line above.
    if full:
        return lines
    if operation.before == ABSENT and operation.kind is Kind.WRITE and not operation.secret:
        return []
    if len(lines) <= SHOWN_LINES:
        return lines
    return [*lines[: SHOWN_LINES - 1], f"… {len(lines) - SHOWN_LINES + 1} more lines; --full shows all"]


def _notes(screen: Screen, plan: Plan) -> None:
    found: dict[str, list[str]] = {}
    for host in plan.hosts:
        for note in host.notes:
            found.setdefault(note, []).append(host.host)
    if not found:
        return
    screen.line("Seen, and left alone", "bold cyan")
    for note, hosts in found.items():
        screen.indented(f"{named(hosts, len(plan.hosts))}: {note}", by=2)
    screen.line("")
