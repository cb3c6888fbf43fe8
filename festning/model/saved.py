"""A plan as a file: made once, read by people, and applied exactly so or not at all.

Knows the file's shape and refuses what is not one, is not whole, or is of another version. Holds no secret: digests say
what secrets were. Its own digest finds what was changed by accident; what was changed on purpose changes nothing, since
an apply carries out its own plan and only compares. Leaves the comparison's facts to the workflow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from festning.errors import FestningError, UsageError
from festning.model.catalog import Wave
from festning.model.plan import HostPlan, Kind, Last, Operation, Plan

FORMAT = "festning plan"
VERSION = 1


class OutdatedPlanError(FestningError):
    """A saved plan that is not what an apply would do now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan with what it was made from.

    ``made_at`` (ISO 8601, UTC), ``made_by`` and ``made_with`` (festning's version) are for the reader. ``declared`` and
    ``aimed`` map hosts to the digest of their catalog: as declared, and as this plan would apply it, which differs when
    the database is to be started in a special way. ``lab`` is whether it is for the lab.
    """

    plan: Plan
    made_at: str
    made_by: str
    made_with: str
    lab: bool
    declared: Mapping[str, str]
    aimed: Mapping[str, str]

    def text(self) -> str:
        """The file."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "fortress": self.plan.fortress,
            "made": {"at": self.made_at, "by": self.made_by, "with": self.made_with},
            "lab": self.lab,
            "declared": dict(self.declared),
            "aimed": dict(self.aimed),
            "plan": self.plan.document(),
        }
        return json.dumps({**document, "digest": _digest(document)}, indent=1, ensure_ascii=False) + "\n"


def read_saved(text: str, name: str) -> SavedPlan:
    """The plan in a file's text; ``name`` is the file's. Raises :class:`UsageError` when it is none of this version."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{name} is not a plan", hint="festning plan --out FILE makes one")
    if document.get("version") != VERSION:
        raise UsageError(
            f"{name} is a plan of version {document.get('version')}, and this festning reads version {VERSION}",
            hint="make it again with the festning that will apply it",
        )
    if document.pop("digest", "") != _digest(document):
        raise UsageError(f"{name} was changed since it was made, or is not whole", hint="make it again")
    try:
        made = document["made"]
        return SavedPlan(
            plan=plan_from(document["plan"]),
            made_at=made["at"],
            made_by=made["by"],
            made_with=made["with"],
            lab=document["lab"],
            declared=document["declared"],
            aimed=document["aimed"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{name} is not a plan that festning made: {error!r}", hint="make it again") from error


def plan_from(document: Mapping[str, Any]) -> Plan:
    """The plan of :meth:`Plan.document`. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
    hosts = tuple(_host(host) for host in document["hosts"])
    return Plan(fortress=document["fortress"], hosts=hosts, order=tuple(document["order"]))


def differences(saved: Plan, now: Plan) -> Iterator[str]:
    """What a host has, or would have done to it, that the saved plan did not see; one line each."""
    for before in saved.hosts:
        after = now.of(before.host)
        if before.reachable != after.reachable:
            yield f"{before.host} " + ("cannot be reached now" if before.reachable else "can be reached now")
        elif before.generation != after.generation:
            yield f"{before.host} is at generation {after.generation}, and was at {before.generation}"
        else:
            yield from (f"{before.host}: {line}" for line in _moved(before, after))


def _moved(before: HostPlan, after: HostPlan) -> Iterator[str]:
    then = {(one.kind, one.target): one for one in before.operations}
    now = {(one.kind, one.target): one for one in after.operations}
    for kind, target in {**then, **now}:
        if (kind, target) not in now:
            yield f"{kind.value} {target} is no longer needed"
        elif (kind, target) not in then:
            yield f"{kind.value} {target} is needed now"
        elif _essence(then[kind, target]) != _essence(now[kind, target]):
            yield f"{target} is not what it was{_states(then[kind, target], now[kind, target])}"
    if then.keys() == now.keys() and list(then) != list(now):
        yield "the order is another"


def _states(before: Operation, after: Operation) -> str:
    if before.seen == after.seen or before.seen is None or after.seen is None:
        return ""
    old, new = (" ".join(word[:12] for word in state.split()) for state in (before.seen, after.seen))
    return f": {new}, and was {old}"


def _essence(operation: Operation) -> tuple[object, ...]:
    """What must be the same; who changed what last, and which version a mirror has, is only for the reader."""
    told = operation.diff if operation.kind is Kind.STEP else None
    return (operation.wave, operation.system, operation.before, operation.after, operation.seen, told)


def _host(document: Mapping[str, Any]) -> HostPlan:
    return HostPlan(
        host=document["host"],
        reachable=document["reachable"],
        reason=document["reason"],
        hint=document["hint"],
        generation=document["generation"],
        notes=tuple(document["notes"]),
        operations=tuple(_operation(operation) for operation in document["operations"]),
    )


def _operation(document: Mapping[str, Any]) -> Operation:
    known = {field.name: document[field.name] for field in fields(Operation)}
    last = document["last"]
    special = {
        "wave": Wave[document["wave"].upper()],
        "kind": Kind(document["kind"]),
        "last": None if last is None else Last(**last),
    }
    return Operation(**{**known, **special})


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
