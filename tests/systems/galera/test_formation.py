"""How a cluster may start, and when it must not."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.systems.galera.recovery.formation import Formation, FormationRefusedError, How, decide
from festning.systems.galera.recovery.observation import ZERO_UUID, Observation, Status

A, B = "a" * 8, "b" * 8
FRESH = Observation(installed=True, unit="inactive")


def down(seqno: int, uuid: str = A, **changes: object) -> Observation:
    values: dict[str, object] = {
        "installed": True,
        "marker": uuid,
        "unit": "inactive",
        "grastate_uuid": uuid,
        "recovered_uuid": uuid,
        "recovered_seqno": seqno,
    }
    return Observation(**(values | changes))  # type: ignore[arg-type]


def running(status: str, seqno: int = 5, uuid: str = A) -> Observation:
    values = {
        "cluster_status": status,
        "connected": "ON",
        "local_state_uuid": uuid,
        "cluster_state_uuid": uuid,
        "last_committed": str(seqno),
    }
    return Observation(
        installed=True, marker=uuid, unit="active", grastate_uuid=uuid, status=Status(values=MappingProxyType(values))
    )


def stranded(seqno: int, uuid: str = A) -> Observation:
    """One that waits for transactions which nobody gives it: its state file says zero for that time."""
    return replace(running("non-Primary", seqno, uuid), grastate_uuid=ZERO_UUID)


def test_a_running_cluster_is_joined_even_when_a_node_is_not_seen() -> None:
    formation = decide({"core1": None, "core2": running("Primary"), "core3": FRESH})
    assert (formation.how, formation.founder) == (How.RUNNING, None)


def test_the_first_cluster_starts_on_the_first_node() -> None:
    assert decide({"core1": FRESH, "core2": FRESH}) == Formation.first("core1")


def test_the_first_cluster_does_not_start_while_a_node_is_unseen() -> None:
    with pytest.raises(FormationRefusedError, match="core2 could not be looked at") as refused:
        decide({"core1": FRESH, "core2": None})
    assert refused.value.hint


def test_the_first_cluster_keeps_the_founders_databases_and_overwrites_nobodys() -> None:
    used = Observation(installed=True, unit="active", schemas=("blog",))
    assert decide({"core1": used, "core2": FRESH}).founder == "core1"
    with pytest.raises(FormationRefusedError, match="core2 has blog"):
        decide({"core1": FRESH, "core2": used})


def test_after_a_blackout_the_most_recent_data_wins() -> None:
    formation = decide({"core1": down(7), "core2": down(9)})
    assert (formation.how, formation.founder) == (How.RECOVER, "core2")
    assert "core1 at 7" in formation.reason
    assert formation.order(("core1", "core2")) == ("core2", "core1")


def test_with_equal_positions_the_one_that_left_last_wins() -> None:
    assert decide({"core1": down(9), "core2": down(9, safe_to_bootstrap=True)}).founder == "core2"


def test_a_node_that_waits_without_quorum_is_promoted() -> None:
    formation = decide({"core1": down(4), "core2": running("non-Primary", 6)})
    assert (formation.how, formation.founder) == (How.PROMOTE, "core2")


def test_with_equal_positions_one_that_only_has_to_be_told_goes_before_one_that_left_last() -> None:
    formation = decide({"core1": down(5, safe_to_bootstrap=True), "core2": running("non-Primary")})
    assert (formation.how, formation.founder) == (How.PROMOTE, "core2")


def test_nodes_that_wait_for_what_nobody_can_give_start_again_from_the_most_recent() -> None:
    formation = decide({"core1": stranded(4047), "core2": stranded(4002)})
    assert (formation.how, formation.founder) == (How.RECOVER, "core1")
    assert "core2 at 4002" in formation.reason


def test_a_server_that_never_knew_its_position_founds_nothing() -> None:
    lost = stranded(-1, ZERO_UUID)
    assert "zero UUID" in lost.doubt
    assert decide({"core1": lost, "core2": stranded(3)}).founder == "core2"
    with pytest.raises(FormationRefusedError, match="zero UUID"):
        decide({"core1": lost, "core2": lost})


def test_a_new_node_beside_one_with_history_joins_it() -> None:
    assert decide({"core1": FRESH, "core2": down(3)}).founder == "core2"


@pytest.mark.parametrize(
    "bad",
    [
        {"transfer_aborted": True},
        {"grastate_uuid": ZERO_UUID},
        {"grastate_uuid": ""},
        {"recovered_uuid": "", "grastate_seqno": -1},
    ],
)
def test_doubtful_data_never_founds_a_cluster(bad: dict[str, object]) -> None:
    assert decide({"core1": down(99, **bad), "core2": down(99)}).founder == "core2"
    with pytest.raises(FormationRefusedError, match="no data node has data that can be trusted"):
        decide({"core1": down(99, **bad), "core2": FRESH})


@pytest.mark.parametrize("bad", [{"grastate_uuid": ZERO_UUID}, {"grastate_uuid": ""}])
def test_what_may_have_more_than_the_others_is_not_passed_over(bad: dict[str, object]) -> None:
    with pytest.raises(FormationRefusedError, match=r"trusted is at 3, .* may be more \(core1 is at 99") as refused:
        decide({"core1": down(99, **bad), "core2": down(3)})
    assert f"uuid: {A}" in refused.value.hint


@pytest.mark.parametrize("bad", [{"transfer_aborted": True}, {"recovered_uuid": "", "grastate_seqno": -1}])
def test_what_cannot_be_begun_from_at_all_is_passed_over(bad: dict[str, object]) -> None:
    assert decide({"core1": down(99, **bad), "core2": down(3)}).founder == "core2"


def ahead(seqno: int, of: int, to: int | None = None, **changes: object) -> Observation:
    """One that Galera turned away, as the arbitrator did not know its last transactions."""
    turned_away = {"grastate_uuid": ZERO_UUID, "ahead_of": of, "ahead_to": seqno if to is None else to}
    return down(seqno, **(turned_away | changes))


def test_a_writer_with_more_than_the_arbitrator_knew_has_the_most_recent_data() -> None:
    formation = decide({"core1": down(103927), "core2": ahead(103981, 103980)})
    assert (formation.how, formation.founder) == (How.RECOVER, "core2")


@pytest.mark.parametrize(
    "damaged",
    [
        ahead(60, 40, to=50),
        ahead(40, 40),
        ahead(60, 59, transfer_aborted=True),
        ahead(60, 59, marker=""),
        ahead(60, 59, marker=B),
    ],
)
def test_damage_that_has_another_reason_stays_a_doubt(damaged: Observation) -> None:
    assert damaged.doubt


def test_writes_on_both_sides_are_for_a_person_to_settle() -> None:
    for other in (down(103985), down(103981)):
        with pytest.raises(FormationRefusedError, match="went on from 103980 without them, as core1 did"):
            decide({"core1": other, "core2": ahead(103981, 103980)})
    assert decide({"core1": down(103980), "core2": ahead(103981, 103980)}).founder == "core2"


def test_different_histories_are_for_a_person_to_settle() -> None:
    with pytest.raises(FormationRefusedError, match="different histories"):
        decide({"core1": down(5, A), "core2": down(9, B)})


def test_two_running_clusters_are_for_a_person_to_settle() -> None:
    with pytest.raises(FormationRefusedError, match="several clusters"):
        decide({"core1": running("Primary", uuid=A), "core2": running("Primary", uuid=B)})


observations = st.one_of(
    st.none(),
    st.just(FRESH),
    st.builds(down, st.integers(-1, 20), st.sampled_from([A, B])),
    st.builds(lambda seqno: down(seqno, transfer_aborted=True), st.integers(0, 20)),
    st.builds(lambda seqno: down(seqno, grastate_uuid=ZERO_UUID), st.integers(0, 20)),
    st.builds(ahead, st.integers(0, 20), st.integers(-1, 20)),
    st.builds(running, st.sampled_from(["non-Primary"]), st.integers(0, 20)),
    st.builds(stranded, st.integers(-1, 20), st.sampled_from([A, ZERO_UUID])),
)


@given(st.lists(observations, min_size=1, max_size=4))
def test_a_cluster_is_only_started_from_the_best_of_all(found: list[Observation | None]) -> None:
    nodes = {f"core{number}": each for number, each in enumerate(found, 1)}
    try:
        formation = decide(nodes)
    except FormationRefusedError:
        return
    assert formation.founder is not None
    assert None not in found
    seen = [each for each in found if each is not None]
    founder = nodes[formation.founder]
    assert founder is not None
    if formation.how is How.FIRST:
        assert not any(each.formed for each in seen)
        return
    usable = [each for each in seen if each.has_usable_data]
    assert founder in usable
    assert founder.uuid != ZERO_UUID
    assert {each.uuid for each in usable} == {founder.uuid}
    assert founder.seqno == max(each.seqno for each in usable)
    whole = [each for each in seen if each.formed and not each.transfer_aborted and each.uuid == founder.uuid]
    assert founder.seqno == max(each.seqno for each in whole)
