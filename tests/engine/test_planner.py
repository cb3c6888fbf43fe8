"""The planner, case by case: from a catalog and facts to operations."""

from __future__ import annotations

import hashlib

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
from festning.model.facts import HostFacts, Interrupted, ManagedSystem, PathFact, PathKind, UnitFact, Unreachable
from festning.model.plan import ABSENT, HostPlan, Kind
from festning.model.reference import secret

ACTIVE = UnitFact(load="loaded", active="active", sub="running", file_state="enabled", type="notify")
INACTIVE = UnitFact(load="loaded", active="inactive", sub="dead", file_state="disabled", type="notify")


def plan(facts: HostFacts, *items: Item, wave: Wave = Wave.SERVICES) -> HostPlan:
    system = SystemCatalog(system="demo", wave=wave, items=items)
    return plan_host(SealedCatalog(HostCatalog("alpha", (system,)), lambda name: f"<{name}>"), facts)


def steps(found: HostPlan) -> list[tuple[str, str]]:
    return [(operation.kind.value, operation.target) for operation in found.operations]


def facts(**known: object) -> HostFacts:
    return HostFacts(host="alpha", **known)  # type: ignore[arg-type]


def file_fact(content: str, **differs: object) -> PathFact:
    fields = {"kind": PathKind.FILE, "mode": 0o644, "owner": "root", "group": "root", "content": content}
    fields["sha256"] = hashlib.sha256(content.encode()).hexdigest()
    return PathFact(**{**fields, **differs})  # type: ignore[arg-type]


def test_an_empty_host_gets_everything_in_order():
    items = (
        Unit(name="web.service"),
        Step(name="seed", check="false", do="true"),
        Gate(name="answers", check="true"),
        File(path="/etc/web.conf", content="port 80\n", on_change=(Restart("web.service"),)),
        Directory(path="/srv/web"),
        Account("web"),
        Package("webd"),
    )
    found = plan(facts(), *items)
    assert steps(found) == [
        ("install", "webd"),
        ("account", "web"),
        ("write", "/etc/web.conf"),
        ("mkdir", "/srv/web"),
        ("enable", "web.service"),
        ("start", "web.service"),
        ("step", "seed"),
        ("gate", "answers"),
    ]
    assert found.operations[0].wave is Wave.GROUND
    assert found.changes == 7


def test_packages_of_all_waves_are_installed_first():
    late = SystemCatalog(system="late", wave=Wave.RELEASE, items=(Package("b"), Package("a")))
    early = SystemCatalog(system="early", wave=Wave.GROUND, items=(File(path="/x", content=""),))
    sealed = SealedCatalog(HostCatalog("alpha", (early, late)), str)
    found = plan_host(sealed, facts(packages={"b": "1"}))
    assert [(one.kind, one.target, one.system, one.wave) for one in found.operations[:1]] == [
        (Kind.INSTALL, "a", "late", Wave.GROUND)
    ]


def test_nothing_to_do_where_everything_is_as_declared():
    present = facts(
        paths={"/etc/web.conf": file_fact("port 80\n")},
        units={"web.service": ACTIVE},
        packages={"webd": "1.0"},
        accounts=frozenset({"web"}),
        steps={"seed": True},
    )
    items = (
        Package("webd"),
        Account("web"),
        File(path="/etc/web.conf", content="port 80\n", on_change=(Reload("web.service"),)),
        Unit(name="web.service"),
        Step(name="seed", check="true", do="true"),
        Gate(name="answers", check="true"),
    )
    assert plan(present, *items).operations == ()


def test_a_changed_file_shows_its_difference_and_is_followed_by_reaction_and_gate():
    present = facts(paths={"/etc/web.conf": file_fact("port 80\n")}, units={"web.service": ACTIVE})
    items = (
        File(path="/etc/web.conf", content="port 81\n", on_change=(Reload("web.service"), Reload("web.service"))),
        Unit(name="web.service"),
        Gate(name="answers", check="true"),
    )
    found = plan(present, *items)
    assert steps(found) == [("write", "/etc/web.conf"), ("reload", "web.service"), ("gate", "answers")]
    write = found.operations[0]
    assert write.diff is not None
    assert "-port 80\n+port 81\n" in write.diff
    assert write.before == hashlib.sha256(b"port 80\n").hexdigest()
    assert write.after == hashlib.sha256(b"port 81\n").hexdigest()


def test_a_restart_swallows_a_reload_of_the_same_unit():
    present = facts(units={"web.service": ACTIVE})
    items = (
        File(path="/a", content="1", on_change=(Reload("web.service"),)),
        File(path="/b", content="2", on_change=(Restart("web.service"),)),
        Unit(name="web.service"),
    )
    assert steps(plan(present, *items)) == [("write", "/a"), ("write", "/b"), ("restart", "web.service")]


def test_a_unit_that_is_meant_to_be_off_does_not_react():
    present = facts(units={"web.service": INACTIVE})
    items = (
        File(path="/a", content="1", on_change=(Restart("web.service"),)),
        Unit(name="web.service", enabled=False, running=False),
    )
    assert steps(plan(present, *items)) == [("write", "/a")]


def test_a_unit_that_a_later_system_starts_is_not_restarted_before():
    first = SystemCatalog(
        system="first", wave=Wave.GROUND, items=(File(path="/a", content="1", on_change=(Reload("web.service"),)),)
    )
    second = SystemCatalog(system="second", wave=Wave.SERVICES, items=(Unit(name="web.service"),))
    sealed = SealedCatalog(HostCatalog("alpha", (first, second)), str)
    found = plan_host(sealed, facts(units={"web.service": INACTIVE}))
    assert steps(found) == [("write", "/a"), ("enable", "web.service"), ("start", "web.service")]


def test_a_secret_file_shows_digests_and_nothing_else():
    present = facts(paths={"/etc/key": file_fact("old-password", mode=0o600)})
    found = plan(present, File(path="/etc/key", content=secret("pw"), mode=0o600))
    (write,) = found.operations
    assert write.secret
    assert write.diff is not None
    assert write.diff.startswith("sha256:")
    assert "old-password" not in repr(found)
    assert "<pw>" not in repr(found)


def test_attributes_alone_are_a_chmod_that_reacts_too():
    present = facts(paths={"/a": file_fact("1", mode=0o600, owner="bob")}, units={"web.service": ACTIVE})
    found = plan(present, File(path="/a", content="1", on_change=(Reload("web.service"),)), Unit(name="web.service"))
    assert steps(found) == [("chmod", "/a"), ("reload", "web.service")]
    assert found.operations[0].why == "mode 0600 → 0644, owner bob:root → root:root"


def test_a_binary_file_has_no_text_difference():
    found = plan(facts(), File(path="/a", content=b"\0\1\2"))
    assert found.operations[0].diff == "(binary)"
    assert found.operations[0].before == ABSENT


def test_what_is_foreign_in_a_purged_directory_goes_and_its_neighbours_react():
    present = facts(
        paths={
            "/etc/web": PathFact(kind=PathKind.DIRECTORY, mode=0o755, owner="root", group="root"),
            "/etc/web/a": file_fact("1"),
        },
        foreign={"/etc/web": ("/etc/web/stray",)},
        units={"web.service": ACTIVE},
    )
    found = plan(
        present,
        Directory(path="/etc/web", purge=True),
        File(path="/etc/web/a", content="1", on_change=(Reload("web.service"),)),
        Unit(name="web.service"),
    )
    assert steps(found) == [("remove", "/etc/web/stray"), ("reload", "web.service")]


def test_what_left_a_purged_directory_is_removed_once():
    folder = PathFact(kind=PathKind.DIRECTORY, mode=0o755, owner="root", group="root")
    present = facts(
        paths={"/etc/web": folder, "/etc/web/a": file_fact("1")},
        foreign={"/etc/web": ("/etc/web/a",)},
        managed=(ManagedSystem(system="demo", wave=Wave.SERVICES, paths=("/etc/web", "/etc/web/a")),),
    )
    found = plan(present, Directory(path="/etc/web", purge=True))
    assert [(one.target, one.why) for one in found.operations] == [("/etc/web/a", "is no longer declared")]


def test_what_left_the_catalog_is_stopped_disabled_and_removed_in_reverse():
    present = facts(
        paths={"/a": file_fact("1"), "/b": file_fact("2")},
        units={"old.service": ACTIVE},
        managed=(ManagedSystem(system="gone", wave=Wave.SERVICES, paths=("/a", "/b", "/c"), units=("old.service",)),),
    )
    found = plan(present)
    assert steps(found) == [
        ("stop", "old.service"),
        ("disable", "old.service"),
        ("remove", "/b"),
        ("remove", "/a"),
    ]
    assert {operation.system for operation in found.operations} == {"gone"}


def test_what_was_a_retired_units_own_restarts_nothing_that_stands_beside_it():
    """A second instance of a template goes, and the first one goes on."""
    kept, gone = "vpn@hub.service", "vpn@hub-b.service"
    stays = file_fact("one\n")
    known = facts(
        managed=(
            ManagedSystem(
                system="demo",
                wave=Wave.SERVICES,
                paths=(
                    "/etc/vpn/hub.conf",
                    "/etc/vpn/hub-b.conf",
                    "/etc/vpn/hub-b-clients/edge2",
                    f"/etc/systemd/system/{gone}.d/own.conf",
                ),
                units=(kept, gone),
            ),
        ),
        units={kept: ACTIVE, gone: ACTIVE},
        paths={
            "/etc/vpn/hub.conf": stays,
            "/etc/vpn/hub-b.conf": stays,
            "/etc/vpn/hub-b-clients/edge2": stays,
            f"/etc/systemd/system/{gone}.d/own.conf": stays,
        },
    )
    config = File(path="/etc/vpn/hub.conf", content="one\n", on_change=(Restart(kept),))
    found = steps(plan(known, config, Unit(name=kept)))
    assert ("stop", gone) in found
    assert [target for kind, target in found if kind == "remove"] != []
    assert not [step for step in found if step[0] == "restart"]


def test_a_file_that_goes_without_its_unit_still_asks_its_neighbours():
    known = facts(
        managed=(ManagedSystem(system="demo", wave=Wave.SERVICES, paths=("/etc/vpn/extra.conf",), units=()),),
        units={"vpn@hub.service": ACTIVE},
        paths={"/etc/vpn/hub.conf": file_fact("one\n"), "/etc/vpn/extra.conf": file_fact("two\n")},
    )
    config = File(path="/etc/vpn/hub.conf", content="one\n", on_change=(Restart("vpn@hub.service"),))
    assert ("restart", "vpn@hub.service") in steps(plan(known, config, Unit(name="vpn@hub.service")))


def test_what_another_system_took_over_stays():
    present = facts(
        paths={"/a": file_fact("1")},
        units={"old.service": ACTIVE},
        managed=(ManagedSystem(system="gone", wave=Wave.GROUND, paths=("/a",), units=("old.service",)),),
    )
    assert plan(present, File(path="/a", content="1"), Unit(name="old.service")).operations == ()


def test_an_interrupted_system_is_still_owed_its_reactions_and_gates():
    present = facts(
        paths={"/a": file_fact("1")},
        units={"web.service": ACTIVE},
        interrupted=(Interrupted(system="demo", restart=("web.service",)),),
    )
    items = (File(path="/a", content="1"), Unit(name="web.service"), Gate(name="answers", check="true"))
    found = plan(present, *items)
    assert steps(found) == [("restart", "web.service"), ("gate", "answers")]
    assert "interrupted" in found.operations[0].why


def test_a_oneshot_that_did_its_work_and_one_kept_away_by_conditions_are_running():
    done = UnitFact(load="loaded", active="inactive", file_state="enabled", type="oneshot", ran=True)
    kept = UnitFact(load="loaded", active="inactive", file_state="enabled", type="simple", condition_failed=True)
    never = UnitFact(load="loaded", active="inactive", file_state="enabled", type="oneshot")
    units = (Unit(name="done.service"), Unit(name="kept.service"), Unit(name="never.service"))
    present = facts(units={"done.service": done, "kept.service": kept, "never.service": never})
    assert steps(plan(present, *units)) == [("start", "never.service")]


def test_a_unit_kept_away_by_conditions_is_tried_again_when_files_change():
    kept = UnitFact(load="loaded", active="inactive", file_state="enabled", type="simple", condition_failed=True)
    items = (File(path="/a", content="1", on_change=(Restart("kept.service"),)), Unit(name="kept.service"))
    assert steps(plan(facts(units={"kept.service": kept}), *items)) == [("write", "/a"), ("start", "kept.service")]


def test_a_unit_in_a_restart_loop_is_not_running():
    looping = UnitFact(load="loaded", active="activating", sub="auto-restart", file_state="static", type="simple")
    assert steps(plan(facts(units={"x.service": looping}), Unit(name="x.service"))) == [("start", "x.service")]


def test_what_a_package_would_enable_is_disabled_with_its_installation():
    items = (Package("webd"), Unit(name="webd.service", enabled=False, running=False))
    assert steps(plan(facts(), *items)) == [("install", "webd"), ("disable", "webd.service")]
    assert steps(plan(facts(packages={"webd": "1"}), *items)) == []


def test_a_hand_edited_unit_file_makes_systemd_read_it():
    stale = UnitFact(load="loaded", active="active", file_state="enabled", needs_daemon_reload=True)
    assert steps(plan(facts(units={"x.service": stale}), Unit(name="x.service"))) == [("reload", "systemd")]


def test_an_unreachable_host_has_a_plan_that_says_so():
    sealed = SealedCatalog(HostCatalog("alpha", ()), str)
    found = plan_host(sealed, Unreachable(host="alpha", reason="no answer", hint="look"))
    assert not found.reachable
    assert (found.reason, found.hint, found.operations) == ("no answer", "look", ())


def test_a_masked_unit_is_unmasked_before_it_is_enabled_and_started():
    masked = UnitFact(load="masked", active="inactive", sub="dead", file_state="masked")
    found = plan(facts(units={"web.service": masked}), Unit(name="web.service"))
    assert steps(found) == [("unmask", "web.service"), ("enable", "web.service"), ("start", "web.service")]
    assert found.operations[0].seen == "masked inactive masked"


def test_a_masked_unit_that_is_meant_to_be_off_is_left_alone():
    masked = UnitFact(load="masked", active="inactive", sub="dead", file_state="masked")
    found = plan(facts(units={"web.service": masked}), Unit(name="web.service", enabled=False, running=False))
    assert steps(found) == []


def test_what_a_telling_step_says_is_its_difference_and_notes_stand_apart():
    step = Step(name="rules", check="false", do="true", tells=True)
    said = {"rules": "note: somebody else's table\n-drop\n+accept <password>\n"}
    found = plan(facts(said=said), step, File(path="/p", content=secret("password")))
    (told,) = [one for one in found.operations if one.kind is Kind.STEP]
    assert told.diff == f"-drop\n+accept {secret('password')}\n"
    assert found.notes == ("somebody else's table",)
    quiet = plan(facts(said={"rules": "note: still there\n"}, steps={"rules": True}), step)
    assert (quiet.changes, quiet.notes) == (0, ("still there",))


def test_units_that_an_interrupted_apply_holds_are_started_with_nothing_else_to_do():
    kept = UnitFact(load="loaded", active="inactive", sub="dead", file_state="enabled", condition_failed=True)
    unit = Unit(name="web.service")
    assert steps(plan(facts(units={"web.service": kept}), unit)) == []
    assert steps(plan(facts(units={"web.service": kept}, held=True), unit)) == [("start", "web.service")]


def test_a_hold_that_an_interrupted_apply_left_is_a_change_by_itself():
    unit = Unit(name="web.service")
    found = plan(facts(units={"web.service": ACTIVE}, held=True), unit)
    assert steps(found) == [("reload", "systemd")]
    assert "interrupted" in found.operations[0].why
