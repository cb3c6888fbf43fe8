"""What is made of measurements."""

from __future__ import annotations

from bench.figures import Bar, Run, Series, table, times_faster


def series(name: str, *walls: float) -> Series:
    return Series(name, tuple(Run(wall, wall / 2, 40.0 + wall) for wall in walls))


def test_a_median_is_not_moved_by_one_slow_run():
    measured = series("plan", 1.0, 1.2, 9.0, 1.1, 1.3)
    assert measured.median_s == 1.2
    assert measured.spread_s == (1.0, 9.0)
    assert measured.cpu_s == 0.6
    assert measured.peak_mib == 49.0


def test_faster_is_how_often_the_fast_one_goes_into_the_slow_one():
    assert times_faster(series("fast", 2.0), series("slow", 9.0)) == 4.5


def test_bars_are_reached_from_the_right_side():
    assert Bar("times faster", 4.0, 4, "×", at_least=True).reached
    assert not Bar("times faster", 3.99, 4, "×", at_least=True).reached
    assert Bar("seconds", 3.0, 3, "s").reached
    assert not Bar("seconds", 3.01, 3, "s").reached
    assert "NOT REACHED" in Bar("seconds", 3.01, 3, "s").line()


def test_a_table_tells_each_ones_ratio_to_the_first():
    text = table("a look", [series("festning", 1.0), series("pyinfra", 5.0)], series("festning", 1.0))
    assert "1.00×" in text
    assert "5.00×" in text
