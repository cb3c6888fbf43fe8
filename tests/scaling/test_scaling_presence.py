"""Who cannot be come to is dead only when others say so, and never when everybody is silent at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from festning.scaling.presence import Memory, Sight, believe


def here(edge: str) -> Sight:
    return Sight(edge=edge, reached=True, requests=10, p99_ms=20)


def gone(edge: str, *, door: bool | None = False, core1: bool | None = False, core2: bool | None = False) -> Sight:
    return Sight(edge=edge, reached=False, door=door, heard={"core1": core1, "core2": core2})


def dead(*sights: Sight, memory: Memory | None = None, at: float = 100.0) -> list[str]:
    return [one.edge for one in believe(sights, memory or Memory(), at).seen if one.dead_since is not None]


def test_an_edge_that_nobody_sees_is_dead_beside_one_that_answers() -> None:
    belief = believe([here("edge1"), gone("edge2")], Memory(), 100)
    assert [one.dead_since for one in belief.seen] == [None, 100]
    assert "core1 and core2 do not hear it" in belief.notes["edge2"]
    later = believe([here("edge1"), gone("edge2")], belief.memory, 130)
    assert [one.dead_since for one in later.seen] == [None, 100], "since it was first seen dead"
    assert [one.alive_since for one in later.seen] == [100, None]


def test_what_others_see_is_not_dead_whatever_this_machine_sees() -> None:
    assert dead(here("edge1"), gone("edge2", door=True)) == []
    assert dead(here("edge1"), gone("edge2", core2=True)) == []


def test_where_nobody_else_can_be_asked_nothing_is_dead() -> None:
    assert dead(here("edge1"), gone("edge2", door=None)) == []
    assert dead(here("edge1"), gone("edge2", core1=None, core2=None)) == []
    assert dead(here("edge1"), gone("edge2", core1=None)) == ["edge2"], "one core is a witness"


def test_all_at_once_is_rather_the_way_there() -> None:
    belief = believe([gone("edge1"), gone("edge2")], Memory(), 100)
    assert [one.dead_since for one in belief.seen] == [None, None]
    assert "all edges are silent at once" in belief.notes["edge1"]
    assert dead(gone("edge1")) == ["edge1"], "of a single edge there is no all"


def test_an_edge_that_was_dead_before_stays_so_when_the_others_fall_silent() -> None:
    before = believe([here("edge1"), gone("edge2")], Memory(), 100).memory
    assert dead(gone("edge1"), gone("edge2"), memory=before, at=110) == ["edge2"]


def test_a_look_in_which_nobody_could_be_asked_forgets_nothing_and_a_sign_of_life_does() -> None:
    first = believe([here("edge1"), gone("edge2")], Memory(), 100).memory
    blind = believe([here("edge1"), gone("edge2", door=None)], first, 110)
    assert blind.seen[1].dead_since is None
    assert believe([here("edge1"), gone("edge2")], blind.memory, 120).seen[1].dead_since == 100
    heard = believe([here("edge1"), gone("edge2", core1=True)], blind.memory, 120)
    assert believe([here("edge1"), gone("edge2")], heard.memory, 130).seen[1].dead_since == 130


WITNESS = st.sampled_from([True, False, None])
SIGHTS = st.lists(st.tuples(st.booleans(), WITNESS, WITNESS, WITNESS), min_size=2, max_size=6)


@given(rounds=st.lists(SIGHTS, min_size=1, max_size=6))
def test_no_edge_with_a_witness_of_its_life_is_ever_dead(rounds: list[list[tuple[bool, bool, bool, bool]]]) -> None:
    memory = Memory()
    for at, told in enumerate(rounds):
        sights = [
            Sight(edge=f"edge{number}", reached=reached, door=door, heard={"core1": one, "core2": two})
            for number, (reached, door, one, two) in enumerate(told)
        ]
        belief = believe(sights, memory, float(at))
        for sight, seen in zip(sights, belief.seen, strict=True):
            if sight.reached or sight.door or any(sight.heard.values()):
                assert seen.dead_since is None
            assert (seen.alive_since is not None) == sight.reached
            assert seen.dead_since is None or seen.dead_since <= at
        if at == 0 and not any(sight.reached for sight in sights):
            assert all(seen.dead_since is None for seen in belief.seen)
        memory = belief.memory
