"""How long is waited: never for ever, and never all at once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.providers.cloud.conftest import Time

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that is busy with other things, too."""


def test_pauses_grow_to_a_limit_and_end() -> None:
    time = Time()
    patience = time.patience(tries=9)
    tried = 1
    while patience.pause(tried, 0.0):
        tried += 1
    assert time.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


@patiently
@given(st.floats(0, 1), st.integers(1, 6), st.floats(0, 120))
def test_chance_takes_off_half_at_most_and_the_provider_is_believed(chance: float, tried: int, asked: float) -> None:
    time = Time()
    assert replace(time.patience(), chance=lambda: chance).pause(tried, asked)
    full = min(2.0 ** (tried - 1), 30.0)
    assert max(full / 2, asked) <= time.slept[0] <= max(full, asked)


def test_looking_ends_in_time() -> None:
    time = Time()
    assert time.patience().until(lambda: None, 10.0) is None
    assert 10.0 <= time.now <= 13.0
    assert time.patience().until(lambda: time.now if time.now > 20 else None, 60.0) == time.now
    assert time.patience().until(lambda: "at once", 0.0) == "at once"
