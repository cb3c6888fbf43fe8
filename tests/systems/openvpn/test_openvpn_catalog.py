"""The bridge's arithmetic on every host: who dials whom, which route is whose, and what each host holds."""

from dataclasses import replace
from ipaddress import IPv4Network, ip_address

import pytest

from festning.errors import CompileError
from festning.model.bridge import Bridge
from festning.model.catalog import Directory, File, Unit
from festning.model.fortress import Role
from festning.model.material import Certificate, TlsCryptClientKey, TlsCryptServerKey
from festning.model.reference import references
from festning.systems.openvpn.catalog import SECOND_METRIC, catalog
from festning.systems.openvpn.flows import flows


def files(fortress, name):
    return {item.path: item for item in catalog(fortress, fortress.host(name)).items if isinstance(item, File)}


def routes(fortress, name):
    """Destination to device to metric, as networkd will set them."""
    found = {}
    for path, file in files(fortress, name).items():
        if not path.endswith(".network"):
            continue
        device = file.content.split("Name=")[1].split()[0]
        for section in file.content.split("[Route]")[1:]:
            settings = dict(line.split("=") for line in section.splitlines() if "=" in line and line[0] != "#")
            assert settings["PreferredSource"] == str(fortress.host(name).bridge)
            assert settings["TCPRetransmissionTimeoutSec"] == "50ms"
            found.setdefault(settings["Destination"], {})[device] = int(settings["Metric"])
    return found


def test_every_host_dials_the_cores_and_the_cores_dial_the_arbiter_as_well(fortress):
    dialled = {
        host.name: sorted(path.rsplit("/", 1)[1] for path in files(fortress, host.name) if "/client/" in path)
        for host in fortress.hosts
    }
    assert dialled == {
        "core1": ["hub2.conf", "hub8.conf"],
        "core2": ["hub1.conf", "hub8.conf"],
        "arbiter": ["hub1.conf", "hub2.conf"],
        "edge1": ["hub1.conf", "hub2.conf"],
        "edge2": ["hub1.conf", "hub2.conf"],
    }


def test_a_hub_knows_exactly_the_others(fortress):
    folder = "/etc/openvpn/server/hub-clients"
    names = {path.removeprefix(f"{folder}/") for path in files(fortress, "core1") if path.startswith(folder)}
    assert names == {"core2", "arbiter", "edge1", "edge2"}
    directories = [item for item in catalog(fortress, fortress.host("core1")).items if isinstance(item, Directory)]
    assert all(directory.purge for directory in directories)
    assert files(fortress, "core1")[f"{folder}/edge2"].content.endswith(
        "ifconfig-push 10.8.1.17 255.255.255.0\niroute 10.8.0.17 255.255.255.255\n"
    )


def test_every_peer_is_routed_over_every_link_that_leads_to_it(fortress):
    assert routes(fortress, "edge1") == {"10.8.0.1/32": {"fst-hub1": 1}, "10.8.0.2/32": {"fst-hub2": 2}}
    assert routes(fortress, "core1") == {
        "10.8.0.2/32": {"fst-hub2": 2, "fst-hub": SECOND_METRIC},
        "10.8.0.8/32": {"fst-hub8": 8, "fst-hub": SECOND_METRIC},
        "10.8.0.16/32": {"fst-hub": 1},
        "10.8.0.17/32": {"fst-hub": 1},
    }


def test_no_two_members_of_the_database_depend_on_one_tunnel(fortress):
    members = (*fortress.cores, *fortress.arbiters)
    for member in members:
        for other in members:
            if other is not member:
                assert len(routes(fortress, member.name)[f"{other.bridge}/32"]) == 2


def test_between_hubs_the_end_that_knows_whether_the_link_is_up_comes_first(fortress):
    for hub, other in (("core1", "core2"), ("core2", "core1"), ("core1", "arbiter"), ("arbiter", "core1")):
        metrics = routes(fortress, hub)[f"{fortress.host(other).bridge}/32"]
        own = f"fst-hub{fortress.host(other).number}"
        assert metrics[own] < metrics["fst-hub"] < 100


def test_no_host_but_a_hub_may_play_one(fortress):
    for host in fortress.hosts:
        (certificate,) = [m for m in catalog(fortress, host).materials if isinstance(m, Certificate)]
        assert certificate.server is (host.role is not Role.EDGE)
        assert certificate.client


def test_each_host_has_its_own_keys_and_no_others(fortress):
    for host in fortress.hosts:
        materials = catalog(fortress, host).materials
        assert {m.hub for m in materials if isinstance(m, TlsCryptServerKey)} <= {host.name}
        assert {m.client for m in materials if isinstance(m, TlsCryptClientKey)} == {host.name}


def test_files_with_secrets_are_for_root_alone_and_every_reference_is_declared(fortress):
    for host in fortress.hosts:
        declared = set()
        for material in catalog(fortress, host).materials:
            declared |= {getattr(material, "key", None), getattr(material, "certificate", None), "ca/bridge"}
        for file in files(fortress, host.name).values():
            assert references(file.content) <= declared
            if file.secret:
                assert (file.mode, file.owner) == (0o600, "root")


def test_no_configuration_compresses_forwards_or_calls_scripts(fortress):
    for host in fortress.hosts:
        for path, file in files(fortress, host.name).items():
            if not path.endswith(".conf") or "/openvpn/" not in path:
                continue
            options = [line.split()[0] for line in file.content.splitlines() if line and line[0] not in "#;"]
            assert "allow-compression" in options
            assert not {"comp-lzo", "compress", "client-to-client", "up", "crl-verify", "persist-tun"} & set(options)
            assert len(options) == len(set(options)), "an option is given twice"


def test_units_start_again_for_ever_and_are_instances_of_debians(fortress):
    units = [item.name for item in catalog(fortress, fortress.host("core1")).items if isinstance(item, Unit)]
    assert units == [
        "openvpn-server@hub.service",
        "openvpn-client@hub2.service",
        "openvpn-client@hub8.service",
    ]
    for unit in units:
        text = files(fortress, "core1")[f"/etc/systemd/system/{unit}.d/festning.conf"].content
        assert "Restart=always" in text
        assert "StartLimitIntervalSec=0" in text
        assert ("hub-farewell stop fst-hub\n" in text) is (unit == "openvpn-server@hub.service")


def test_an_ipv6_hub_is_dialled_over_ipv6_and_takes_both(fortress):
    six = fortress.placed({"core2": ip_address("2001:db8::12")})
    assert "remote 2001:db8::12 1194 udp6" in files(six, "edge1")["/etc/openvpn/client/hub2.conf"].content
    assert "remote 203.0.113.11 1194 udp4" in files(six, "edge1")["/etc/openvpn/client/hub1.conf"].content
    assert "\nproto udp6\n" in files(six, "core2")["/etc/openvpn/server/hub.conf"].content
    assert "\nproto udp4\n" in files(six, "core1")["/etc/openvpn/server/hub.conf"].content, "it may have no IPv6 at all"


def test_a_hub_without_an_address_cannot_be_dialled(fortress):
    unplaced = replace(fortress, hosts=tuple(replace(host, address=None) for host in fortress.hosts))
    with pytest.raises(CompileError, match="no public address") as caught:
        catalog(unplaced, unplaced.host("edge1"))
    assert caught.value.hint


def test_another_pool_and_port_are_followed(fortress):
    moved = replace(fortress, bridge=Bridge(pool=IPv4Network("172.20.0.0/16"), port=443))
    text = "".join(file.content for file in files(moved, "edge1").values())
    assert "Address=172.20.1.16/32\nPeer=172.20.1.1/32\n" in text
    assert "remote 203.0.113.11 443 udp4\n" in text


def test_hubs_are_reached_by_declared_hosts_alone(fortress):
    found = flows(fortress)
    assert [flow.target for flow in found] == ["core1", "core2", "arbiter"]
    assert found[2].sources == ("core1", "core2")
    assert found[0].sources == ("core2", "arbiter", "edge1", "edge2")
