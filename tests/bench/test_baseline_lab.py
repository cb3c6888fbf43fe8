"""The stack of 2014 on machines: it works, with the settings in force that its files have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.baseline.raising import Baseline, raise_baseline
from festning.providers.lab.requirements import why_not
from tests.conftest import LAB_NAME

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Baseline]:
    reason = why_not()
    if reason:
        pytest.skip(f"this machine cannot boot a lab: {reason}")
    with raise_baseline(tmp_path_factory.mktemp("baseline"), f"{LAB_NAME}-2014") as raised:
        yield raised


def said(baseline: Baseline, host: str, script: str) -> str:
    return baseline.stage.on_host(host, "sh", "-c", script).decode().strip()


def variable(baseline: Baseline, host: str, name: str) -> str:
    return said(baseline, host, f"mariadb --skip-column-names --batch --execute 'SELECT @@global.{name}'")


def test_an_order_at_either_door_is_on_both_data_nodes(baseline: Baseline):
    for number, door in enumerate(("core1", "core2")):
        assert baseline.order(door, f"test-{number}") == "201"
        assert baseline.copies(f"test-{number}") == {"core1": "1", "core2": "1"}


@pytest.mark.parametrize(
    ("host", "address"),
    [("core1", ".1"), ("edge1", ".2"), ("edge2", ".3"), ("core2", ".5"), ("arbiter", ".6")],
)
def test_every_host_has_the_address_of_the_document(baseline: Baseline, host: str, address: str):
    assert f" 10.8.0{address}/24 " in said(baseline, host, "ip -4 -oneline address show dev tun0")


def test_the_tunnel_carries_what_2014_agreed_on(baseline: Baseline):
    for host in ("core2", "arbiter", "edge1", "edge2"):
        log = said(baseline, host, "journalctl --unit=openvpn@client --output=cat")
        assert "Data Channel: cipher 'AES-256-CBC', auth 'SHA1'" in log, log
        assert "compression: 'lzo'" in log, log
        assert "Timers: ping 10, ping-restart 120" in log, log


def test_galera_has_its_own_defaults(baseline: Baseline):
    for host in ("core1", "core2"):
        options = variable(baseline, host, "wsrep_provider_options")
        assert "evs.suspect_timeout = PT5S" in options
        assert "gcs.fc_limit = 16" in options
        assert variable(baseline, host, "innodb_flush_log_at_trx_commit") == "1"
        assert variable(baseline, host, "innodb_doublewrite") in ("ON", "1")


def test_robots_by_name_are_refused(baseline: Baseline):
    shop = baseline.layout.shop.host
    address = baseline.fortress.host("core1").address
    options = f"--silent --output /dev/null --write-out '%{{http_code}}' --insecure --header 'Host: {shop}'"
    ask = f"curl {options} https://{address}/"
    assert said(baseline, "client", ask) == "403"
    assert said(baseline, "client", f"{ask} --user-agent Firefox") == "200"
