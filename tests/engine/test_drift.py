"""What is drift and what a changed declaration, told apart by what festning last placed."""

from __future__ import annotations

import hashlib
from datetime import datetime

import pytest

from festning.engine.drift import name_drift
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File, HostCatalog, Item, Package, Reload, Step, SystemCatalog, Unit, Wave
from festning.model.facts import HostFacts, ManagedSystem, PathFact, PathKind, Placed, UnitFact
from festning.model.inquired import NOTHING, Inquired, Told
from festning.model.plan import HostPlan, Kind, Last, Operation

AT = "2026-11-20T14:02:00Z"
PLACED_AT = int(datetime.fromisoformat(AT).timestamp())
LATER = PLACED_AT + 36_000
LATER_TEXT = "2026-11-21T00:02:00Z"
BY_FESTNING = Last(at=AT, operator="kari@desk", generation=7)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def placed(content: str | None) -> Placed:
    return Placed(sha256=None if content is None else sha256(content), at=AT, operator="kari@desk", generation=7)


def file_fact(content: str, **differs: object) -> PathFact:
    fields = {"kind": PathKind.FILE, "mode": 0o644, "owner": "root", "group": "root", "sha256": sha256(content)}
    times = {"modified": LATER, "changed": LATER}
    return PathFact(**{**fields, **times, "content": content, **differs})  # type: ignore[arg-type]


def managed(units: tuple[str, ...] = (), **paths: str | None) -> tuple[ManagedSystem, ...]:
    entries = {f"/{name}": placed(content) for name, content in paths.items()}
    return (ManagedSystem(system="demo", wave=Wave.SERVICES, paths=tuple(entries), units=units, placed=entries),)


def named(facts: HostFacts, *items: Item, inquired: Inquired = NOTHING) -> HostPlan:
    system = SystemCatalog(system="demo", wave=Wave.SERVICES, items=items)
    sealed = SealedCatalog(HostCatalog("alpha", (system,)), str)
    return name_drift(plan_host(sealed, facts), facts, sealed.catalog, inquired)


def facts(**known: object) -> HostFacts:
    return HostFacts(host="alpha", **known)  # type: ignore[arg-type]


def only(plan: HostPlan, kind: Kind) -> Operation:
    (operation,) = [operation for operation in plan.operations if operation.kind is kind]
    return operation


@pytest.mark.parametrize(
    ("there", "declared", "drift", "why", "since"),
    [
        ("edited", "placed", True, "was edited", LATER_TEXT),
        (None, "placed", True, "was removed", ""),
        ("placed", "new", False, "the declaration changed", ""),
        ("edited", "new", True, "was edited, and the declaration changed as well", LATER_TEXT),
        (None, "new", True, "was removed, and the declaration changed as well", ""),
    ],
)
def test_a_file(there: str | None, declared: str, drift: bool, why: str, since: str):
    paths = {} if there is None else {"/a": file_fact(there)}
    found = only(named(facts(paths=paths, managed=managed(a="placed")), File(path="/a", content=declared)), Kind.WRITE)
    assert (found.drift, found.why) == (drift, why)
    assert found.last == Last(at=AT, operator="kari@desk", generation=7, since=since)


def test_nothing_is_called_drift_where_no_record_is():
    known = (ManagedSystem(system="demo", wave=Wave.SERVICES, paths=("/a",)),)
    found = only(named(facts(paths={"/a": file_fact("x")}, managed=known), File(path="/a", content="y")), Kind.WRITE)
    assert (found.drift, found.why, found.last) == (False, "content differs", None)


@pytest.mark.parametrize(("changed", "drift"), [(LATER, True), (PLACED_AT, False), (PLACED_AT + 1, False)])
def test_a_mode_is_drift_when_it_changed_after_festning_was_done(changed: int, drift: bool):
    fact = file_fact("x", mode=0o600, changed=changed)
    found = named(facts(paths={"/a": fact}, managed=managed(a="x")), File(path="/a", content="x"))
    assert only(found, Kind.CHMOD).drift is drift


def test_a_stranger_in_a_directory_of_festnings_is_drift_with_its_owner():
    stranger = file_fact("?", owner="kari")
    seen = facts(
        paths={"/d": PathFact(kind=PathKind.DIRECTORY, mode=0o755, owner="root", group="root"), "/d/s": stranger},
        foreign={"/d": ("/d/s",)},
        managed=managed(d=None),
    )
    found = only(named(seen, Directory(path="/d", purge=True)), Kind.REMOVE)
    assert found.drift
    assert found.last == Last(at=AT, operator="kari@desk", generation=7, since=LATER_TEXT, by="its owner kari")
    assert found.before == sha256("?")


def test_what_is_no_longer_declared_is_no_drift():
    seen = facts(paths={"/a": file_fact("x")}, managed=managed(("web.service",), a="x"))
    seen = facts(
        paths=seen.paths, managed=seen.managed, units={"web.service": UnitFact(load="loaded", active="active")}
    )
    assert [(one.kind, one.drift) for one in named(seen).operations] == [(Kind.STOP, False), (Kind.REMOVE, False)]


def stopped(since: int) -> UnitFact:
    return UnitFact(load="loaded", active="inactive", sub="dead", file_state="enabled", type="notify", since=since)


@pytest.mark.parametrize(
    ("ours", "since", "drift", "told"),
    [
        (("web.service",), LATER, True, LATER_TEXT),
        (("web.service",), 0, True, ""),
        ((), LATER, True, LATER_TEXT),
        ((), PLACED_AT - 9, False, ""),
        ((), 0, False, ""),
    ],
)
def test_a_stopped_unit(ours: tuple[str, ...], since: int, drift: bool, told: str):
    seen = facts(units={"web.service": stopped(since)}, managed=managed(ours, a="x"))
    found = only(named(seen, Unit(name="web.service")), Kind.START)
    assert (found.drift, found.last.since if found.last else "") == (drift, told)


def test_a_unit_that_its_conditions_keep_away_is_no_drift():
    kept = UnitFact(load="loaded", active="inactive", file_state="enabled", condition_failed=True, since=LATER)
    seen = facts(units={"clock.service": kept}, managed=managed(("clock.service",), a="x"))
    found = named(seen, File(path="/a", content="x"), Unit(name="clock.service"))
    assert not only(found, Kind.START).drift


def test_a_reaction_is_never_drift_itself():
    running = UnitFact(load="loaded", active="active", file_state="enabled")
    seen = facts(paths={"/a": file_fact("edited")}, units={"web.service": running}, managed=managed(a="x"))
    items = (File(path="/a", content="x", on_change=(Reload("web.service"),)), Unit(name="web.service"))
    assert not only(named(seen, *items), Kind.RELOAD).drift


def test_a_removed_package_is_drift_when_apts_history_knows_it():
    told = Inquired(
        versions={"web": "1.2", "new": "3"}, removed={"web": Told(at=LATER_TEXT, by="kari, apt remove web")}
    )
    found = named(facts(managed=managed(a="x")), Package("web"), Package("new"), inquired=told)
    new, web = found.operations
    assert (web.drift, web.version, web.last.by if web.last else "") == (True, "1.2", "kari, apt remove web")
    assert (new.drift, new.version) == (False, "3")


def test_a_package_that_was_once_removed_is_no_drift_on_a_host_that_is_new():
    told = Inquired(removed={"web": Told(at=LATER_TEXT)})
    assert not only(named(facts(), Package("web"), inquired=told), Kind.INSTALL).drift


@pytest.mark.parametrize(("tells", "declared", "drift"), [(True, "x", True), (False, "x", False), (True, "y", False)])
def test_a_step_is_drift_when_it_can_tell_and_nothing_is_declared_anew(tells: bool, declared: str, drift: bool):
    step = Step(name="rules", check="false", do="true", tells=tells)
    seen = facts(paths={"/a": file_fact("x")}, managed=managed(a="x"), said={"rules": "-a\n"})
    assert only(named(seen, File(path="/a", content=declared), step), Kind.STEP).drift is drift


def test_who_named_a_file_to_sudo_is_told():
    told = Inquired(touched={"/a": Told(at="2026-11-20T23:59:59Z", by="kari, by sudo")})
    seen = facts(paths={"/a": file_fact("edited")}, managed=managed(a="x"))
    found = only(named(seen, File(path="/a", content="x"), inquired=told), Kind.WRITE)
    assert found.last == Last(at=AT, operator="kari@desk", generation=7, since=LATER_TEXT, by="kari, by sudo")
