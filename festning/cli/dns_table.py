"""How names and their records look: what the public will be told, what was seen of the front doors, what changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from festning.cli.screen import Screen
from festning.dns.changes import Act, Change
from festning.dns.records import RecordSet
from festning.dns.standing import Look
from festning.dns.wanted import Answer
from festning.workflows.naming import Naming
from festning.workflows.repointing import Done, Planned

_STYLES = {Act.CREATE: "green", Act.UPDATE: "magenta", Act.DELETE: "red"}
_WORDS = {Act.CREATE: "+", Act.UPDATE: "~", Act.DELETE: "-"}


def document(naming: Naming) -> dict[str, Any]:
    """The shape of ``dns --json``; stable. ``names`` outside the zone have no records here."""
    return {
        "fortress": naming.fortress.name,
        "zone": naming.fortress.zone,
        "names": [_answer(answer) for answer in naming.answers],
        "records": [_record(one) for one in naming.sets],
    }


def show_plan(screen: Screen, planned: Planned) -> None:
    """What was seen of the front doors, and what will change."""
    rows = [(service, door, " ".join(look.value for look in looks)) for (service, door), looks in planned.seen.items()]
    troubled = [row for row in rows if set(row[2].split()) != {Look.WELL.value}]
    if troubled:
        screen.table("Front doors that were not always well", ("service", "front door", "looks"), troubled)
    for name in planned.plan.names:
        if name.note:
            screen.place(f"{name.name}: {name.note}", "yellow" if name.trouble else "cyan")
        for change in name.changes:
            screen.place(f"{_WORDS[change.act]} {_change(change)}", _STYLES[change.act])
    count = len(planned.plan.changes)
    screen.line(f"{planned.plan.zone}: {count or 'no'} change{'' if count == 1 else 's'}", "bold" if count else None)


def show_done(screen: Screen, done: Sequence[Done]) -> None:
    """What failed, and what it came to."""
    failed = [one for one in done if one.error]
    for one in failed:
        screen.place(f"failed: {_change(one.change)}: {one.error}", "red")
    screen.line(f"{len(done) - len(failed)} of {len(done)} changes made", "bold red" if failed else "green")


def applied_document(planned: Planned, done: Sequence[Done] | None) -> dict[str, Any]:
    """The shape of ``dns apply --json``; stable. ``done`` and ``error`` are null where nothing was tried."""
    made = {id(one.change): one for one in done or ()}
    return {
        "fortress": planned.fortress.name,
        "zone": planned.plan.zone,
        "seen": [
            {"service": service, "host": door, "looks": [look.value for look in looks]}
            for (service, door), looks in planned.seen.items()
        ],
        "names": [
            {
                "name": name.name,
                "note": name.note,
                "trouble": name.trouble,
                "changes": [_change_document(change, made.get(id(change))) for change in name.changes],
            }
            for name in planned.plan.names
        ],
    }


def _change_document(change: Change, done: Done | None) -> dict[str, Any]:
    return {
        "act": change.act.value,
        "before": None if change.before is None else _record(change.before),
        "after": None if change.after is None else _record(change.after),
        "done": None if done is None else not done.error,
        "error": (done.error or None) if done is not None else None,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "name": answer.name,
        "service": answer.service.name,
        "inside": answer.inside,
        "hosts": [door.name for door in answer.doors],
        "addresses": [str(address) for door in answer.doors for address in door.addresses],
    }


def _record(one: RecordSet) -> dict[str, Any]:
    return {"name": one.name, "type": one.type.value, "ttl": one.ttl, "values": list(one.values)}


def _change(change: Change) -> str:
    one = change.subject
    values = " ".join(one.values)
    if change.before is not None and change.after is not None:
        values = f"{' '.join(change.before.values)} → {values}"
        if change.before.ttl != change.after.ttl:
            values += f" (TTL {change.before.ttl} → {change.after.ttl})"
    return f"{one.name} {one.type.value} {values}"
