"""What an edge has to do, read from what its HAProxy really printed (3.0.11, an edge of the lab under load)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.systems.haproxy.greeting import parse_greetings
from festning.systems.haproxy.probes.traffic import counted, took
from festning.systems.haproxy.traffic import Traffic, p99, parse_reading, probe, traffic

TOLD = (Path(__file__).parent / "haproxy_told.json").read_text()

LOG = (Path(__file__).parent / "haproxy_edge.log").read_text()
"""Lines of that edge's journal, and some with other ends."""


def test_what_the_edge_counts_is_what_it_decrypts_and_what_it_relays() -> None:
    reading = parse_reading(TOLD)
    assert (reading.process, reading.uptime) == (369, 486)
    assert reading.requests == 2104 + 2, "behind TLS, and sent to TLS"
    assert reading.connections == 146, "of the shop, which it cannot read"
    assert sum(reading.took.values()) == 2248


def test_two_readings_are_a_rate() -> None:
    before = parse_reading(TOLD)
    now = replace(before, at=before.at + 10, uptime=before.uptime + 10, requests=before.requests + 300, took={3: 320})
    now = replace(now, connections=before.connections + 20)
    assert traffic(before, now) == Traffic(32.0, 3.0)
    assert traffic(None, now) == Traffic()


def test_an_haproxy_that_was_begun_anew_tells_no_rate() -> None:
    before = parse_reading(TOLD)
    later = replace(before, at=before.at + 10, uptime=before.uptime + 10)
    assert traffic(before, later).requests == 0
    assert traffic(before, replace(later, process=370)) == Traffic(), "a reload"
    assert traffic(before, replace(later, uptime=3)) == Traffic(), "a reboot, with the same process number"
    assert traffic(before, replace(later, at=before.at + 0.1)) == Traffic(), "too soon after the last"


@pytest.mark.parametrize(
    "text", ["", "null", "{}", "[1]", '{"at": 1}', TOLD.replace("Uptime_sec", "Downtime"), TOLD[:999]]
)
def test_what_is_no_reading_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_reading(text)


def test_how_long_it_took_is_until_the_answer_begins() -> None:
    lines = LOG.splitlines()
    assert [took(line) for line in lines] == [5, None, None, None, 7, 8, None, None]
    assert counted(lines) == {5: 1, 7: 1, 8: 1}


@pytest.mark.parametrize(
    ("end", "milliseconds"),
    [
        ("service_www/edge1 wait=0 connect=0 answer=-1 total=30001 retries=0 sH-- TLSv1.3", 30001),
        ("service_www/edge1 wait=0 connect=0 answer=-1 total=200 retries=0 CH-- TLSv1.3", None),
        ("service_www/edge1 wait=12 connect=3 answer=5 total=21 retries=+1 ---- TLSv1.3", 20),
        ("relay_shop/core1 in=0 out=0 wait=0 connect=-1 total=1502 retries=3 sC", 1502),
        ("relay_shop/core1 in=0 out=0 wait=0 connect=-1 total=12 retries=0 CC", None),
    ],
)
def test_an_answer_that_never_came_took_as_long_as_it_was_waited_for(end: str, milliseconds: int | None) -> None:
    assert took(f"198.18.0.0 www.nordlys.example GET / 504 0 bytes {end}") == milliseconds


def test_nothing_that_a_visitor_asks_for_is_taken_for_a_figure() -> None:
    asked = "/a/b%20wait=1%20connect=1%20answer=99999%20total=99999%20retries=0%20----"
    line = f"198.18.0.0 www.nordlys.example GET {asked} 200 9 bytes service_www/edge1 wait=0 connect=0 answer=2 total=2"
    assert took(f"{line} retries=0 ---- TLSv1.3") == 2


@given(st.dictionaries(st.integers(0, 40_000), st.integers(1, 500), min_size=1))
def test_99_of_100_are_within_it_and_no_more_than_need_be(found: dict[int, int]) -> None:
    within = p99(found)
    assert within in found
    total = sum(found.values())
    assert sum(many for took, many in found.items() if took <= within) >= 0.99 * total
    assert sum(many for took, many in found.items() if took < within) < 0.99 * total


def test_without_an_answer_there_is_no_latency() -> None:
    assert p99({}) is None


def test_the_probe_reads_no_more_of_the_log_than_is_new() -> None:
    assert "SINCE = 0.0" in probe("edge1", None).script
    assert "SINCE = 1795703816.5" in probe("edge1", 1795703816.5).script
    assert "SOCKET = '/run/haproxy/admin.sock'" in probe("edge1", None).script


def test_no_address_of_a_visitor_leaves_the_edge() -> None:
    assert "198.18." not in TOLD
    assert set(json.loads(TOLD)) == {"at", "since", "told", "took"}


def test_greetings_that_cannot_be_read_are_of_nobody() -> None:
    assert parse_greetings('{"edge1": true, "edge2": false}') == {"edge1": True, "edge2": False}
    assert parse_greetings(None) == parse_greetings("nonsense") == parse_greetings("[]") == {}
