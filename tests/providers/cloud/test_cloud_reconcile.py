"""What is adopted, made, destroyed and nobody's: for whatever is declared, and whatever is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from festning.providers.cloud.reconcile import reconcile
from festning.providers.cloud.rented import Place, Rented, State

AMS, FRA, DUBLIN = Place("digitalocean", "ams3"), Place("digitalocean", "fra1"), Place("ec2", "eu-west-1")
DAY = datetime(2026, 11, 26, tzinfo=UTC)

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that is busy with other things, too."""

places = st.sampled_from((AMS, FRA, DUBLIN))
hosts = st.sampled_from(("core1", "edge1", "edge2", "edge3"))
machines = st.builds(
    Rented,
    name=st.just("festning-nordlys-x"),
    host=hosts,
    place=places,
    id=st.integers(1, 20).map(str),
    state=st.sampled_from(State),
    addresses=st.just(()),
    created=st.none() | st.integers(0, 3).map(lambda hour: DAY + timedelta(hours=hour)),
)
found = st.lists(machines, unique_by=lambda one: (one.place.provider, one.id), max_size=12)
declared = st.dictionaries(hosts, places)


@patiently
@given(declared, found)
def test_every_machine_and_every_host_has_one_place(wanted: dict[str, Place], present: list[Rented]) -> None:
    result = reconcile(wanted, present)
    parts = [*result.adopt.values(), *result.twins, *result.orphans]
    assert sorted(parts, key=repr) == sorted(present, key=repr)
    assert {*result.adopt, *result.create} == set(wanted)
    assert not {*result.adopt} & {*result.create}


@patiently
@given(declared, found)
def test_what_is_adopted_is_declared_there_and_the_rest_is_not_needed(
    wanted: dict[str, Place], present: list[Rented]
) -> None:
    result = reconcile(wanted, present)
    assert all(one.host == host and one.place == wanted[host] for host, one in result.adopt.items())
    assert all(twin.place == result.adopt[twin.host].place for twin in result.twins)
    assert all(wanted.get(one.host) != one.place for one in result.orphans)


@patiently
@given(declared, found, st.randoms(use_true_random=False))
def test_order_and_what_is_found_twice_make_no_difference(
    wanted: dict[str, Place], present: list[Rented], random: object
) -> None:
    again = [*present, *present]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert reconcile(wanted, again) == reconcile(wanted, present)


@patiently
@given(declared, found)
def test_doing_it_leaves_nothing_to_do(wanted: dict[str, Place], present: list[Rented]) -> None:
    result = reconcile(wanted, present)
    made = [
        Rented(
            name=host, host=host, place=wanted[host], id=f"new-{host}", state=State.STARTING, addresses=(), created=DAY
        )
        for host in result.create
    ]
    after = reconcile(wanted, [*result.adopt.values(), *result.orphans, *made])
    assert (after.create, after.twins, after.orphans) == ((), (), result.orphans)
    assert {host: after.adopt[host] for host in result.adopt} == result.adopt


@patiently
@given(machines, st.integers(1, 5))
def test_the_oldest_is_the_one_that_is_adopted(machine: Rented, count: int) -> None:
    ages = [replace(machine, id=f"i-{9 - age}", created=DAY + timedelta(hours=age)) for age in range(count)]
    assert reconcile({machine.host: machine.place}, reversed(ages)).adopt == {machine.host: ages[0]}


def test_of_ids_that_are_numbers_the_lower_one_is_older() -> None:
    one = Rented(name="x", host="edge1", place=AMS, id="999", state=State.RUNNING, addresses=(), created=DAY)
    assert reconcile({"edge1": AMS}, [replace(one, id="1000"), one]).adopt["edge1"].id == "999"
