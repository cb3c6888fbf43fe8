"""What would be run, with nothing run."""

from __future__ import annotations

from pathlib import Path

import pytest

from festning.providers.interface import KeyPair
from festning.providers.lab.access import expected_key
from festning.providers.lab.doors import door_command
from festning.providers.lab.launcher import Units, group_hierarchies
from festning.providers.lab.machine import Boot, boot_command, exec_command, is_init
from festning.providers.lab.network import Network, bridge_commands
from festning.providers.lab.placement import Segment, plots_of
from festning.providers.lab.process import Process, start_in, state_in
from festning.providers.lab.seed import digest_of, lab_interface, lay, machine_id, nspawn_name, seed_files

BOOT = Boot(
    name="core1-abcdef",
    hostname="core1",
    bridge="site1",
    image=Path("/images/x"),
    layer=Path("/layers/core1"),
    tree=Path("/run/festning/x/trees/core1"),
    keeper=Path("/run/festning/x/keeper"),
)


def test_a_machine_boots_over_an_overlay_of_its_own_layer():
    command = boot_command(BOOT)
    assert "lowerdir=/images/x,upperdir=/layers/core1/upper,workdir=/layers/core1/work" in command
    assert command[:3] == ["unshare", "--mount", "--propagation"]
    for option in ("--network-bridge=site1", "--machine=core1-abcdef", "--hostname=core1"):
        assert option in command
    assert "--bind=/run/festning/x/devices/tun:/dev/net/tun" in command


def test_commands_enter_the_namespace_by_nsenter():
    assert Network("x").inside(["true"]) == ["nsenter", "--net=/run/netns/festning-x", "--", "true"]


def test_a_bridge_has_the_routers_address_and_a_mac_of_its_own():
    add, address, up = bridge_commands(Segment(10, "oslo"))
    assert "name site10 address 02:66:73:74:00:0a type bridge" in add
    assert address == "address replace 198.18.160.1/20 dev site10"
    assert up == "link set site10 up"


def test_a_door_listens_on_loopback_only_and_proxies_inside():
    command = door_command(Path("/run/netns/festning-x"), 8443, "198.18.16.17")
    assert "--listen=127.0.0.1:8443" in command
    assert command[command.index("nsenter") + 1] == "--net=/run/netns/festning-x"
    assert command[-1] == "198.18.16.17:443"


def test_a_unit_is_delegated_and_in_the_labs_own_slice():
    units = Units("north-star")
    command = units.command("machine-core1", ["true"], "--wait")
    assert units.slice == "festning-north\\x2dstar.slice"
    assert "--unit=festning-north-star-machine-core1.service" in command
    assert "--property=Delegate=yes" in command
    assert command[-3:] == ["--wait", "--", "true"]


def test_a_command_in_a_machine_gets_nothing_of_our_environment():
    command = exec_command(Process(17, 4), ["env"])
    assert command[:3] == ["nsenter", "--target=17", "--all"]
    assert "--ignore-environment" in command
    assert command[-1] == "env"


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", ["/sys/fs/cgroup"]),
        (
            (
                "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
                "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
                "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n"
                "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
            ),
            ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"],
        ),
        ("proc /proc proc rw 0 0", []),
    ],
)
def test_control_groups_are_found_unified_and_hybrid(mounts, found):
    assert [str(path) for path in group_hierarchies(mounts)] == found


@pytest.mark.parametrize("name", ["core1", "e", "edge-number-17.with-a-long-name", "abcd-ef"])
def test_interface_names_fit_and_are_told_apart(name):
    assert len(lab_interface("a-fortress-with-a-long-name", name)) <= 15
    assert nspawn_name("one", name) != nspawn_name("other", name)
    assert "--" not in nspawn_name("one", name)


def test_machine_ids_are_fixed_and_valid():
    assert machine_id("x", "core1") == machine_id("x", "core1") != machine_id("y", "core1")
    assert len(machine_id("x", "core1")) == 32


def test_a_program_with_a_strange_name_is_read_right():
    stat = "4211 (a ) R 9 (b) S 1 4211 4211 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2"
    assert state_in(stat) == "S"
    assert start_in(stat) == 987654


@pytest.mark.parametrize(
    ("status", "init"), [("Name:\tsystemd\nNSpid:\t4211\t1\n", True), ("NSpid:\t1\n", False), ("NSpid:\t9\t4\n", False)]
)
def test_an_init_is_pid_1_of_its_own_namespace_only(status, init):
    assert is_init(status) is init


def test_a_hosts_key_is_found_by_its_whole_address():
    known = "198.18.16.17 ssh-ed25519 AAA\n198.18.16.1 ssh-ed25519 BBB\n"
    assert expected_key(known, "198.18.16.1") == "ssh-ed25519 BBB"
    assert expected_key(known, "198.18.16.9") is None


def test_a_seed_is_laid_with_the_modes_that_its_files_need(fortress, tmp_path):
    plot = plots_of(fortress)[1]
    files = seed_files("labtest", plot, "ssh-ed25519 OPERATOR", KeyPair("HOST KEY", "ssh-ed25519 HOST"))
    lay(files, tmp_path)
    lay(files, tmp_path)
    modes = {path: (tmp_path / path).stat().st_mode & 0o777 for path in ("root", "root/.ssh", "etc", "etc/ssh")}
    assert modes == {"root": 0o700, "root/.ssh": 0o700, "etc": 0o755, "etc/ssh": 0o755}
    assert (tmp_path / "etc/ssh/ssh_host_ed25519_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "etc/hostname").read_text() == "core1\n"
    network = (tmp_path / "etc/systemd/network/10-lab.network").read_text()
    assert "Address=198.18.16.17/20\nGateway=198.18.16.1\n" in network
    assert digest_of(files) == digest_of(files) != digest_of(files[1:])


def test_only_a_bare_machine_is_told_where_packages_come_from(fortress):
    plot = plots_of(fortress)[1]
    whole = seed_files("labtest", plot, "OPERATOR", KeyPair("KEY", "HOST"))
    bare = seed_files("labtest", plot, "OPERATOR", KeyPair("KEY", "HOST"), "deb http://a.test/debian trixie main\n")
    (sources,) = set(bare) - set(whole)
    assert sources.path == "/etc/apt/sources.list"
    assert sources.content == "deb http://198.18.16.1:3142/a.test/debian trixie main\n"
