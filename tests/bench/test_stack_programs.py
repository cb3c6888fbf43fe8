"""What is made of what the measuring programs print, and what they are given to do."""

from __future__ import annotations

import json

import pytest

from bench.stack.bridge import base_chains, median_ms, received_mbps
from bench.stack.edges import Cost, busy_of, table
from bench.stack.visits import Ask, p99_ms, rate, script
from bench.stack.writes import rows_per_second
from bench.stage import RunError
from festning.model.drill import Fate, Kind, Outcome
from tests.bench.baseline_example import fortress

SHOP = next(service for service in fortress().services if service.probe)


def test_goodput_is_what_was_received():
    told = {"end": {"sum_sent": {"bits_per_second": 9e8}, "sum_received": {"bits_per_second": 2.5e8}}}
    assert received_mbps(json.dumps(told).encode()) == 250
    with pytest.raises(RunError, match="iperf3: the server is busy"):
        received_mbps(b'{"error": "the server is busy"}')


def test_a_round_trip_is_the_median_of_all():
    output = "\n".join(f"64 bytes from 10.8.0.1: icmp_seq=1 ttl=64 time={ms} ms" for ms in ("0.3", "9.0", "0.4"))
    assert median_ms(output) == 0.4
    with pytest.raises(RunError, match="heard nothing"):
        median_ms("3 packets transmitted, 0 received")


def test_only_chains_that_see_what_a_host_gets_or_sends_are_opened():
    chains = [
        {"family": "inet", "table": "festning", "name": "input", "hook": "input"},
        {"family": "inet", "table": "festning", "name": "from_bridge"},
        {"family": "inet", "table": "festning", "name": "forward", "hook": "forward"},
        {"family": "bridge", "table": "other", "name": "input", "hook": "input"},
    ]
    listing = {"nftables": [{"metainfo": {}}, *({"chain": chain} for chain in chains)]}
    assert base_chains(listing) == [("inet", "festning", "input", "input")]


def test_wrk_goes_straight_to_each_door_with_a_number_of_its_own():
    ask = Ask(service=SHOP, method="POST", path="/orders?number={token}")
    text = script(["198.18.1.2", "198.18.1.3"], ask, "bench-1")
    assert 'local doors = { "198.18.1.2", "198.18.1.3" }' in text
    assert f'wrk.headers["Host"] = "{SHOP.host}"' in text
    assert 'string.gsub("/orders?number={token}", "{token}", "bench-1" .. mine .. "-" .. count)' in text
    assert 'wrk.format("POST", path)' in text
    assert "{{" not in text


def test_a_rate_counts_good_answers_only():
    said = "Running 6s test\nlots of words\n"
    told = {"answers": 1000, "refusals": 8, "unanswered": 0, "us": 2_000_000, "p99_us": 41_500}
    found = rate(said + json.dumps(told))
    assert (found.per_second, found.p99_ms) == (496.0, 41.5)
    assert rate(said + json.dumps({**told, "unanswered": 2})).per_second == 496
    with pytest.raises(RunError, match="12 of 1004 requests had no good answer"):
        rate(said + json.dumps({**told, "unanswered": 4}))
    with pytest.raises(RunError, match="0 of 0"):
        rate(json.dumps({**told, "answers": 0, "refusals": 0}))


def outcomes(*latencies: float, bad: int = 0) -> list[Outcome]:
    good = [Outcome(door="edge1", kind=Kind.READ, due=1.0, ended=1.0 + latency, fate=Fate.OK) for latency in latencies]
    return good + [Outcome(door="edge1", kind=Kind.READ, due=1.0, ended=2.0, fate=Fate.FAILED, why="cut")] * bad


def test_the_99th_percentile_counts_from_when_requests_were_due():
    assert p99_ms(outcomes(*(0.001 * number for number in range(1, 101)))) == pytest.approx(99.0)
    with pytest.raises(RunError, match="2 of 12 requests at a fixed rate had no good answer: cut"):
        p99_ms(outcomes(*[0.01] * 10, bad=2))
    with pytest.raises(RunError, match="nothing was asked"):
        p99_ms([])


def test_rows_a_second_are_reckoned_from_what_slap_says():
    assert rows_per_second("Benchmark\n\tAverage number of seconds to run all queries: 8.000 seconds\n") == 500
    with pytest.raises(RunError, match="did not say"):
        rows_per_second("Access denied")


def test_busy_processors_are_counted_from_two_looks():
    assert busy_of((100, 1000, 2), (150, 1100, 2)) == 1.0
    assert busy_of((100, 1000, 2), (100, 1000, 2)) == 0.0


def test_one_more_edge_is_an_average_over_all_of_them():
    def cost(edges: int) -> Cost:
        return Cost(
            edges=edges,
            tunnels=4 + 2 * edges,
            memory_mib=500 + 20.0 * edges,
            edge_mib=19,
            idle_cores=0.1 + 0.02 * edges,
            reads_per_second=300 - edges,
        )

    text = table([cost(1), cost(2), cost(8)])
    assert "one more edge: 2.0 tunnels, 20 MiB, 0.020 cores with nobody there; -1 reads/s" in text
    assert "one more edge" not in table([cost(1)])
