"""A hub of several processes: each has its own edges, and nothing of the others'; one process is as it always was."""

from dataclasses import replace

import pytest

from festning.model.bridge import Bridge
from festning.model.catalog import Directory, Drain, File, Unit
from festning.model.check import Output, Verdict
from festning.systems.openvpn import layout
from festning.systems.openvpn.catalog import catalog
from festning.systems.openvpn.checks import checks
from festning.systems.openvpn.flows import flows
from tests.systems.openvpn.test_openvpn_catalog import files, routes
from tests.systems.openvpn.test_openvpn_checks import STATUS


@pytest.fixture
def two(fortress):
    return replace(fortress, bridge=Bridge(processes=2))


def items(fortress, host, kind):
    return [item for item in catalog(fortress, fortress.host(host)).items if isinstance(item, kind)]


def test_each_edge_has_a_process_and_everything_else_has_the_first(two):
    first, second = layout.servers(two, two.host("core1"))
    assert [client.name for client in first.clients] == ["core2", "arbiter", "edge1"]
    assert [client.name for client in second.clients] == ["edge2"]
    assert [server.name for server in layout.servers(two, two.host("arbiter"))] == ["hub"]
    assert layout.servers(two, two.host("edge1")) == ()


def test_processes_share_nothing_but_the_hubs_own_key(two):
    first, second = layout.servers(two, two.host("core1"))
    for what in ("port", "device", "links", "config", "clients_folder", "unit", "status", "network"):
        assert getattr(first, what) != getattr(second, what)
    config = files(two, "core1")[second.config].content
    assert "\nport 1195\n" in config
    assert "\ndev fst-hub-b\n" in config
    assert "\nifconfig 10.8.17.1 255.255.255.0\n" in config
    assert f"client-config-dir {second.clients_folder}\n" in config
    assert "status /run/openvpn-server/status-hub-b.log 1\n" in config
    assert layout.HUB_TLS_CRYPT in config
    assert files(two, "core1")[f"{second.clients_folder}/edge2"].content.endswith(
        "ifconfig-push 10.8.17.17 255.255.255.0\niroute 10.8.0.17 255.255.255.255\n"
    )
    assert f"{first.clients_folder}/edge2" not in files(two, "core1")
    assert {directory.path for directory in items(two, "core1", Directory) if directory.purge} == {
        layout.MATERIAL,
        first.clients_folder,
        second.clients_folder,
    }


def test_a_second_process_changes_no_line_that_the_first_runs_with(fortress, two):
    """So it goes on when a second one comes, and the database's members with it."""
    before, after = files(fortress, "core1"), files(two, "core1")
    for path in ("/etc/openvpn/server/hub.conf", layout.drop_in("openvpn-server@hub.service")):
        assert before[path].content == after[path].content
    for host in ("arbiter", "edge1"):
        assert files(fortress, host) == files(two, host)


def test_each_process_is_a_unit_with_its_own_device_and_drain(two):
    units = [unit.name for unit in items(two, "core1", Unit)]
    assert units[:2] == ["openvpn-server@hub.service", "openvpn-server@hub-b.service"]
    text = files(two, "core1")[layout.drop_in("openvpn-server@hub-b.service")].content
    assert "hub-farewell stop fst-hub-b\n" in text
    drains = {drain.units[0]: drain for drain in items(two, "core1", Drain)}
    assert "edge2=10.8.0.17" in drains["openvpn-server@hub-b.service"].end
    assert "edge1" not in drains["openvpn-server@hub-b.service"].end
    assert len({drain.name for drain in drains.values()}) == len(drains)


def test_routes_follow(two):
    assert routes(two, "core1")["10.8.0.16/32"] == {"fst-hub": 1}
    assert routes(two, "core1")["10.8.0.17/32"] == {"fst-hub-b": 1}
    assert routes(two, "edge1")["10.8.0.1/32"] == {"fst-hub1": 1}
    assert list(routes(two, "edge2")["10.8.0.1/32"]) == ["fst-hub1-b"]
    assert routes(two, "core1")["10.8.0.2/32"] == {"fst-hub2": 2, "fst-hub": 99}


def test_each_port_is_for_the_hosts_of_its_process_alone(two):
    found = {(flow.target, flow.port): flow.sources for flow in flows(two)}
    assert found[("core1", 1194)] == ("core2", "arbiter", "edge1")
    assert found[("core1", 1195)] == ("edge2",)
    assert ("arbiter", 1195) not in found


@pytest.mark.parametrize(("processes", "beside", "answered"), [(1, 2, "fst-hub"), (2, 1, "fst-hub-b")])
def test_an_edge_that_moves_has_both_links_and_is_answered_over_one(fortress, processes, beside, answered):
    moving = replace(fortress, bridge=Bridge(processes=processes, beside=beside))
    assert [link.device for link in layout.links(moving, moving.host("edge2"))[:2]] in (
        ["fst-hub1", "fst-hub1-b"],
        ["fst-hub1-b", "fst-hub1"],
    )
    for server in layout.servers(moving, moving.host("core1")):
        assert f"{server.clients_folder}/edge2" in files(moving, "core1")
    assert routes(moving, "core1")["10.8.0.17/32"] == {answered: 1}
    assert len(layout.links(moving, moving.host("edge1"))) == 2
    names = [drain.name for drain in items(moving, "edge2", Drain)]
    assert len(set(names)) == len(names) == 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Bridge(), Bridge(processes=1, beside=2)),
        (Bridge(processes=1, beside=2), Bridge(processes=2, beside=1)),
        (Bridge(processes=2, beside=1), Bridge(processes=2)),
    ],
)
def test_no_step_of_a_move_changes_a_file_that_restarts_what_runs_in_both(fortress, before, after):
    """What is there before and after a step runs through it, on every host, whichever way one goes."""
    for host in fortress.hosts:
        old, new = (files(replace(fortress, bridge=bridge), host.name) for bridge in (before, after))
        for path in old.keys() & new.keys():
            if not path.endswith(".network"):
                assert old[path].content == new[path].content, (host.name, path)


def test_an_edges_routes_are_the_same_however_many_links_it_has_beside(fortress):
    """A link that comes or goes must not have the other one configured anew."""
    moving = files(replace(fortress, bridge=Bridge(processes=1, beside=2)), "edge2")
    for bridge in (Bridge(), Bridge(processes=2)):
        for path, file in files(replace(fortress, bridge=bridge), "edge2").items():
            if path.endswith(".network"):
                assert moving[path].content == file.content


def test_links_to_one_hub_have_metrics_of_their_own_below_those_of_openvpn(fortress):
    wide = replace(fortress, bridge=Bridge(processes=16, beside=15))
    for edge in fortress.edges:
        for metrics in routes(wide, edge.name).values():
            assert len(set(metrics.values())) == len(metrics)
            assert max(metrics.values()) < 100


def test_each_process_is_checked_for_exactly_its_hosts(two):
    found = {spec.id: spec for spec in checks(two) if spec.host == "core1"}
    assert "status-hub-b.log" in found["openvpn.hub-b"].probes[0].script
    edge2 = next(line for line in STATUS.splitlines() if line.startswith("CLIENT_LIST,edge2"))
    second = "\n".join(line for line in STATUS.splitlines() if "CLIENT_LIST," not in line[:12] or line == edge2)

    def judged(id_, text):
        return found[id_].judge((Output(status=0, stdout=text, stderr="", seconds=1.0),))

    assert judged("openvpn.hub-b", second).verdict is Verdict.PASS
    assert "not declared: " in judged("openvpn.hub-b", STATUS).reason
    assert "not declared: edge2" in judged("openvpn.hub", STATUS).reason
    assert judged("openvpn.hub", STATUS.replace(f"{edge2}\n", "")).verdict is Verdict.PASS


def test_a_links_check_asks_the_process_that_it_leads_to(two):
    (spec,) = (s for s in checks(two) if (s.id, s.host) == ("openvpn.tunnel.core1", "edge2"))
    assert "-I fst-hub1-b 10.8.17.1\n" in spec.probes[0].script


def test_files_of_a_process_are_never_another_ones(fortress):
    many = replace(fortress, bridge=Bridge(processes=16))
    paths = [item.path for host in many.hosts for item in catalog(many, host).items if isinstance(item, File)]
    per_host = [item.path for item in catalog(many, many.host("core1")).items if isinstance(item, File)]
    assert paths
    assert len(per_host) == len(set(per_host))
