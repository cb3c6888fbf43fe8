"""What the peers are given to do, from a catalog."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.peers import ansible, pyinfra
from bench.peers.access import Access
from bench.peers.workload import DAEMON_RELOAD, reactions_of, workload_of, write_contents
from festning.model.catalog import (
    Account,
    Directory,
    File,
    HostCatalog,
    Package,
    Reload,
    Restart,
    SystemCatalog,
    Unit,
    Wave,
)

ACCESS = Access(Path("/run/netns/lab"), Path("/run/key"), Path("/run/known"))
CONTENTS = Path("/dev/shm/contents")
SECRET = "hunter2hunter2"


@pytest.fixture
def catalog() -> HostCatalog:
    items = (
        Package("nginx"),
        Account("web", home="/srv/web"),
        Directory(path="/etc/web", mode=0o750, group="web"),
        File(path="/etc/web/site.conf", content="a", mode=0o640, group="web", on_change=(Reload("nginx.service"),)),
        File(path="/etc/web/plain", content="b"),
        File(path="/etc/systemd/system/web.service", content="c", on_change=(Restart("web.service"),)),
        Unit(name="web.service"),
        Unit(name="old.service", enabled=False, running=False),
        Unit(name="systemd-timesyncd.service"),
    )
    return HostCatalog("edge1", (SystemCatalog(system="web", wave=Wave.SERVICES, items=items),))


def test_a_workload_has_everything_that_all_tools_have_in_common(catalog: HostCatalog):
    work = workload_of(catalog, "192.0.2.1", CONTENTS)
    assert work.packages == ("nginx",)
    assert work.accounts == (("web", "/srv/web"),)
    assert [(one.path, one.mode, one.group) for one in work.directories] == [("/etc/web", "0750", "web")]
    assert [(one.path, one.source) for one in work.files] == [
        ("/etc/web/site.conf", "/dev/shm/contents/edge1/0"),
        ("/etc/web/plain", "/dev/shm/contents/edge1/1"),
        ("/etc/systemd/system/web.service", "/dev/shm/contents/edge1/2"),
    ]
    assert [(one.enabled, one.running) for one in work.units] == [(True, True), (False, False), (True, None)]


def test_systemd_reads_unit_files_again_before_anything_is_restarted(catalog: HostCatalog):
    work = workload_of(catalog, "192.0.2.1", CONTENTS)
    assert work.files[2].reactions == (DAEMON_RELOAD, ("restart", "web.service"))
    assert reactions_of([work]) == [DAEMON_RELOAD, ("reload", "nginx.service"), ("restart", "web.service")]


def test_contents_are_for_their_owner_only(catalog: HostCatalog, tmp_path: Path):
    write_contents(catalog, lambda _path: SECRET.encode(), tmp_path)
    written = sorted((tmp_path / "edge1").iterdir())
    assert [(file.name, file.stat().st_mode & 0o777) for file in written] == [("0", 0o600), ("1", 0o600), ("2", 0o600)]
    assert written[0].read_text() == SECRET


def test_ansible_notifies_for_each_file_what_the_catalog_says(catalog: HostCatalog):
    work = workload_of(catalog, "192.0.2.1", CONTENTS)
    (play,) = ansible.playbook([work])
    notified = {task["name"]: task.get("notify") for task in play["tasks"] if "ansible.builtin.copy" in task}
    assert notified == {
        "files: reload nginx.service": ["reload nginx.service"],
        "files: nothing reacts": None,
        "files: daemon-reload, restart web.service": ["daemon-reload", "restart web.service"],
    }
    assert {handler["name"] for handler in play["handlers"]} == {
        "daemon-reload",
        "reload nginx.service",
        "restart web.service",
    }
    groups = ansible.inventory([work])["all"]["hosts"]["edge1"]["files"]
    assert {name: [file["path"] for file in files] for name, files in groups.items()} == {
        "reload nginx.service": ["/etc/web/site.conf"],
        "nothing reacts": ["/etc/web/plain"],
        "daemon-reload, restart web.service": ["/etc/systemd/system/web.service"],
    }


def test_ansible_is_set_up_for_speed(tmp_path: Path):
    text = ansible.configuration(tmp_path, 6, ACCESS)
    for line in ("forks = 6", "pipelining = True", "gathering = explicit"):
        assert line in text.splitlines()
    assert "ControlPersist" in text


def test_pyinfra_gets_all_of_it_as_data(catalog: HostCatalog):
    work = workload_of(catalog, "192.0.2.1", CONTENTS)
    scope: dict = {}
    exec(pyinfra.inventory([work], ACCESS), scope)
    ((name, data),) = scope["hosts"]
    assert name == "edge1"
    assert data["ssh_hostname"] == "192.0.2.1"
    assert [file["path"] for file in data["placed"]] == [file.path for file in work.files]
    assert data["reactions"] == [["daemon-reload", ""], ["reload", "nginx.service"], ["restart", "web.service"]]
    json.dumps(data)


def test_nothing_but_paths_of_contents_is_in_what_is_generated(catalog: HostCatalog):
    work = workload_of(catalog, "192.0.2.1", CONTENTS)
    for text in (json.dumps(ansible.inventory([work])), pyinfra.inventory([work], ACCESS)):
        assert str(CONTENTS / "edge1" / "0") in text
        assert '"content"' not in text


LOOKED = """\
    Operation                   Change                 Conditional Change
    /etc/web/site.conf          -                      -
    /etc/web/plain              2 (edge1, edge2)       -
    reload nginx.service        -                      6 (edge1, edge2)
"""
CHANGED = "    Grand total        415     {}       {}       413   \n"


def test_what_pyinfra_says_of_changes():
    assert pyinfra.changes_in(LOOKED, dry=True) == 2
    assert pyinfra.changes_in(CHANGED.format("-", "-"), dry=False) == 0
    assert pyinfra.changes_in(CHANGED.format("2", "-"), dry=False) == 2
    for text, dry in (("", True), ("", False), (CHANGED.format("2", "1"), False)):
        with pytest.raises(ValueError, match="good end"):
            pyinfra.changes_in(text, dry=dry)


def test_what_ansible_says_of_changes():
    row = "edge{} : ok=9 changed={} unreachable={} failed=0 skipped=1\n"
    assert ansible.changes_in(row.format(1, 2, 0) + row.format(2, 0, 0)) == 2
    for text in ("", row.format(1, 0, 1)):
        with pytest.raises(ValueError, match="good end"):
            ansible.changes_in(text)
