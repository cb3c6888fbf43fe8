"""The plan as a file: it survives the way through JSON, and refuses what is not whole or not its own."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.errors import UsageError
from festning.model.catalog import Wave
from festning.model.plan import ABSENT, HostPlan, Kind, Last, Operation, Plan
from festning.model.saved import SavedPlan, differences, plan_from, read_saved

words = st.text(max_size=12)
digests = st.one_of(st.none(), st.just(ABSENT), st.text("0123456789abcdef", min_size=64, max_size=64))
lasts = st.builds(Last, at=words, operator=words, generation=st.integers(0, 9), since=words, by=words)
operations = st.builds(
    Operation,
    wave=st.sampled_from(Wave),
    system=words,
    kind=st.sampled_from(Kind),
    target=words,
    why=words,
    secret=st.booleans(),
    diff=st.one_of(st.none(), words),
    before=digests,
    after=digests,
    seen=st.one_of(st.none(), words),
    version=words,
    drift=st.booleans(),
    last=st.one_of(st.none(), lasts),
)
hosts = st.builds(
    HostPlan,
    host=st.sampled_from(("core1", "core2", "edge1")),
    reachable=st.booleans(),
    operations=st.lists(operations, max_size=3).map(tuple),
    reason=words,
    hint=words,
    generation=st.integers(0, 99),
    notes=st.lists(words, max_size=2).map(tuple),
)
plans = st.builds(
    Plan,
    fortress=words,
    hosts=st.lists(hosts, max_size=3, unique_by=lambda host: host.host).map(tuple),
    order=st.lists(words, max_size=2).map(tuple),
)
saved_plans = st.builds(
    SavedPlan,
    plan=plans,
    made_at=words,
    made_by=words,
    made_with=words,
    lab=st.booleans(),
    declared=st.dictionaries(words, words, max_size=2),
    aimed=st.dictionaries(words, words, max_size=2),
)
WRITE = Operation(
    wave=Wave.SERVICES,
    system="web",
    kind=Kind.WRITE,
    target="/a",
    why="was edited",
    before="b",
    after="c",
    seen="file 1",
)
STEP = Operation(wave=Wave.GROUND, system="fw", kind=Kind.STEP, target="rules", why="not so", diff="-x\n")
PLAN = Plan(fortress="nordlys", hosts=(HostPlan(host="core1", operations=(STEP, WRITE), generation=7),))
SAVED = SavedPlan(
    plan=PLAN, made_at="2026-11-20T14:02:00Z", made_by="kari@desk", made_with="1", lab=False, declared={}, aimed={}
)


def told(*operations: Operation, **of_host: object) -> list[str]:
    host = replace(PLAN.hosts[0], operations=operations, **of_host)  # type: ignore[arg-type]
    return list(differences(PLAN, Plan(fortress="nordlys", hosts=(host,))))


@settings(max_examples=60, deadline=None)
@given(plans)
def test_a_plan_survives_its_document(plan: Plan):
    assert plan_from(json.loads(json.dumps(plan.document()))) == plan


@settings(max_examples=40, deadline=None)
@given(saved_plans)
def test_a_saved_plan_survives_its_file(saved: SavedPlan):
    assert read_saved(saved.text(), "p.json") == saved


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "p.json is not a plan"),
        ("[]", "p.json is not a plan"),
        ('{"fortress": "nordlys", "changes": 0, "hosts": []}', "p.json is not a plan"),
        (SAVED.text().replace('"version": 1', '"version": 2'), "version 2"),
        (SAVED.text().replace("was edited", "was edyted"), "was changed since it was made"),
        (SAVED.text()[:-40] + "\n}\n", "p.json is not a plan"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, reason: str):
    with pytest.raises(UsageError, match=reason) as refused:
        read_saved(text, "p.json")
    assert refused.value.exit_code == 64
    assert refused.value.hint


def test_a_plan_that_is_whole_but_not_festnings_is_refused():
    broken = replace(
        SAVED, plan=replace(PLAN, hosts=(replace(PLAN.hosts[0], operations=(replace(WRITE, last=Last()),)),))
    )
    text = broken.text()
    document = json.loads(text)
    del document["digest"], document["plan"]["hosts"][0]["operations"][0]["wave"]
    from festning.model import saved as module  # noqa: PLC0415

    document["digest"] = module._digest(document)
    with pytest.raises(UsageError, match="not a plan that festning made"):
        read_saved(json.dumps(document), "p.json")


def test_nothing_differs_from_itself_whoever_changed_what_last():
    assert told(STEP, WRITE) == []
    again = replace(WRITE, why="content differs", drift=True, version="2", last=Last(generation=3))
    assert told(STEP, again) == []


def test_whatever_moved_is_named():
    assert told(STEP, replace(WRITE, seen="file 2")) == ["core1: /a is not what it was: file 2, and was file 1"]
    assert told(STEP, replace(WRITE, after="d")) == ["core1: /a is not what it was"]
    assert told(replace(STEP, diff="-y\n"), WRITE) == ["core1: rules is not what it was"]
    assert told(STEP) == ["core1: write /a is no longer needed"]
    assert told(STEP, WRITE, replace(WRITE, target="/b")) == ["core1: write /b is needed now"]
    assert told(WRITE, STEP) == ["core1: the order is another"]
    assert told(STEP, WRITE, generation=8) == ["core1 is at generation 8, and was at 7"]
    assert told(reachable=False) == ["core1 cannot be reached now"]
