"""What the edges' bench makes of its measurements, and the ground that a hub stands on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.edges import grow, hub, scale
from bench.edges.ground import HUB_SIDE, declared, ground
from bench.figures import Run, Series


def grown(edges: int, cpu_s: float) -> grow.Grown:
    return grow.Grown(edges, Series("plan", (Run(1.0, cpu_s, 90.0),)))


def test_growth_is_told_by_what_one_edge_more_costs():
    (linear,) = grow.growth([grown(2, 0.52), grown(10, 0.6), grown(50, 1.0)])
    assert linear.value == pytest.approx(1.0)
    assert linear.reached
    (square,) = grow.growth([grown(2, 0.504), grown(10, 0.6), grown(50, 3.0)])
    assert square.value == pytest.approx(5.0)
    assert not square.reached
    assert grow.growth([grown(2, 0.5)]) == []


def test_checks_that_are_not_well_are_named():
    checks = [
        {"verdict": verdict, "host": "edge1", "id": f"openvpn.{verdict}", "measured": 1, "expected": "2 links"}
        for verdict in ("pass", "waived", "fail", "unknown")
    ]

    assert grow.told(grow.counted(checks)) == "1 fail, 1 pass, 1 unknown, 1 waived"
    assert grow.not_well(checks) == [
        "  fail  edge1  openvpn.fail: 1, expected 2 links",
        "  unknown  edge1  openvpn.unknown: 1, expected 2 links",
    ]


def test_a_table_has_what_an_edge_costs():
    text = grow.table([grown(2, 0.5), grown(50, 1.0)], 5)
    assert "250 ms" in text
    assert "20 ms" in text


def test_a_processor_that_is_half_busy_would_carry_twice_as_much():
    one = hub.Carried(processes=1, toward="edge to core", mbps=300, busy=0.5)
    assert one.mbps_of_a_processor == 600
    assert "600 Mb/s" in hub.carried_line(one)


def test_an_idle_edge_is_told_in_thousandths_of_a_processor():
    one = hub.Crowd(edges=200, connected_s=9, join_ms=4, idle_share=0.02, hub_kib=180, edge_mib=2)
    assert one.idle_permille == pytest.approx(0.1)
    assert "0.10 ‰" in hub.crowd_line(one)


@pytest.mark.parametrize(
    ("line", "word"),
    [('{"said": "done", "seconds": 12}\n', "done"), ("12:00:01 edge: keep\n", None), ("[1]", None), ("{}", None)],
)
def test_the_words_of_a_watch_are_told_from_other_lines(line: str, word: str | None):
    assert scale.word_of(line) == word


def test_a_ground_has_room_for_a_thousand_edges():
    fortress = declared(1000, 4)
    assert len(fortress.edges) == 1000
    assert all(host.address is not None for host in fortress.edges)
    assert fortress.bridge.processes == 4


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None or not Path("/dev/net/tun").exists(),
    reason="needs root, iproute2 and /dev/net/tun",
)
def test_edges_join_both_processes_of_a_hub_and_nothing_is_left(image_copy, tmp_path_factory):
    """As the bench does it: each edge at its own process, and killing one process hurts its own edges alone."""
    assert image_copy  # Where there is no image to take OpenVPN from, this is skipped.
    with hub.temporary() as folder:
        with ground(folder, 4, 2) as made:
            first, second = made.start_hub()
            made.add_side(hub.CROWD_SIDE)
            for edge in made.fortress.edges:
                made.start_edge(edge, hub.CROWD_SIDE)
            made.await_connected(4, 60)
            assert [len(made.hosts_at(server)) for server in made.servers] == [2, 2]
            before = made.hosts_at(made.servers[0])
            made.kill(second)
            assert made.hosts_at(made.servers[0]) == before == {"edge1", "edge3"}
            assert Path(f"/proc/{first}").exists()
        listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
        assert HUB_SIDE not in listed
        assert hub.CROWD_SIDE not in listed
