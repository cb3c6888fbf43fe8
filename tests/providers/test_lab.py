"""The lab as a whole, on machines that really boot."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from pathlib import Path

import asyncssh
import pytest

from festning.errors import ProviderError, UsageError
from festning.providers.lab.image import Image
from festning.providers.lab.lab import Lab, MachineState
from festning.providers.lab.launcher import group_hierarchies
from festning.providers.lab.namespace import open_socket, socket_in
from festning.providers.lab.seed import nspawn_name

pytestmark = pytest.mark.lab

MACHINES = ("client", "core1", "edge1", "edge2")


def output(lab: Lab, name: str, *argv: str) -> str:
    done = subprocess.run(lab.exec_command(name, argv), capture_output=True, text=True, check=False)
    return done.stdout.strip()


def states(lab: Lab) -> dict[str, MachineState]:
    return {machine.name: machine.state for machine in lab.list()}


def pids(lab: Lab) -> dict[str, int | None]:
    return {machine.name: machine.pid for machine in lab.list()}


def reaches(lab: Lab, name: str, other: str) -> bool:
    return lab_address(lab, other) in output(
        lab, name, "sh", "-c", f"ping -c1 -W1 {lab_address(lab, other)} | grep ' from '"
    )


def lab_address(lab: Lab, name: str) -> str:
    return lab.endpoint(name).address


def traces(lab: Lab) -> list[str]:
    """Everything on this box that has the lab's name, or a machine's."""
    names = (lab.fortress.name, *(nspawn_name(lab.fortress.name, name) for name in MACHINES))

    def ours(texts) -> list[str]:
        return [str(text) for text in texts if any(name in str(text) for name in names)]

    def said(*argv: str) -> list[str]:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()

    groups = [group for root in group_hierarchies(Path("/proc/self/mounts").read_text()) for group in root.rglob("*")]
    folders = ("/run/festning", "/run/netns", "/var/lib/festning/lab", "/run/systemd/nspawn")
    found = [
        *ours(said("ip", "netns", "list")),
        *ours(said("ip", "link")),
        *ours(said("nft", "list", "tables")),
        *ours(said("ps", "-eo", "args")),
        *ours(Path("/proc/self/mounts").read_text().splitlines()),
        *ours(groups),
    ]
    for folder in map(Path, folders):
        found += ours([*folder.glob("*"), *folder.glob("*/*")])
    return [trace for trace in found if "pytest" not in trace]


def test_machines_boot_whole_and_each_with_its_own_identity(lab):
    assert states(lab) == dict.fromkeys(MACHINES, MachineState.RUNNING)
    for name in MACHINES:
        assert output(lab, name, "hostname") == name
        assert output(lab, name, "systemctl", "is-system-running", "--wait") == "running"
    assert len({output(lab, name, "cat", "/etc/machine-id") for name in MACHINES}) == len(MACHINES)


def test_machines_do_not_share_control_groups(lab):
    for name in MACHINES:
        members = output(lab, name, "cat", "/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs").split()
        assert members
        assert "0" not in members  # How the kernel shows processes of other machines.


def test_ssh_lets_the_operator_in_and_shows_the_chosen_key(lab, host_keys):
    endpoint = lab.endpoint("core1")

    async def whoami() -> str:
        sock = socket_in(endpoint.namespace)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (endpoint.address, endpoint.port))
        async with asyncssh.connect(
            sock=sock,
            username=endpoint.user,
            known_hosts=([asyncssh.import_public_key(endpoint.known_host_key)], [], []),
            client_keys=[asyncssh.import_private_key(endpoint.client_key)],
            agent_path=None,
            config=None,
        ) as connection:
            return str((await connection.run("hostname; id -un", check=True)).stdout)

    assert asyncio.run(whoami()).split() == ["core1", "root"]
    assert endpoint.known_host_key == host_keys["core1"].public


def test_the_ssh_command_line_works_and_its_key_is_in_memory_only(lab, operator):
    done = subprocess.run([*lab.ssh_command("edge2"), "hostname"], capture_output=True, text=True, check=False)
    assert done.stdout == "edge2\n", done.stderr
    key = next(word for word in lab.ssh_command("edge2") if word.startswith("IdentityFile=")).partition("=")[2]
    assert Path(key).read_text().strip() == operator.private.strip()
    kind = subprocess.run(["stat", "-f", "-c", "%T", key], capture_output=True, text=True, check=True).stdout.strip()
    assert kind == "tmpfs"


def test_exec_passes_exit_codes_and_refuses_what_is_not_there(lab):
    assert lab.exec("edge1", ["sh", "-c", "exit 7"]) == 7
    with pytest.raises(UsageError, match="no machine 'edge9'"):
        lab.exec("edge9", ["true"])


def test_sites_are_networks_of_their_own_joined_by_the_router(lab):
    assert output(lab, "core1", "ip", "-4", "-o", "route", "show", "default").startswith("default via 198.18.16.1")
    assert reaches(lab, "client", "edge1")
    assert reaches(lab, "core1", "edge2")
    assert reaches(lab, "edge1", "edge2")


def test_a_second_up_is_quick_and_boots_nothing(lab, image, operator, host_keys):
    before, doors = pids(lab), lab.doors()
    started = time.monotonic()
    lab.up(image, operator, host_keys)
    assert time.monotonic() - started < 5
    assert pids(lab) == before
    assert lab.doors() == doors


def test_a_power_cut_is_silence_and_the_disk_outlives_it(lab):
    address = lab_address(lab, "core1")
    lab.exec("core1", ["sh", "-c", "echo kept > /root/note; sync"])
    with open_socket(lab.namespace, address, 22) as connection:
        connection.recv(64)
        lab.cut("core1")
        connection.settimeout(2)
        with pytest.raises(TimeoutError):  # Neither the end of the stream (FIN) nor ConnectionResetError (RST).
            connection.recv(64)
    assert states(lab)["core1"] is MachineState.CUT
    assert not reaches(lab, "client", "core1")
    with pytest.raises(UsageError, match="core1 does not run"):
        lab.exec("core1", ["true"])
    with pytest.raises(UsageError, match="core1 does not run"):
        lab.cut("core1")

    lab.heal("core1")
    assert states(lab)["core1"] is MachineState.RUNNING
    assert output(lab, "core1", "cat", "/root/note") == "kept"
    assert reaches(lab, "client", "core1")
    lab.heal("core1")


def test_a_cut_site_is_silent_outwards_and_whole_inside(lab):
    address = lab_address(lab, "edge1")
    with open_socket(lab.namespace, address, 22) as connection:
        connection.recv(64)
        lab.cut("dublin")
        assert {machine.name for machine in lab.list() if machine.site_cut} == {"edge1", "edge2"}
        connection.send(b"SSH-2.0-nobody\r\n")
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(64)
        assert not reaches(lab, "core1", "edge1")
        assert reaches(lab, "edge1", "edge2")
        lab.heal("site:dublin")
        connection.settimeout(5)
        assert connection.recv(64)
    assert reaches(lab, "core1", "edge1")
    assert not any(machine.site_cut for machine in lab.list())


def test_up_heals_whatever_was_cut(lab, image, operator, host_keys):
    lab.cut("edge1")
    lab.cut("dublin")
    with pytest.raises(UsageError, match="dublin, which is cut off") as refused:
        lab.heal("edge1")
    assert "site:dublin" in refused.value.hint
    lab.up(image, operator, host_keys)
    assert set(states(lab).values()) == {MachineState.RUNNING}
    assert reaches(lab, "client", "edge1")


def test_a_machine_that_went_away_by_itself_is_booted_by_the_next_up(lab, image, operator, host_keys):
    before = pids(lab)
    lab.exec("edge2", ["systemctl", "poweroff"])
    deadline = time.monotonic() + 10
    while states(lab)["edge2"] is MachineState.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    assert states(lab)["edge2"] is MachineState.ENDED
    lab.up(image, operator, host_keys)
    assert states(lab)["edge2"] is MachineState.RUNNING
    assert {**pids(lab), "edge2": 0} == {**before, "edge2": 0}


def test_a_machine_that_reboots_is_the_same_machine(lab):
    before = pids(lab)["edge1"]
    lab.exec("edge1", ["systemctl", "reboot"])
    deadline = time.monotonic() + 10
    while pids(lab)["edge1"] in (before, None) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert states(lab)["edge1"] is MachineState.RUNNING
    lab.heal("edge1")
    deadline = time.monotonic() + 10
    while not reaches(lab, "client", "edge1") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert output(lab, "edge1", "hostname") == "edge1"


def test_a_door_leads_from_loopback_to_port_443(lab):
    door = next(door for door in lab.doors() if door.host == "edge1")
    serve = (
        "import socket\n"
        "s = socket.create_server(('', 443))\n"
        "print('ready', flush=True)\n"
        "c, a = s.accept()\n"
        "c.sendall(a[0].encode())\n"
    )
    with subprocess.Popen(lab.exec_command("edge1", ["python3", "-c", serve]), stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"ready\n"
        with socket.create_connection(("127.0.0.1", door.port), timeout=5) as visitor:
            assert visitor.recv(64) == b"198.18.32.1"


def test_another_base_image_is_refused_in_words(lab, image, operator, host_keys):
    with pytest.raises(UsageError, match="another base image") as refused:
        lab.up(Image("0" * 64, image.tree), operator, host_keys)
    assert "down" in refused.value.hint
    assert states(lab)["core1"] is MachineState.RUNNING


def test_after_the_box_restarted_machines_boot_with_their_disks(lab, image, operator, host_keys):
    lab.exec("core1", ["sh", "-c", "echo kept > /root/before; sync"])
    lab._launcher.end_all()
    subprocess.run(["umount", f"/run/festning/{lab.fortress.name}"], check=True)
    subprocess.run(["umount", lab.namespace], check=True)
    assert Path(lab.namespace).exists()
    assert set(states(lab).values()) == {MachineState.ABSENT}
    lab.up(image, operator, host_keys)
    assert set(states(lab).values()) == {MachineState.RUNNING}
    assert output(lab, "core1", "cat", "/root/before") == "kept"


def test_a_removed_machine_leaves_the_others_alone(lab, image, operator, host_keys):
    before = pids(lab)
    lab.remove("edge2")
    assert states(lab)["edge2"] is MachineState.ABSENT
    assert "edge2" not in {door.host for door in lab.doors()}
    lab.up(image, operator, host_keys)
    assert {**pids(lab), "edge2": 0} == {**before, "edge2": 0}


def test_down_leaves_nothing_and_may_be_said_twice(lab):
    assert traces(lab)
    lab.down()
    assert traces(lab) == []
    lab.down()
    assert traces(lab) == []
    assert set(states(lab).values()) == {MachineState.ABSENT}
    with pytest.raises(UsageError, match="not up"):
        lab.endpoint("core1")


def test_an_interrupted_up_is_taken_up_again_or_taken_away(lab, image, operator, host_keys):
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.up(image, operator, host_keys, interrupt)
    lab.up(image, operator, host_keys)
    assert set(states(lab).values()) == {MachineState.RUNNING}
    lab.down()
    with pytest.raises(KeyboardInterrupt):
        lab.up(image, operator, host_keys, interrupt)
    lab.down()
    assert traces(lab) == []


def test_a_machine_that_cannot_boot_says_why_and_stops_no_other(lab, image, operator, host_keys, tmp_path):
    lab.up(image, operator, host_keys)
    lab.cut("edge1")
    broken = Path(f"/var/lib/festning/lab/{lab.fortress.name}/edge1/upper/usr/lib/systemd/systemd")
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_text("not a program")
    lab.cut("edge2")
    with pytest.raises(ProviderError, match=r"edge1 ended while it booted; its console said:\n\S+"):
        lab.up(image, operator, host_keys)
    assert states(lab)["edge2"] is MachineState.RUNNING
    lab.down()
    assert traces(lab) == []
