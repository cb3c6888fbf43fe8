"""A checker that crashes says nothing; problems are told the worst first, and not all of them."""

from __future__ import annotations

from festning.model.check import Verdict
from festning.model.drill import Checked
from festning.proof.histories.judging import SHOWN, Problems, Severity, checked, judge


def test_a_checker_that_crashes_is_unknown_and_does_not_stop_the_others():
    def crash() -> Checked:
        raise ZeroDivisionError("by what?")

    good = Checked(checker="good", verdict=Verdict.PASS, looked_at=1)
    found = judge([("bad", crash), ("good", lambda: good)])
    assert [one.verdict for one in found] == [Verdict.UNKNOWN, Verdict.PASS]
    assert found[0].problems == ("the checker itself crashed: ZeroDivisionError: by what?",)


def test_the_worst_is_told_first_and_the_rest_is_counted():
    problems = Problems()
    for number in range(SHOWN + 5):
        problems.add(Severity.STALE, "stale {}".format, number)
    problems.add(Severity.LOST, "lost {}".format, 1)
    told = checked("one", 3, problems).problems
    assert told[:2] == ("lost 1", "stale 0")
    assert told[SHOWN:] == ("and 6 more",)


def test_a_problem_outweighs_what_is_not_known():
    problems = Problems()
    assert checked("one", 1, problems).verdict is Verdict.PASS
    assert checked("one", 0, problems).verdict is Verdict.UNKNOWN
    assert checked("one", 1, problems, ["core2 was not asked"]).verdict is Verdict.UNKNOWN
    problems.add(Severity.WRONG, "wrong".format)
    assert checked("one", 1, problems, ["core2 was not asked"]).verdict is Verdict.FAIL
