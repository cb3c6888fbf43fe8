"""The ground's specifics that other rooms and real hosts depend on."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from festning.model.catalog import File, Package, Unit
from festning.systems.base.catalog import catalog
from festning.systems.base.flows import flows


def files(fortress, name="core1"):
    return {item.path: item for item in catalog(fortress, fortress.host(name)).items if isinstance(item, File)}


def test_the_bridge_address_is_on_the_loopback_and_the_rest_of_the_pool_is_unreachable(fortress):
    text = files(fortress)["/etc/systemd/network/10-festning-lo.network"].content
    assert "Address=10.8.0.1/32\n" in text
    route = text.split("[Route]")[1]
    assert "Type=unreachable" in route
    assert "Destination=10.8.0.0/16" in route


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("core1", ["core1", "core2", "arbiter", "edge1", "edge2"]),
        ("edge1", ["edge1", "core1", "core2"]),
    ],
)
def test_names_are_those_that_the_host_can_reach(fortress, host, names):
    lines = files(fortress, host)["/etc/hosts"].content.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("10.8.")] == names
    assert "127.0.0.1\tlocalhost" in lines
    assert any(line.startswith("::1\tlocalhost") for line in lines)


def test_no_host_forwards(fortress):
    for host in fortress.hosts:
        settings = files(fortress, host.name)["/etc/sysctl.d/60-festning.conf"].content
        assert "net.ipv4.ip_forward = 0\n" in settings
        assert "net.ipv4.ip_nonlocal_bind = 1\n" in settings
        assert "net.ipv4.conf.all.rp_filter = 2\n" in settings


def test_every_sysctl_line_is_a_setting_of_systemd_sysctl(fortress):
    lines = files(fortress)["/etc/sysctl.d/60-festning.conf"].content.splitlines()
    settings = [line for line in lines if line and not line.startswith("#")]
    assert len(settings) > 10
    for line in settings:
        key, equals, value = line.removeprefix("-").partition(" = ")
        assert equals, line
        assert key.replace(".", "").replace("_", "").isalnum(), line
        assert value.isdigit(), line


def test_networkd_leaves_other_programs_routes_alone(fortress):
    text = files(fortress)["/etc/systemd/networkd.conf.d/festning.conf"].content
    assert "ManageForeignRoutes=no" in text
    assert "ManageForeignRoutingPolicyRules=no" in text
    matched = [text for path, file in files(fortress).items() if path.endswith(".network") for text in [file.content]]
    assert all("Name=lo\n" in text for text in matched)


def test_ssh_takes_keys_only_and_its_file_is_validated(fortress):
    file = files(fortress)["/etc/ssh/sshd_config.d/10-festning.conf"]
    assert "PasswordAuthentication no" in file.content
    assert "PermitRootLogin prohibit-password" in file.content
    assert file.validate == ("/usr/sbin/sshd", "-t")


def test_root_does_not_log_in_where_another_user_administrates(fortress):
    other = replace(fortress, admin=replace(fortress.admin, ssh_user="ops"))
    assert "PermitRootLogin no" in files(other)["/etc/ssh/sshd_config.d/10-festning.conf"].content


def test_sshd_accepts_its_file(fortress, tmp_path, program):
    key = tmp_path / "key"
    subprocess.run([*program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    config = tmp_path / "sshd_config"
    config.write_text(files(fortress)["/etc/ssh/sshd_config.d/10-festning.conf"].content + f"HostKey {key}\n")
    told = subprocess.run([*program("sshd"), "-T", "-f", config], capture_output=True, text=True, check=False)
    if "privilege separation directory" in told.stderr:
        pytest.skip("sshd has never run here: /run/sshd is missing")
    assert told.returncode == 0, told.stderr
    assert "maxstartups 64:30:256" in told.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_journald_and_networkd_files_are_sections_with_settings(fortress):
    for path, file in files(fortress).items():
        if not path.startswith("/etc/systemd/"):
            continue
        body = [line for line in file.content.splitlines() if line and not line.startswith("#")]
        assert body[0].startswith("["), path
        assert all(line.startswith("[") or "=" in line for line in body), path


def test_the_packages_that_checks_call_are_there(fortress):
    packages = {item.name for item in catalog(fortress, fortress.host("edge1")).items if isinstance(item, Package)}
    assert {"iputils-ping", "openssl", "python3", "systemd-timesyncd"} <= packages


def test_time_is_kept_by_a_unit(fortress):
    units = {item.name for item in catalog(fortress, fortress.host("edge1")).items if isinstance(item, Unit)}
    assert "systemd-timesyncd.service" in units


def test_ssh_is_open_to_administrators_alone(fortress):
    found = flows(replace(fortress, hosts=(replace(fortress.hosts[0], ssh_port=2222), *fortress.hosts[1:])))
    assert [flow.target for flow in found] == [host.name for host in fortress.hosts]
    assert all(flow.sources == ("admin",) for flow in found)
    assert found[0].port == 2222


def test_packages_of_other_origins_are_forbidden_and_backports_are_not_preferred(fortress):
    text = files(fortress)["/etc/apt/preferences.d/00-festning.pref"].content
    stanzas = [dict(line.split(": ", 1) for line in stanza.splitlines()) for stanza in text.strip().split("\n\n")]
    assert [(one["Pin"], one["Pin-Priority"]) for one in stanzas] == [
        ("release a=*-backports*", "100"),
        ("release o=Debian", "500"),
        ("release o=Ubuntu", "500"),
        ("release *", "-1"),
    ]
    assert len({one["Package"] for one in stanzas}) == 1
