"""The plan's JSON: a stable shape that people script against."""

from __future__ import annotations

import json

import pytest

from festning.model.catalog import Wave
from festning.model.plan import ABSENT, HostPlan, Kind, Last, Operation, Plan

WRITE = Operation(
    wave=Wave.SERVICES,
    system="web",
    kind=Kind.WRITE,
    target="/a",
    why="does not exist",
    diff="+x\n",
    before=ABSENT,
    seen=ABSENT,
    drift=True,
    last=Last(at="2026-11-20T14:02:00Z", operator="kari@desk", generation=7, since="2026-11-21T03:10:00Z"),
)
GATE = Operation(wave=Wave.SERVICES, system="web", kind=Kind.GATE, target="answers", why="something changed")
PLAN = Plan(
    fortress="nordlys",
    hosts=(
        HostPlan(host="core1", operations=(WRITE, GATE), generation=7, notes=("a table of somebody else's",)),
        HostPlan(host="edge1", reachable=False, reason="no answer", hint="is it up?"),
    ),
)


def test_the_document_has_its_stable_shape():
    assert json.loads(json.dumps(PLAN.document())) == {
        "fortress": "nordlys",
        "changes": 1,
        "drift": 1,
        "generation": 8,
        "order": [],
        "hosts": [
            {
                "host": "core1",
                "reachable": True,
                "reason": "",
                "hint": "",
                "generation": 7,
                "notes": ["a table of somebody else's"],
                "operations": [
                    {
                        "wave": "services",
                        "system": "web",
                        "kind": "write",
                        "target": "/a",
                        "why": "does not exist",
                        "secret": False,
                        "diff": "+x\n",
                        "before": "absent",
                        "after": None,
                        "seen": "absent",
                        "version": "",
                        "drift": True,
                        "last": {
                            "at": "2026-11-20T14:02:00Z",
                            "operator": "kari@desk",
                            "generation": 7,
                            "since": "2026-11-21T03:10:00Z",
                            "by": "",
                        },
                    },
                    {
                        "wave": "services",
                        "system": "web",
                        "kind": "gate",
                        "target": "answers",
                        "why": "something changed",
                        "secret": False,
                        "diff": None,
                        "before": None,
                        "after": None,
                        "seen": None,
                        "version": "",
                        "drift": False,
                        "last": None,
                    },
                ],
            },
            {
                "host": "edge1",
                "reachable": False,
                "reason": "no answer",
                "hint": "is it up?",
                "generation": 0,
                "notes": [],
                "operations": [],
            },
        ],
    }


def test_gates_wait_and_change_nothing():
    assert PLAN.changes == 1
    assert [host.host for host in PLAN.unreachable] == ["edge1"]


def test_operations_are_found_by_host_and_wave():
    assert PLAN.of("core1").in_wave(Wave.SERVICES) == (WRITE, GATE)
    assert PLAN.of("core1").in_wave(Wave.GROUND) == ()
    assert list(PLAN.operations()) == [("core1", WRITE), ("core1", GATE)]
    with pytest.raises(KeyError):
        PLAN.of("nobody")
