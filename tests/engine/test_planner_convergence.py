"""Whatever the catalog and whatever the host: after its plan, nothing is left to do."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import (
    Account,
    Directory,
    File,
    Gate,
    HostCatalog,
    Item,
    Package,
    Reload,
    Restart,
    Step,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.facts import NO_UNIT, HostFacts, Interrupted, ManagedSystem, PathFact, PathKind, UnitFact
from festning.model.plan import HostPlan, Kind, Operation
from festning.model.reference import secret

UNITS = ("a.service", "b.service", "c@x.service", "d.timer")
PATHS = ("/etc/a", "/etc/b", "/etc/d/a", "/etc/d/b", "/srv/x")
STRAY = "/etc/d/stray"
DIRECTORIES = ("/etc/d", "/srv/y")
ACCOUNTS = ("svc-a", "svc-b")

modes = st.sampled_from((0o600, 0o644, 0o755))
contents = st.sampled_from(("", "one\n", "two", secret("pw"), b"\xff\0"))
reactions = st.lists(
    st.builds(lambda kind, unit: kind(unit), st.sampled_from((Reload, Restart)), st.sampled_from(UNITS))
)
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(Package, st.sampled_from(("p", "q"))),
    st.builds(Account, st.sampled_from(ACCOUNTS)),
    st.builds(Directory, path=st.sampled_from(DIRECTORIES), mode=modes, purge=st.booleans()),
    st.builds(File, path=st.sampled_from(PATHS), content=contents, mode=modes, on_change=reactions.map(tuple)),
    st.builds(Unit, name=st.sampled_from(UNITS), enabled=st.booleans(), running=st.booleans()),
    st.builds(Step, name=st.sampled_from(("s", "t")), check=st.just("false"), do=st.just("true")),
    st.builds(Gate, name=st.sampled_from(("g", "h")), check=st.just("true")),
)
units = st.builds(
    UnitFact,
    load=st.sampled_from(("loaded", "not-found")),
    active=st.sampled_from(("active", "inactive", "failed", "activating")),
    sub=st.sampled_from(("", "auto-restart")),
    file_state=st.sampled_from(("enabled", "disabled", "masked", "static", "")),
    type=st.sampled_from(("oneshot", "notify")),
    ran=st.booleans(),
    condition_failed=st.booleans(),
    needs_daemon_reload=st.booleans(),
)
paths = st.builds(
    PathFact,
    kind=st.sampled_from((PathKind.FILE, PathKind.SYMLINK)),
    mode=modes,
    owner=st.sampled_from(("root", "bob")),
    group=st.just("root"),
    sha256=st.just(hashlib.sha256(b"one\n").hexdigest()),
    content=st.just("one\n"),
)
managed = st.builds(
    ManagedSystem,
    system=st.sampled_from(("first", "second", "gone")),
    wave=st.sampled_from(Wave),
    paths=st.lists(st.sampled_from((*PATHS, STRAY)), unique=True).map(tuple),
    units=st.lists(st.sampled_from(UNITS), unique=True).map(tuple),
)
hosts = st.builds(
    HostFacts,
    host=st.just("alpha"),
    paths=st.dictionaries(st.sampled_from((*PATHS, STRAY)), paths),
    units=st.dictionaries(st.sampled_from(UNITS), units),
    packages=st.dictionaries(st.sampled_from(("p", "q")), st.just("1")),
    accounts=st.frozensets(st.sampled_from(ACCOUNTS)),
    foreign=st.dictionaries(st.sampled_from(DIRECTORIES), st.just((STRAY,))),
    steps=st.dictionaries(st.sampled_from(("s", "t")), st.booleans()),
    managed=st.lists(managed, unique_by=lambda one: one.system).map(tuple),
    interrupted=st.lists(
        st.builds(
            Interrupted,
            system=st.sampled_from(("first", "second")),
            restart=st.just((UNITS[0],)),
            temporaries=st.sampled_from(((), ("/etc/.x.festning-new",), ("/etc/d/stray",))),
        ),
        unique_by=lambda one: one.system,
    ).map(tuple),
)


@st.composite
def catalogs(draw: st.DrawFn) -> HostCatalog:
    chosen = draw(st.lists(items, unique_by=lambda item: item.key))
    at = draw(st.integers(0, len(chosen)))
    waves = draw(st.tuples(st.sampled_from(Wave), st.sampled_from(Wave)))
    parts = (("first", waves[0], chosen[:at]), ("second", waves[1], chosen[at:]))
    return HostCatalog(
        "alpha", tuple(SystemCatalog(system=name, wave=wave, items=tuple(mine)) for name, wave, mine in parts)
    )


class Host:
    """What operations do to facts."""

    def __init__(self, facts: HostFacts, sealed: SealedCatalog) -> None:
        self.facts = facts
        self.sealed = sealed
        self.items = {item.key: item for _, item in sealed.catalog.items()}
        self.paths, self.units = dict(facts.paths), dict(facts.units)
        self.packages, self.steps = dict(facts.packages), dict(facts.steps)
        self.accounts = set(facts.accounts)
        self.removed: set[str] = set()

    def carry_out(self, plan: HostPlan) -> HostFacts:
        for operation in plan.operations:
            self.do(operation)
        touched = {operation.system for operation in plan.operations}
        declared = {system.system for system in self.sealed.catalog.systems}
        return replace(
            self.facts,
            paths=self.paths,
            units=self.units,
            packages=self.packages,
            accounts=frozenset(self.accounts),
            steps=self.steps,
            foreign={
                folder: tuple(path for path in stray if path not in self.removed)
                for folder, stray in self.facts.foreign.items()
            },
            managed=tuple(
                self.still_managed(one) if one.system in touched else one
                for one in self.facts.managed
                if one.system not in touched or one.system in declared
            ),
            interrupted=() if touched else self.facts.interrupted,
        )

    def still_managed(self, one: ManagedSystem) -> ManagedSystem:
        units = tuple(unit for unit in one.units if f"unit:{unit}" in self.items)
        return replace(one, units=units, paths=tuple(path for path in one.paths if f"path:{path}" in self.items))

    def do(self, operation: Operation) -> None:
        target = operation.target
        match operation.kind:
            case Kind.INSTALL:
                self.packages[target] = "1"
            case Kind.ACCOUNT:
                self.accounts.add(target)
            case Kind.MKDIR | Kind.WRITE | Kind.CHMOD:
                self.paths[target] = self.placed(target)
            case Kind.REMOVE:
                self.removed.add(target)
                self.paths.pop(target, None)
            case Kind.STEP:
                self.steps[target] = True
            case Kind.GATE:
                pass
            case _:
                self.unit(operation.kind, target)

    def placed(self, path: str) -> PathFact:
        item = self.items[f"path:{path}"]
        assert isinstance(item, File | Directory)
        fact = PathFact(kind=PathKind.DIRECTORY, mode=item.mode, owner=item.owner, group=item.group)
        if isinstance(item, Directory):
            return fact
        return replace(fact, kind=PathKind.FILE, sha256=self.sealed.digest(path))

    def unit(self, kind: Kind, name: str) -> None:
        if name == "systemd":
            self.units = {unit: replace(fact, needs_daemon_reload=False) for unit, fact in self.units.items()}
            return
        fact = replace(self.units.get(name, NO_UNIT), load="loaded")
        changes = {
            Kind.UNMASK: {"file_state": "disabled"},
            Kind.ENABLE: {"file_state": "enabled"},
            Kind.DISABLE: {"file_state": "disabled"},
            Kind.STOP: {"active": "inactive", "condition_failed": False},
        }
        up = {"active": "active", "sub": "running"}
        self.units[name] = replace(fact, **changes.get(kind, up))


@settings(max_examples=60, deadline=None)
@given(catalogs(), hosts)
def test_a_plan_carried_out_leaves_nothing_to_plan(catalog: HostCatalog, facts: HostFacts):
    sealed = SealedCatalog(catalog, lambda name: f"secret {name}")
    first = plan_host(sealed, facts)
    after = Host(facts, sealed).carry_out(first)
    # Changed unit files are read as a side effect of a change, and not before the next look.
    after = replace(after, units={name: replace(fact, needs_daemon_reload=False) for name, fact in after.units.items()})
    assert plan_host(sealed, after).changes == 0


@settings(max_examples=60, deadline=None)
@given(catalogs(), hosts)
def test_a_plan_names_everything_once_and_keeps_the_order_of_waves(catalog: HostCatalog, facts: HostFacts):
    found = plan_host(SealedCatalog(catalog, lambda name: f"secret {name}"), facts)
    waves = [operation.wave for operation in found.operations]
    assert waves == sorted(waves)
    paths = [one.target for one in found.operations if one.kind in (Kind.MKDIR, Kind.WRITE, Kind.CHMOD, Kind.REMOVE)]
    assert len(paths) == len(set(paths))
    assert "secret pw" not in repr(found)


@settings(max_examples=60, deadline=None)
@given(catalogs())
def test_a_catalog_that_is_fully_there_needs_nothing(catalog: HostCatalog):
    sealed = SealedCatalog(catalog, lambda name: f"secret {name}")
    empty = HostFacts(host="alpha")
    after = Host(empty, sealed).carry_out(plan_host(sealed, empty))
    assert plan_host(sealed, after).changes == 0
