"""The front doors' check, fed with statistics in which something is wrong."""

from __future__ import annotations

import pytest

from festning.model.check import Output, Verdict
from festning.model.load import load_fortress
from festning.systems.haproxy.checks import checks
from tests.conftest import EXAMPLE

HEAD = "# pxname,svname,status,last_chk,check_desc\n"
GOOD = (
    "public,FRONTEND,OPEN,,\n"
    "service_shop,core1,UP,* L7OK,Layer7 check passed\n"
    "service_shop,core2,UP 1/2,* L7OK,Layer7 check passed\n"
    "service_shop,BACKEND,UP,,\n"
    "database,core1,UP,,\n"
    "database,core2,DOWN,L7STS,Layer7 wrong status\n"
)


def judged(text: str, status: int = 0) -> tuple[Verdict, str]:
    spec = checks(load_fortress(EXAMPLE / "fortress.yaml"))[0]
    judgement = spec.judge((Output(status=status, stdout=text, stderr="", seconds=0.1),))
    return judgement.verdict, judgement.reason


def test_all_up_and_one_writer_passes() -> None:
    assert judged(HEAD + GOOD) == (Verdict.PASS, "")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("service_shop,core1,UP", "service_shop,core1,DOWN", "service_shop/core1 is DOWN"),
        ("service_shop,core1,UP", "service_shop,core1,MAINT", "is MAINT"),
        ("database,core2,DOWN", "database,core2,UP", "2 data nodes take writes"),
        ("database,core1,UP", "database,core1,DOWN", "no data node takes writes"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, word: str) -> None:
    verdict, reason = judged(HEAD + GOOD.replace(old, new))
    assert verdict is Verdict.FAIL
    assert word in reason


def test_no_answer_is_no_pass() -> None:
    assert judged("", status=1)[0] is Verdict.FAIL
    assert judged(HEAD)[0] is Verdict.FAIL


def test_only_hosts_with_a_front_door_are_asked() -> None:
    specs = checks(load_fortress(EXAMPLE / "fortress.yaml"))
    hosts = [spec.host for spec in specs if spec.id == "haproxy.backends"]
    assert hosts == ["core1", "core2", "edge1", "edge2"]
