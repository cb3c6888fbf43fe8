"""Two stacks beside each other."""

from __future__ import annotations

from bench.stack import comparison
from bench.stack.comparison import FIGURES, GOALS, Goal, bars, table

MINE = {"reads, closed loop": [300.0, 330.0, 310.0], "reads, fixed rate, p99": [6.0]}
OTHER = {"reads, closed loop": [100.0, 100.0, 500.0], "reads, fixed rate, p99": [10.0]}


def line(text: str, start: str) -> str:
    (found,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return found


def test_a_ratio_is_of_medians():
    (reads, p99) = bars(MINE, OTHER)
    assert (reads.name, round(reads.value, 2), reads.reached) == ("reads a second", 3.1, True)
    assert (p99.name, p99.value, p99.reached) == ("p99 of reads at a fixed rate", 0.6, False)


def test_what_was_not_measured_on_both_is_not_judged():
    assert bars(MINE, {}) == []
    assert bars({}, OTHER) == []


def test_the_best_mtu_is_set_beside_the_only_one_of_2014():
    goal = next(goal for goal in GOALS if goal.beside)
    bar = goal.bar({comparison.LARGE_GOODPUT.name: [500.0]}, {comparison.GOODPUT.name: [200.0]})
    assert bar is not None
    assert (bar.value, bar.reached) == (2.5, True)


def test_every_goal_is_about_a_figure_that_there_is():
    names = {figure.name for figure in FIGURES}
    assert all({goal.figure, goal.beside or goal.figure} <= names for goal in GOALS)
    assert len(names) == len(FIGURES)


def test_the_table_has_both_medians_with_their_spreads_and_the_ratio():
    text = table("festning", "2014", {"festning": MINE, "2014": OTHER})
    reads = line(text, "reads, closed loop ")
    for cell in ("310 /s (300–330)", "100 /s (100–500)", "3.10×"):
        assert cell in reads
    assert "NOT REACHED" in line(text, "p99 of reads")
    assert "writes" not in text


def test_one_stack_alone_makes_a_table_without_ratios():
    text = table("festning", "2014", {"festning": MINE})
    assert "310 /s" in line(text, "reads, closed loop ")
    assert "×" not in text


def test_a_database_is_set_beside_a_lone_one():
    taken = {comparison.ROWS.name: [500.0, 600.0], comparison.LONE_ROWS.name: [1100.0]}
    text = table("festning", "2014", {"festning": taken})
    assert line(text, "festning:") == "  festning: 0.50 × the rows of a lone MariaDB with the same durability"


def test_at_most_is_judged_the_other_way():
    bar = Goal(what="", figure="p99", limit=0.5, at_least=False).bar({"p99": [4.0]}, {"p99": [10.0]})
    assert bar is not None
    assert bar.reached
