"""The drills on the stack of 2014: where its parts are, and whom they hit."""

from __future__ import annotations

from bench.baseline.layout import lay_out
from bench.failover import baseline_drills
from bench.failover.baseline_side import _restart
from bench.failover.rows import RANDOM, ROWS
from festning.proof.faults.fault import Power, Script
from tests.bench.baseline_example import fortress

LAYOUT = lay_out(fortress())
PARTS = baseline_drills.parts(LAYOUT)


def faults(name: str):
    found = baseline_drills.drill(name).faults(PARTS)
    assert not isinstance(found, str), found
    return [timed.fault for timed in found]


def scripts(name: str) -> list[tuple[str, str]]:
    return [(act.host, act.text) for fault in faults(name) for act in fault.inject if isinstance(act, Script)]


def test_every_drill_of_the_table_has_a_place_on_it():
    for row in ROWS:
        if row.drill != RANDOM:
            assert faults(row.drill)


def test_the_hub_the_writer_and_a_front_door_are_one_host():
    assert PARTS.writer == "core1"
    (fault,) = faults("cut-writer-host")
    assert fault.inject == (Power("core1", on=False),)
    ((host, text),) = scripts("stop-hub")
    assert host == "core1"
    assert "systemctl stop openvpn@server.service" in text


def test_signs_look_at_the_addresses_of_its_tunnel():
    (fault,) = faults("cut-arbiter")
    assert any("-I 10.8.0.1 10.8.0.6" in sign.text for sign in fault.observed)
    (fault,) = faults("isolate-writer")
    assert any("-I 10.8.0.1 10.8.0.5" in sign.text or "-I 10.8.0.1 10.8.0.2" in sign.text for sign in fault.observed)


def test_the_front_door_that_dies_is_a_cores_and_the_service_a_web_nodes():
    ((host, text),) = scripts("kill-front-door")
    assert (host, "haproxy.service" in text) == ("core2", True)
    assert faults("kill-front-door")[0].hits == {"core2"}
    ((host, text),) = scripts("kill-service")
    assert (host, "php8.4-fpm.service" in text) == ("edge2", True)


def test_what_holds_is_held_as_long_as_on_festning():
    for name in ("kill-front-door", "kill-service"):
        (mine,) = baseline_drills.by_name(name).faults(PARTS)  # type: ignore[union-attr, misc]
        (timed,) = baseline_drills.drill(name).faults(PARTS)  # type: ignore[misc]
        assert (timed.at_s, timed.hold_s) == (mine.at_s, mine.hold_s)


def test_an_operator_restarts_the_database_before_the_tunnel_and_waits_for_it():
    lines = _restart(LAYOUT, LAYOUT.first).splitlines()
    restarted = [line.removeprefix("systemctl restart ") for line in lines if line.startswith("systemctl restart")]
    assert restarted[-2:] == ["mariadb.service", "openvpn@server.service"]
    assert lines[-2].startswith("until test ")
    assert "Synced" in lines[-2]
    assert "garb.service" in _restart(LAYOUT, LAYOUT.arbitrator)
    assert "mariadb" not in _restart(LAYOUT, LAYOUT.webs[0])
