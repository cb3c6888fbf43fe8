"""The table of the failover bench."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bench.failover.measured import Measured
from bench.failover.rows import RANDOM, ROWS, Row
from bench.failover.table import line_of, table
from festning.proof.drills.catalog import by_name
from tests.bench.failover_runs import run


def shown(*runs: Measured) -> str:
    def runs_of(stack: str, drill: str) -> Sequence[Measured]:
        return [one for one in runs if (one.label.stack, one.label.drill) == (stack, drill)]

    return table(ROWS, runs_of, "festning", "2014")


def runs(drill: str, *figures: dict[str, Any], stack: str = "festning") -> list[Measured]:
    return [run(drill, stack, number, **told) for number, told in enumerate(figures, 1)]


def line(text: str, start: str) -> str:
    (found,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return found


def test_every_row_is_a_drill_that_there_is():
    assert all(by_name(row.drill) for row in ROWS if row.drill != RANDOM)
    assert len({row.drill for row in ROWS}) == len(ROWS) == 12


def test_worst_and_median_of_both_stacks_are_beside_each_other():
    mine = runs("kill-database", *({"write_gap_s": gap} for gap in (0.5, 0.9, 0.4)))
    other = runs("kill-database", {"write_gap_s": 12.0}, {"write_gap_s": 9.0}, stack="2014")
    text = shown(*mine, *other)
    assert "0.90 (0.50)" in line(text, "festning")
    assert "12.00 (10.50)" in line(text, "2014")


def test_a_target_is_judged_by_the_worst_run_of_festning():
    just = {"write_gap_s": 0.7}
    assert "reached" in line(shown(*runs("kill-database", just)), "longest time without a write")
    text = shown(*runs("kill-database", just, just, {"write_gap_s": 0.71}), *runs("kill-database", just, stack="2014"))
    assert "NOT REACHED" in line(text, "longest time without a write")
    assert "NOT REACHED" in line(shown(*runs("kill-database", {"failed_reads": 1})), "failed reads")


def test_the_baseline_alone_is_not_judged():
    text = shown(*runs("blackout", {"recovered_s": None}, stack="2014"))
    assert "REACHED" not in text
    assert "down ×1" in text


def test_requests_that_were_in_flight_are_left_out_where_the_issue_leaves_them_out():
    figures = {"failed_writes": 2, "failed_reads": 1, "in_flight": 3, "unnoticed": 3}
    assert " reached" in line(shown(*runs("cut-writer-host", figures)), "failed requests that were not in flight")
    late = shown(*runs("cut-writer-host", {**figures, "in_flight": 2}))
    assert "NOT REACHED; silence" in line(late, "failed requests that were not in flight")
    assert " reached" in line(late, "failed requests sent more than 1 s after it")
    assert "NOT REACHED" in line(shown(*runs("cut-arbiter", figures)), "failed requests")


def test_a_stopped_hub_may_be_felt_at_no_door_at_all():
    assert "NOT REACHED" in line(shown(*runs("stop-hub", {"hurt_gap_s": 1.6})), "longest time without a write, at any")
    assert "NOT REACHED" in line(shown(*runs("stop-hub", {"hurt_failed_reads": 1})), "failed reads")


def test_what_never_came_back_reaches_no_target():
    text = shown(*runs("blackout", {"recovered_s": 12.0}, {"recovered_s": None}))
    assert "down ×1 12.00 (12.00)" in line(text, "festning")
    assert "NOT REACHED" in line(text, "serving again after power returned")
    assert "NOT REACHED" in line(text, "runs that did not come back")
    assert "REACHED" not in line(shown(*runs("blackout", {"recovered_s": 45.0})), "serving again").replace(
        "reached", ""
    )


def test_a_lost_write_cannot_be_overlooked():
    text = shown(*runs("random", {}, {"lost": 2, "about": "kill-database and stop-hub"}))
    loud = "!!! festning random run 2 (kill-database and stop-hub): 2 ACKNOWLEDGED WRITES ARE LOST"
    assert text.splitlines().count(loud) == 2, "above and below the table"
    assert "NOT REACHED" in line(text, "acknowledged writes lost")


def test_a_run_whose_fault_was_not_seen_says_nothing_but_what_is_lost():
    text = shown(*runs("kill-database", {"write_gap_s": 0.2}, {"write_gap_s": 9.0, "fault_observed": False, "lost": 1}))
    assert "0.20 (0.20)" in line(text, "festning")
    assert " reached" in line(text, "longest time without a write")
    assert "the fault was not seen in run 2" in text
    assert "NOT REACHED" in line(text, "acknowledged writes lost")


def test_what_was_not_measured_is_said():
    text = shown(*runs("isolate-writer", {"minority": None, "open_checks": ("minority: nothing was sent",)}))
    assert "not measured" in line(text, "runs in which a minority acknowledged a write")
    assert "a history could not be judged in run 1: minority: nothing was sent" in text


def test_what_bounds_a_figure_is_said_where_it_is_not_reached():
    text = shown(*runs("cut-edge", {"hurt_gap_s": 8.0}))
    assert re.search(r"hurt door +8.00 s +≤ 1 +NOT REACHED; a door without power", text)
    assert "without power answers" not in shown(*runs("cut-edge", {"hurt_gap_s": 0.9}))


def test_a_load_that_was_late_is_told_beside_what_it_measured():
    figures = ({"write_gap_s": 0.4, "load_late_s": 0.02}, {"write_gap_s": 1.0, "load_late_s": 0.95})
    text = shown(*runs("rolling-restart", *figures))
    assert "0.95 s late in run 2" in text
    assert "in run 1" not in text


def test_rows_without_runs_are_left_out():
    assert table([Row("stop-hub", ())], lambda _stack, _drill: [], "festning", "2014").count("stop-hub") == 0


def test_a_run_is_told_in_a_line_with_its_reasons():
    text = line_of(run(recovered_s=None, reasons=("core1: database: not seen",), fault_observed=False))
    assert "STAYS DOWN" in text
    assert "THE FAULT WAS NOT SEEN" in text
    assert text.endswith("\n      core1: database: not seen")
