"""Data nodes form their group again by themselves, each with its own attempt, and leave it when a person must look."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from festning.systems.galera.recovery.attempt import APART_S, PATIENCE_S, Attempt

UUID = "4abbe151-e9c7-11f1-94b9-5e2fdeed4dfa"
MEMBERS = {"core1": "10.8.0.1", "core2": "10.8.0.2"}


def says(seqno: int, unit: str = "activating", *more: str, uuid: str = UUID) -> str:
    """A data node whose server waits in its start, with a known position."""
    lines = ("installed yes", f"marker {uuid}", f"grastate_uuid {uuid}", "grastate_seqno -1", f"unit {unit}", *more)
    return "\n".join([*lines, f"recovered {uuid} {seqno}", "complete", ""])


def running(status: str, seqno: int, grastate: str = UUID) -> str:
    return says(
        seqno,
        "active",
        f"grastate_uuid {grastate}",
        f"status_wsrep_cluster_status {status}",
        "status_wsrep_connected ON",
        f"status_wsrep_local_state_uuid {UUID}",
        f"status_wsrep_last_committed {seqno}",
    )


@dataclass
class Host:
    """One data node's view of the world, played."""

    mine: str
    others: dict[str, str] = field(default_factory=dict)
    serving: set[str] = field(default_factory=set)
    looked: int = 0
    published: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    clock: float = 0.0
    arrives: dict[float, tuple[str, str]] = field(default_factory=dict)

    def look(self) -> str:
        self.looked += 1
        return self.mine

    def look_at_group(self) -> str:
        return self.mine

    def publish(self, told: str) -> None:
        self.published.append(told)

    def serves(self, address: str) -> bool:
        return address in self.serving

    def told(self, address: str) -> str:
        return self.others.get(address, "")

    def run(self, program: str) -> None:
        self.ran.append(program)

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds
        for at, (address, told) in self.arrives.items():
            if self.clock >= at:
                self.others[address] = told


def both(first: str, second: str) -> tuple[list[str], list[str]]:
    """What each of two data nodes does."""
    one, two = Host(first, {"10.8.0.2": second}), Host(second, {"10.8.0.1": first})
    Attempt(MEMBERS, "core1").make(one)
    Attempt(MEMBERS, "core2").make(two)
    return one.ran, two.ran


def test_the_one_with_the_most_recent_data_begins_and_the_other_waits() -> None:
    assert both(says(20), says(21)) == ([], ["found"])
    assert both(says(21), says(20)) == (["found"], [])


def test_of_equals_one_begins() -> None:
    assert sorted(map(len, both(says(21), says(21)))) == [0, 1]


def test_a_server_that_waits_without_quorum_is_made_primary() -> None:
    assert both(running("non-Primary", 21), running("non-Primary", 20)) == (["promote"], [])


def test_a_server_that_waits_for_what_it_missed_lets_go() -> None:
    stranded = running("non-Primary", 20, grastate="00000000-0000-0000-0000-000000000000")
    assert both(says(21), stranded) == (["found"], ["let-go"])


def test_a_writer_that_was_ahead_of_the_arbitrator_begins() -> None:
    zero = "grastate_uuid 00000000-0000-0000-0000-000000000000"
    assert both(says(20), says(25, "activating", zero, "ahead 25 24")) == ([], ["found"])
    assert both(says(20), says(25, "activating", zero)) == ([], [])


def test_nothing_is_formed_beside_a_primary_component() -> None:
    host = Host(says(30), {"10.8.0.2": says(20)}, serving={"10.8.0.2"})
    assert "core2 in a primary component" in Attempt(MEMBERS, "core1").make(host)
    assert (host.looked, host.ran, host.published) == (0, [], [])
    assert both(running("Primary", 20), says(30)) == ([], [])


@pytest.mark.parametrize(
    ("mine", "ran"),
    [
        (says(30, "activating", "group non-primary"), ["let-go"]),
        (running("non-Primary", 30), ["let-go"]),
        (says(30, "activating", "group primary"), []),
        (says(30), []),
        (says(30, "inactive"), []),
        (running("Primary", 30), []),
    ],
    ids=["hangs in its start", "without quorum", "receives a copy", "just starts", "stopped by a person", "joined"],
)
def test_a_server_that_stays_apart_from_a_primary_component_in_reach_is_started_anew(mine: str, ran: list[str]) -> None:
    host = Host(mine, serving={"10.8.0.1"})
    assert "core1 in a primary component" in Attempt(MEMBERS, "core2").make(host)
    assert host.ran == ran
    assert (host.looked, host.published) == (0, []), "its data is nobody's business then, and it may be starting"


def test_a_server_that_is_still_on_its_way_to_the_others_is_left_alone() -> None:
    class Finds(Host):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.mine = says(30, "activating", "group primary")

    class Loses(Host):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            self.serving = set()

    for kind in (Finds, Loses):
        host = kind(says(30, "activating", "group non-primary"), serving={"10.8.0.1"})
        Attempt(MEMBERS, "core2").make(host)
        assert (host.ran, host.clock) == ([], APART_S)


def test_a_server_that_receives_a_copy_is_on_its_way() -> None:
    assert both(says(20, "activating", "group primary"), says(30)) == ([], [])


def test_one_who_does_not_say_what_it_has_is_waited_for_and_then_respected() -> None:
    host = Host(says(20))
    assert "left alone: core2 does not say" in Attempt(MEMBERS, "core1").make(host)
    assert PATIENCE_S < host.clock < PATIENCE_S + 5
    assert host.ran == []


def test_one_who_says_it_late_is_heard() -> None:
    host = Host(says(21), arrives={10.0: ("10.8.0.2", says(20))})
    Attempt(MEMBERS, "core1").make(host)
    assert host.ran == ["found"]
    assert len(host.published) == 2, "after a wait, it looks at itself once more"


@pytest.mark.parametrize(
    "other",
    [
        says(20, "activating", "transfer aborted"),
        says(-1),
        says(20, uuid="5bbbe151-e9c7-11f1-94b9-5e2fdeed4dfa"),
        "installed yes\nunit inactive\ncomplete\n",
        "installed no\nunit unknown\ncomplete\n",
    ],
    ids=["copy cut short", "position unknown", "another history", "never in a group", "not installed"],
)
def test_where_data_is_in_doubt_a_person_decides(other: str) -> None:
    assert both(says(21), other) == ([], [])


def test_an_answer_cut_short_is_none() -> None:
    host = Host(says(21), {"10.8.0.2": says(20).removesuffix("complete\n")})
    assert "left alone" in Attempt(MEMBERS, "core1").make(host)


def test_a_server_that_a_person_stopped_stays_so() -> None:
    assert both(says(21, "inactive"), says(20)) == ([], [])
    assert both(says(20, "inactive"), says(21)) == ([], ["found"])


def test_names_of_databases_are_not_told() -> None:
    host = Host(says(21, "active", "schema_payroll 1"), {"10.8.0.2": says(20)})
    Attempt(MEMBERS, "core1").make(host)
    assert host.published
    assert "payroll" not in "".join(host.published)
    assert host.published[0].endswith("complete\n")


def test_a_lone_data_node_begins_by_itself() -> None:
    host = Host(says(21))
    Attempt({"core1": "10.8.0.1"}, "core1").make(host)
    assert host.ran == ["found"]
