"""Numbers are addresses that running machines know each other by: they must not move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from festning.model.bridge import MOST_PROCESSES, Bridge
from festning.model.fortress import Role
from festning.model.numbering import GROUP_ROOM, Entry, first_numbers

CORE1 = Entry("core1", Role.CORE, None, None)
ARBITER = Entry("arbiter", Role.ARBITER, None, None)

entries = st.lists(
    st.builds(
        lambda role, count: (role, count if role is Role.EDGE else None),
        st.sampled_from(Role),
        st.none() | st.integers(1, 40),
    ),
    max_size=12,
).map(lambda pairs: [Entry(f"host{i}", role, count, None) for i, (role, count) in enumerate(pairs)])


def test_roles_count_from_their_own_start() -> None:
    assert first_numbers([ARBITER, CORE1, Entry("edge", Role.EDGE, 2, None)]) == {"arbiter": 8, "core1": 1, "edge": 16}


def test_a_declared_number_wins_and_is_stepped_over() -> None:
    assert first_numbers([CORE1, Entry("core2", Role.CORE, None, 1)]) == {"core1": 2, "core2": 1}


def test_a_group_has_room_to_grow() -> None:
    def second(count: int) -> int:
        return first_numbers([Entry("a", Role.EDGE, count, None), Entry("b", Role.EDGE, 3, None)])["b"]

    assert second(1) == second(GROUP_ROOM) == 32


@given(entries)
def test_no_two_hosts_have_one_number(entries: list[Entry]) -> None:
    first = first_numbers(entries)
    numbers = [first[e.name] + i for e in entries for i in range(e.count or 1)]
    assert len(numbers) == len(set(numbers))


@given(entries)
def test_a_host_added_at_the_end_moves_no_other(entries: list[Entry]) -> None:
    before = first_numbers(entries)
    after = first_numbers([*entries, Entry("new", Role.EDGE, None, None)])
    assert before == {name: after[name] for name in before}


def test_the_bridge_is_arithmetic() -> None:
    bridge = Bridge()
    assert str(bridge.address(2)) == "10.8.0.2"
    assert str(bridge.link(1, 2)) == "10.8.1.2"
    assert str(bridge.links(2)) == "10.8.2.0/24"
    assert (bridge.largest_host, bridge.largest_hub) == (254, 255)


def test_blocks_of_several_processes_are_apart() -> None:
    bridge = Bridge(processes=3)
    assert str(bridge.links(1)) == "10.8.1.0/24"
    assert [str(bridge.link(1, 20, process)) for process in range(3)] == ["10.8.1.20", "10.8.17.20", "10.8.33.20"]
    assert (bridge.largest_hub_of(1), bridge.largest_hub_of(2), bridge.largest_hub_of(16)) == (255, 15, 15)
    blocks = [bridge.links(hub, process) for hub in range(1, 16) for process in range(3)]
    assert len({*blocks, bridge.hosts}) == len(blocks) + 1


@given(processes=st.integers(1, MOST_PROCESSES), edges=st.sets(st.integers(16, 5000)))
def test_an_edge_added_moves_no_other_to_another_process(processes: int, edges: set[int]) -> None:
    """It depends on nothing but its own number."""
    bridge = Bridge(processes=processes)
    assert all(bridge.dialled(edge) == (edge % processes,) for edge in edges)


@given(processes=st.integers(1, MOST_PROCESSES), beside=st.integers(1, MOST_PROCESSES), edge=st.integers(16, 5000))
def test_while_edges_move_the_two_links_are_the_same_from_both_sides(processes: int, beside: int, edge: int) -> None:
    there = Bridge(processes=processes, beside=beside)
    back = Bridge(processes=beside, beside=processes)
    assert there.dialled(edge)[0] == Bridge(processes=processes).dialled(edge)[0]
    assert set(there.dialled(edge)) == set(back.dialled(edge))
    assert max(there.dialled(edge)) < there.running == back.running


def test_a_group_is_spread_evenly() -> None:
    bridge = Bridge(processes=4)
    shares = [sum(process in bridge.dialled(edge) for edge in range(16, 16 + 50)) for process in range(4)]
    assert max(shares) - min(shares) <= 1
