"""When a server is stuck for good, and when it only looks so for a while."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.systems.galera.health.decision import Pulse, View
from festning.systems.galera.health.stuck import LONGEST_GAP, PATIENCE, SUSPICION, Look, Reason, Watch

STEP = 0.1
VIEW = View(
    node="core1",
    incarnation="uuid-1",
    status="Primary",
    state="Synced",
    ready=True,
    members={"uuid-1": "core1", "uuid-2": "core2"},
    pulse=Pulse(committed=100, rows=50),
)
LOST = replace(VIEW, status="Disconnected", state="Initialized", ready=False, pulse=Pulse(connected=False))
ALONE = replace(VIEW, status="non-Primary", state="Initialized", ready=False)
BEHIND = replace(VIEW, pulse=Pulse(committed=100, rows=50, queued=17))
HELD_BACK = replace(VIEW, pulse=Pulse(committed=100, rows=50, held_back=True))

STUCK = {
    "a write does not come back": (Look(at=0, view=VIEW, holds=True, trying=True), Reason.WRITES),
    "nor does it on a node that claims": (Look(at=0, view=VIEW, trying=True), Reason.WRITES),
    "its own appliers hold all back": (
        Look(at=0, view=replace(BEHIND, pulse=replace(BEHIND.pulse, held_back=True)), holds=True, trying=True),
        Reason.WRITES,
    ),
    "questions get no answer": (Look(at=0, view=None, silent=True), Reason.SILENT),
    "the group is lost": (Look(at=0, view=LOST), Reason.DISCONNECTED),
    "nothing is applied": (Look(at=0, view=BEHIND), Reason.APPLYING),
}
NOT_STUCK = {
    "nothing to do": Look(at=0, view=VIEW, holds=True),
    "no server": Look(at=0, view=None),
    "a minority waits": Look(at=0, view=ALONE, trying=True),
    "the writes hang in a minority that has not noticed": Look(at=0, view=replace(VIEW, ready=False), trying=True),
    "a copy is received": Look(at=0, view=replace(BEHIND, state="Joining: receiving State Transfer"), trying=True),
    "it catches up": Look(at=0, view=replace(BEHIND, state="Joined"), trying=True),
    "a copy is given, or a backup made": Look(at=0, view=replace(BEHIND, state="Donor/Desynced"), trying=True),
    "a peer holds all back": Look(at=0, view=HELD_BACK, holds=True, trying=True),
}


def told(watch: Watch, look: Look, seconds: float, begin: float = 1000.0) -> list[tuple[Reason, float]]:
    """What the watch says of the same look again and again, and after how many seconds."""
    found = []
    for number in range(round(seconds / STEP) + 1):
        reason = watch.look(replace(look, at=begin + number * STEP))
        if reason is not None:
            found.append((reason, number * STEP))
    return found


@pytest.mark.parametrize(("look", "reason"), STUCK.values(), ids=STUCK)
def test_a_stuck_server_is_told_when_patience_ends_and_again_later(look: Look, reason: Reason) -> None:
    found = told(Watch(), look, 2 * PATIENCE[reason] + 1)
    assert [each for each, _ in found] == [reason, reason]
    assert found[0][1] == pytest.approx(PATIENCE[reason], abs=3 * STEP)
    assert found[1][1] == pytest.approx(2 * PATIENCE[reason], abs=6 * STEP)


@pytest.mark.parametrize("look", NOT_STUCK.values(), ids=NOT_STUCK)
def test_whoever_waits_or_works_is_not_stuck(look: Look) -> None:
    assert told(Watch(), look, 200) == []


@pytest.mark.parametrize(("look", "reason"), STUCK.values(), ids=STUCK)
def test_one_good_look_and_the_patience_begins_anew(look: Look, reason: Reason) -> None:
    watch = Watch()
    almost = PATIENCE[reason] - 1
    assert told(watch, look, almost) == []
    assert watch.look(Look(at=1000 + almost + STEP, view=VIEW)) is None
    assert told(watch, look, almost, begin=1000 + almost + 2 * STEP) == []


@pytest.mark.parametrize(("look", "reason"), STUCK.values(), ids=STUCK)
def test_what_was_seen_before_the_daemon_itself_stood_counts_for_nothing(look: Look, reason: Reason) -> None:
    watch = Watch()
    almost = PATIENCE[reason] - 1
    assert told(watch, look, almost) == []
    assert told(watch, look, almost, begin=1000 + almost + LONGEST_GAP + 1) == []


@pytest.mark.parametrize(
    "pulse",
    [Pulse(committed=101, rows=50, queued=17), Pulse(committed=100, rows=51, queued=17)],
    ids=["commits", "changes rows"],
)
def test_appliers_that_get_on_however_slowly_are_not_stuck(pulse: Pulse) -> None:
    watch, now = Watch(), 0.0
    for pace in (BEHIND.pulse, pulse) * 5:
        view = replace(BEHIND, pulse=replace(pace, committed=pace.committed, rows=pace.rows))
        assert told(watch, Look(at=0, view=view), PATIENCE[Reason.APPLYING] - 1, begin=now) == []
        now += PATIENCE[Reason.APPLYING] - 1 + STEP


def test_writes_that_get_on_are_not_stuck_though_ours_is_not_back() -> None:
    watch = Watch()
    for number in range(1000):
        view = replace(VIEW, pulse=Pulse(committed=100 + number // 50))
        assert watch.look(Look(at=number * STEP, view=view, holds=True, trying=True)) is None


def test_a_write_is_tried_when_transactions_are_open_on_the_writer_and_none_ends() -> None:
    busy = Look(at=0, view=replace(VIEW, writing=3), holds=True)
    watch = Watch()
    told(watch, busy, SUSPICION - 1)
    assert not watch.suspects
    told(watch, busy, 2, begin=1000 + SUSPICION - 1 + STEP)
    assert watch.suspects
    watch.look(replace(busy, at=1000 + SUSPICION + 2, view=replace(VIEW, writing=3, pulse=Pulse(committed=101))))
    assert not watch.suspects, "one was committed"


@pytest.mark.parametrize(
    "look",
    [
        Look(at=0, view=VIEW, holds=True),
        Look(at=0, view=replace(VIEW, writing=1)),
        Look(at=0, view=replace(HELD_BACK, writing=1), holds=True),
        Look(at=0, view=replace(VIEW, writing=1, state="Donor/Desynced"), holds=True),
    ],
    ids=["nobody writes", "another node is the writer", "a peer holds all back", "a backup"],
)
def test_no_write_is_tried_without_need(look: Look) -> None:
    watch = Watch()
    told(watch, look, 60)
    assert not watch.suspects


views = st.sampled_from([VIEW, LOST, ALONE, BEHIND, HELD_BACK])
looks = st.builds(
    Look, at=st.just(0.0), view=st.none() | views, silent=st.booleans(), holds=st.booleans(), trying=st.booleans()
)
streaks = st.lists(st.tuples(looks, st.floats(0.05, 15)), max_size=12)


@given(streaks)
def test_never_sooner_than_patience_after_the_last_good_look(history: list[tuple[Look, float]]) -> None:
    """Whatever came before: a verdict means that the evidence was there for the whole of its patience."""
    watch, now = Watch(), 0.0
    since: dict[Reason, float] = {}
    good = {
        Reason.WRITES: lambda look: not (look.trying and look.view in (VIEW, BEHIND)),
        Reason.SILENT: lambda look: look.view is not None or not look.silent,
        Reason.DISCONNECTED: lambda look: look.view != LOST,
        Reason.APPLYING: lambda look: look.view != BEHIND,
    }
    for look, seconds in history:
        for _ in range(round(seconds / 0.5) + 1):
            now += 0.5
            since.update({reason: now for reason, holds in good.items() if holds(look)})
            told_now = watch.look(replace(look, at=now))
            if told_now is not None:
                assert now - since.get(told_now, 0.0) >= PATIENCE[told_now]
                since[told_now] = now


@given(streaks, st.sampled_from(sorted(STUCK)))
def test_sooner_or_later_whatever_came_before(history: list[tuple[Look, float]], name: str) -> None:
    watch, now = Watch(), 0.0
    for look, seconds in history:
        now += min(seconds, LONGEST_GAP)
        watch.look(replace(look, at=now))
    look, reason = STUCK[name]
    assert reason in [each for each, _ in told(watch, look, PATIENCE[reason] + 1, begin=now + STEP)]
