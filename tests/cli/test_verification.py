"""What is looked at again after a change takes the place of what was found before, and of nothing else."""

from __future__ import annotations

from festning.model.check import Check, Verdict
from festning.workflows.verifying import Verification


def check(id_: str, host: str, verdict: Verdict) -> Check:
    return Check(id=id_, host=host, verdict=verdict, measured=None, unit="", expected="", evidence=())


def test_only_what_was_not_well_is_replaced() -> None:
    first = Verification(
        "nordlys",
        (check("a", "core1", Verdict.PASS), check("a", "core2", Verdict.FAIL), check("b", "core1", Verdict.UNKNOWN)),
    )
    assert first.not_well == {("a", "core2"), ("b", "core1")}
    later = first.with_again([check("a", "core2", Verdict.PASS), check("b", "core1", Verdict.FAIL)])
    assert [one.verdict for one in later.checks] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    assert later.verdict is Verdict.FAIL


def test_what_is_waived_is_not_looked_at_again() -> None:
    assert Verification("nordlys", (check("a", "core1", Verdict.WAIVED),)).not_well == frozenset()
