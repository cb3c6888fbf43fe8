"""From what a zone has to what it should have: only own records, and an address for every name at every moment."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.dns.changes import Act, Change, ZonePlan, compare
from festning.dns.ownership import marker
from festning.dns.records import ADDRESSES, RecordSet, Type, record_set
from festning.dns.wanted import answers
from festning.model.fortress import Fortress, Host, Service
from tests.dns.named_fortresses import CORES, EDGES, SHOP, WWW, a, fortress

V6 = "2001:db8::1"
DUAL = fortress(edges=(EDGES[0], V6))
ONE_SERVICE = fortress(("host: www.nordlys.example", "host: www.else.example"))


def owned(*sets: RecordSet, by: str = "nordlys") -> list[RecordSet]:
    return [one for address in sets for one in (marker(address, by), address)]


def aaaa(name: str, *values: str, ttl: int = 60) -> RecordSet:
    return record_set(name, Type.AAAA, values, ttl)


def plan(
    declared: Fortress, present: Iterable[RecordSet], well: Iterable[str] = (), *, prune: bool = False
) -> ZonePlan:
    def stands(service: Service, door: Host) -> bool:
        return str(door.address) in well

    return compare(declared, answers(declared, stands), present, prune=prune)


def words(found: ZonePlan, name: str) -> list[str]:
    chosen = next(one for one in found.names if one.name == name)
    return [f"{change.act.value} {change.subject.type.value} {change.subject.name}" for change in chosen.changes]


def note(found: ZonePlan, name: str) -> tuple[str, bool]:
    return next((one.note, one.trouble) for one in found.names if one.name == name)


def done(present: Iterable[RecordSet], changes: Iterable[Change]) -> dict[tuple[str, Type], RecordSet]:
    zone = {one.key: one for one in present}
    for change in changes:
        if change.before is not None:
            assert zone.pop(change.before.key) == change.before
        if change.after is not None:
            assert zone.setdefault(change.after.key, change.after) is change.after, "it was there"
    return zone


def test_an_empty_zone_gets_markers_first() -> None:
    found = plan(fortress(), [], EDGES)
    marked = "_festning-a.shop.nordlys.example"
    assert words(found, SHOP) == [f"create TXT {marked}", f"create A {SHOP}"]
    assert not found.trouble
    assert found.changes[0].subject.values == ("heritage=festning,festning/fortress=nordlys",)


def test_a_zone_that_is_as_wanted_is_left_alone() -> None:
    declared = fortress()
    assert plan(declared, [*owned(a(SHOP, *EDGES)), *owned(a(WWW, *EDGES))], EDGES).changes == ()


def test_a_dead_edge_leaves_and_comes_back() -> None:
    full = [*owned(a(SHOP, *EDGES)), *owned(a(WWW, *EDGES))]
    found = plan(fortress(), full, EDGES[:1])
    assert [(change.before, change.after) for change in found.changes] == [
        (a(SHOP, *EDGES), a(SHOP, EDGES[0])),
        (a(WWW, *EDGES), a(WWW, EDGES[0])),
    ]
    back = plan(fortress(), done(full, found.changes).values(), EDGES)
    assert list(done(done(full, found.changes).values(), back.changes).values()) != []
    assert set(done(done(full, found.changes).values(), back.changes).values()) == set(full)


def test_with_nobody_well_what_is_there_stays_and_is_told() -> None:
    found = plan(fortress(), owned(a(SHOP, *EDGES)), [])
    assert found.changes == ()
    assert note(found, SHOP) == ("no front door answers for it: what is there stays (192.0.2.101, 192.0.2.102)", True)
    assert note(found, WWW) == ("no front door answers for it: nothing is there, and nothing is made", True)


def test_a_changed_ttl_is_a_change() -> None:
    found = plan(ONE_SERVICE, owned(a(SHOP, *EDGES, ttl=3600)), EDGES)
    assert found.changes == (Change(a(SHOP, *EDGES, ttl=3600), a(SHOP, *EDGES)),)


def test_a_family_goes_after_the_other_has_come() -> None:
    found = plan(DUAL, owned(a(WWW, EDGES[0])), [V6])
    assert [(change.act, change.subject.type) for change in found.changes if WWW in change.subject.name] == [
        (Act.CREATE, Type.TXT),
        (Act.CREATE, Type.AAAA),
        (Act.DELETE, Type.A),
        (Act.DELETE, Type.TXT),
    ]


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([a(SHOP, "198.51.100.9")], "its A is not festning's; a TXT"),
        ([a(SHOP, *EDGES)], "its A is not festning's"),
        ([aaaa(SHOP, "2001:db8::9")], "its AAAA is not festning's"),
        (owned(a(SHOP, "198.51.100.9"), by="other"), "says heritage=festning,festning/fortress=other"),
        ([record_set(SHOP, Type.CNAME, ["else.example."], 60)], "it is an alias (CNAME) of else.example."),
    ],
)
def test_what_is_somebody_elses_is_left_alone_and_told(there: list[RecordSet], said: str) -> None:
    for well in (EDGES, ()):
        found = plan(fortress(), there, well)
        assert words(found, SHOP) == []
        assert said in note(found, SHOP)[0]
        assert note(found, SHOP)[1]
    assert words(plan(fortress(), there, EDGES), WWW) != []


def test_a_marker_hands_a_set_over() -> None:
    found = plan(ONE_SERVICE, owned(a(SHOP, "198.51.100.9")), EDGES)
    assert found.changes == (Change(a(SHOP, "198.51.100.9"), a(SHOP, *EDGES)),)


def test_a_marker_that_was_left_alone_is_used_or_goes() -> None:
    left = marker(a(SHOP, *EDGES), "nordlys")
    assert words(plan(ONE_SERVICE, [left], EDGES), SHOP) == [f"create A {SHOP}"]
    orphan = marker(aaaa(SHOP, V6), "nordlys")
    assert words(plan(ONE_SERVICE, [*owned(a(SHOP, *EDGES)), orphan], EDGES), SHOP) == [f"delete TXT {orphan.name}"]


def test_names_without_a_service_stay_until_they_are_pruned() -> None:
    old = owned(a("old.nordlys.example", *EDGES))
    other = owned(a("theirs.nordlys.example", *EDGES), by="other")
    found = plan(ONE_SERVICE, [*old, *other, a("hand.nordlys.example", *EDGES)], EDGES)
    assert words(found, "old.nordlys.example") == []
    assert note(found, "old.nordlys.example") == ("no service has this name any more; --prune removes it", False)
    assert {one.name for one in found.names} == {SHOP, "www.else.example", "old.nordlys.example"}
    pruned = plan(ONE_SERVICE, [*old, *other], EDGES, prune=True)
    marked = "_festning-a.old.nordlys.example"
    assert words(pruned, "old.nordlys.example") == ["delete A old.nordlys.example", f"delete TXT {marked}"]


def test_names_outside_the_zone_are_told_and_are_no_trouble() -> None:
    found = plan(ONE_SERVICE, [*owned(a("www.else.example", "192.0.2.1")), *owned(a(SHOP, *EDGES))], EDGES)
    assert note(found, "www.else.example")[0].startswith("is not in nordlys.example")
    assert not found.trouble


ADDRESS = st.sampled_from([*EDGES, *CORES, "198.51.100.9"])
SETS = st.lists(
    st.one_of(
        st.builds(lambda name, values: a(name, *values), st.sampled_from([SHOP, WWW]), st.sets(ADDRESS, min_size=1)),
        st.builds(lambda name, ttl: aaaa(name, V6, ttl=ttl), st.sampled_from([SHOP, WWW]), st.sampled_from([60, 300])),
    ),
    unique_by=lambda one: one.key,
)


@given(SETS, st.lists(st.booleans(), min_size=4, max_size=4), st.sets(st.sampled_from([EDGES[0], V6, *CORES])))
def test_whatever_happens_names_keep_addresses_and_others_records_are_untouched(
    sets: list[RecordSet], ours: list[bool], well: set[str]
) -> None:
    present = [
        one for mine, address in zip(ours, sets, strict=False) for one in (owned(address) if mine else [address])
    ]
    found = plan(DUAL, present, well)
    foreign = {one for mine, one in zip(ours, sets, strict=False) if not mine}
    for end in range(len(found.changes) + 1):
        now = done(present, found.changes[:end])
        assert foreign <= set(now.values())
        for name in (SHOP, WWW):
            had = any(one.name == name and one.type in ADDRESSES for one in present)
            assert not had or any((name, kind) in now for kind in ADDRESSES), "no name is without an address meanwhile"
    assert plan(DUAL, done(present, found.changes).values(), well).changes == (), "once is enough"
