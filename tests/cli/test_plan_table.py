"""How a plan reads: drift apart from what is declared, the order of things, equal hosts once, and what it comes to."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from festning.cli import plan_table
from festning.cli.plan_words import total
from festning.cli.screen import Screen
from festning.model.catalog import Wave
from festning.model.plan import ABSENT, HostPlan, Kind, Last, Operation, Plan

BEFORE = Last(at="2026-11-20T14:02:33Z", operator="kari@desk", generation=7)


def operation(kind: Kind, target: str, why: str = "", **more: object) -> Operation:
    fields = {"wave": Wave.SERVICES, "system": "web", **more}
    return Operation(kind=kind, target=target, why=why, **fields)  # type: ignore[arg-type]


def shown(plan: Plan, *, full: bool = False) -> str:
    screen = Screen(as_json=False)
    screen.out = Console(file=io.StringIO(), width=160, highlight=False)
    plan_table.show(screen, plan, full=full)
    return screen.out.file.getvalue()  # type: ignore[attr-defined]


def plan(**hosts: tuple[Operation, ...]) -> Plan:
    return Plan(fortress="nordlys", hosts=tuple(HostPlan(host=name, operations=all_) for name, all_ in hosts.items()))


WRITE = operation(
    Kind.WRITE, "/etc/web", "the declaration changed", diff="--- /etc/web\n+++ /etc/web\n-a\n+b\n", last=BEFORE
)
RELOAD = operation(Kind.RELOAD, "web.service", "/etc/web changes")
GATE = operation(Kind.GATE, "it answers", "something changed")


def test_equal_changes_are_shown_once_with_why_a_unit_reloads_and_what_is_waited_for():
    assert shown(plan(edge1=(WRITE, RELOAD, GATE), edge2=(WRITE, RELOAD, GATE), core1=())).splitlines() == [
        "Wave 4, services and front doors: edge1, edge2 at once",
        "  web on edge1, edge2 (the same)",
        "    write    /etc/web  the declaration changed since kari@desk applied it 2026-11-20 14:02 UTC (generation 7)",
        "        -a",
        "        +b",
        "    reload   web.service  because /etc/web changes",
        '    wait     until "it answers"',
        "",
        "nordlys: 4 changes on 2 hosts: 2 files, 2 reloads, no unit restarts",
    ]


def test_drift_stands_apart_with_who_changed_what_last():
    last = Last(
        at="2026-11-20T14:02:33Z",
        operator="kari@desk",
        generation=7,
        since="2026-11-21T03:10:00Z",
        by="ola with sudo",
    )
    edited = operation(Kind.WRITE, "/etc/web", "was edited", diff="-a\n+b\n", drift=True, last=last)
    text = shown(plan(edge1=(edited,)))
    assert text.startswith(
        "Drift: changed on the hosts, and not by festning\n"
        "  edge1: /etc/web\n"
        "      was edited (2026-11-21 03:10 UTC, by ola with sudo); "
        "last applied 2026-11-20 14:02 UTC by kari@desk (generation 7)\n"
    )
    assert "    write    /etc/web  drift\n" in text
    assert "1 change on 1 host, 1 of them drift: 1 file, no unit restarts" in text


def test_waves_say_who_goes_after_whom():
    ground = operation(Kind.RESTART, "net.service", "/etc/net changes", wave=Wave.GROUND)
    drain = operation(Kind.DRAIN, "links", "before net.service is restarted", wave=Wave.GROUND)
    node = operation(Kind.RESTART, "db.service", "/etc/db changes", wave=Wave.DATABASE)
    made = Plan(
        fortress="nordlys",
        hosts=(
            HostPlan(host="core1", operations=(drain, ground, node)),
            HostPlan(host="core2", operations=(drain, ground, node)),
            HostPlan(host="edge1", operations=(ground,)),
        ),
        order=("core2", "core1"),
    )
    text = shown(made)
    assert "Wave 1, base system, firewall and bridge: edge1, then core2, then core1\n" in text
    assert "Wave 2, data nodes: core2, then core1\n" in text
    assert "    drain    links  before net.service is restarted\n" in text
    assert "5 restarts" in text


def test_long_differences_and_new_files_are_short_unless_all_is_asked_for():
    long = "".join(f"+{number}\n" for number in range(40))
    changed = operation(Kind.WRITE, "/etc/long", diff=f"--- a\n+++ b\n{long}", before="x")
    new = operation(Kind.WRITE, "/etc/new", "does not exist", diff=f"--- a\n+++ b\n{long}", before=ABSENT)
    text = shown(plan(edge1=(changed, new)))
    assert "… 17 more lines; --full shows all" in text
    assert "/etc/new (new, 40 lines)" in text
    assert text.count("+0\n") == 1
    everything = shown(plan(edge1=(changed, new)), full=True)
    assert "more lines" not in everything
    assert everything.count("+39\n") == 2


@pytest.mark.parametrize(("version", "told"), [("1.2-3", "nginx 1.2-3"), ("", "nginx (version not known)")])
def test_a_missing_package_has_its_version_or_says_that_it_is_not_known(version: str, told: str):
    assert f"    install  {told}  is not installed\n" in shown(
        plan(edge1=(operation(Kind.INSTALL, "nginx", "is not installed", version=version),))
    )


def test_notes_are_told_and_are_no_change():
    note = "firewall: table ip docker"
    made = Plan(fortress="nordlys", hosts=(HostPlan(host="edge1", notes=(note,)),))
    assert f"Seen, and left alone\n  edge1: {note}\n" in shown(made)
    assert made.changes == 0
    assert total(made) == "nordlys: no change"
