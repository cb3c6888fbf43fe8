"""Packages come from the distribution, in one run of apt, and what goes wrong is said in a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from festning.engine.agent import apt, hold, origins, packages
from festning.engine.agent.processes import Ended

ARCHIVES = """\
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 file:/srv/evil ./ Packages
     release o=Evil,a=stable,n=evil,l=Evil,c=
 500 http://local.test/x ./ Packages
     release c=
     origin local.test
 500 http://archive.test/debian trixie/main amd64 Packages
     release v=13.7,o=Debian,a=stable,n=trixie,l=Debian,c=main,b=amd64
     origin archive.test
Pinned packages:
     haproxy -> 3.0 with priority 500
"""
DEBIAN = "        500 http://archive.test/debian trixie/main amd64 Packages\n"
EVIL = "        500 file:/srv/evil ./ Packages\n"


def shown(name: str, table: str, installed: str = "(none)") -> str:
    return f"{name}:\n  Installed: {installed}\n  Candidate: 3.0\n  Version table:\n{table}"


HAPROXY = shown("haproxy", f"     99.0 500\n{EVIL}     3.0 500\n{DEBIAN}")
LUA = shown("liblua5.4-0", f" *** 99.0 500\n{EVIL}        100 /var/lib/dpkg/status\n     5.4 500\n{DEBIAN}", "99.0")


@pytest.fixture(autouse=True)
def on_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "distribution", lambda: "Debian")


def test_a_simulation_tells_every_version_that_would_come():
    simulated = (
        "NOTE: This is only a simulation!\n"
        "Inst libssl3 [3.5.6-1] (3.5.7-1 Debian:13.7/stable [amd64])\n"
        "Inst haproxy (3.0.11-1+deb13u5 Debian-Security:13/stable-security [amd64]) []\n"
        "Conf haproxy (3.0.11-1+deb13u5 Debian-Security:13/stable-security [amd64])\n"
    )
    assert origins.versions(simulated) == {"libssl3": "3.5.7-1", "haproxy": "3.0.11-1+deb13u5"}


def test_a_version_is_foreign_when_none_of_its_archives_is_the_distributions():
    chosen = {"haproxy": "3.0", "liblua5.4-0": "99.0"}
    (foreign,) = origins.foreign(chosen, HAPROXY + LUA, ARCHIVES)
    assert (foreign.name, foreign.version) == ("liblua5.4-0", "99.0")
    assert origins.complaint([foreign]) == "not from Debian: liblua5.4-0 99.0 from Evil"
    assert "Package: liblua5.4-0\nPin: release o=Evil\nPin-Priority: -1\n" in origins.forbidding([foreign])


def test_a_version_of_an_archive_without_a_name_is_foreign_too():
    table = "     9 500\n        500 http://local.test/x ./ Packages\n"
    (foreign,) = origins.foreign({"socat": "9"}, shown("socat", table), ARCHIVES)
    assert 'Pin: origin "local.test"' in origins.forbidding([foreign])


def test_what_is_in_the_distribution_as_well_is_not_foreign():
    table = f"     3.0 500\n{EVIL}{DEBIAN}"
    assert origins.foreign({"haproxy": "3.0"}, shown("haproxy", table), ARCHIVES) == []


def test_a_version_that_no_list_knows_any_more_is_not_judged():
    table = " *** 2.0 100\n        100 /var/lib/dpkg/status\n"
    assert origins.installed(shown("haproxy", table, "2.0")) == {"haproxy": "2.0"}
    assert origins.foreign({"haproxy": "2.0"}, shown("haproxy", table, "2.0"), ARCHIVES) == []


@pytest.mark.parametrize(("text", "name"), [("ID=debian\n", "Debian"), ('NAME="x"\nID="ubuntu"\n', "Ubuntu")])
def test_the_distribution_is_the_hosts_own(text, name, tmp_path, monkeypatch):
    monkeypatch.undo()
    (tmp_path / "os-release").write_text(text)
    assert origins.distribution(str(tmp_path / "os-release")) == name


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4242 (unattended-upgr)\nE: x",
            "another program is changing packages here (process 4242 (unattended-upgr)); waited 120 s for it",
        ),
        (
            "dpkg: error: dpkg frontend lock was locked by another process with pid 7\nNote: removing is wrong",
            "another program is changing packages here (process 7); waited 120 s for it",
        ),
        (
            "dpkg: error processing archive x.deb (--unpack):\n cannot copy: No space left on device",
            "there is not enough room on this host's disk for its packages",
        ),
        (
            "E: You don't have enough free space in /var/cache/apt/archives/.",
            "there is not enough room on this host's disk for its packages",
        ),
        (
            "Err:1 http://a.test trixie InRelease\n  Could not connect to a.test:80 (192.0.2.1)\n",
            "the package archive cannot be reached: Could not connect to a.test:80 (192.0.2.1)",
        ),
        (
            "E: Unable to locate package haproxxy",
            "the distribution's archive has not what is needed: Unable to locate package haproxxy",
        ),
        (
            "E: Packages need to be removed but remove is disabled.",
            "apt would have to remove packages in order to install haproxy",
        ),
        ("E: Sub-process dpkg returned an error code (1)", "apt-get could not install haproxy"),
    ],
)
def test_what_went_wrong_is_said_in_one_line(output, reason):
    assert apt.reason(output, ["haproxy"]) == reason


def test_another_apt_is_waited_for_and_not_for_ever(monkeypatch):
    held = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
    monkeypatch.setattr(apt, "_PAUSE_S", 0.0)
    answers = [Ended(100, "", held, 0, 0), Ended(100, "", held, 0, 0), Ended(0, "done", "", 0, 0)]
    monkeypatch.setattr(apt, "run", lambda _command: answers.pop(0))
    assert apt.apt_get("update").ok
    monkeypatch.setattr(apt, "LOCK_PATIENCE_S", 0.01)
    monkeypatch.setattr(apt, "run", lambda _command: Ended(100, "", held, 0, 0))
    assert "process 7 (apt-get)" in apt.reason(apt.apt_get("update").output, [])


class Apt:
    """A host's apt, as far as an install asks for it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []
        self.pins: list[str] = []
        self.fresh = True
        self.interrupted = 0
        self.simulated: Callable[[str], str] = lambda _pins: "Inst haproxy (3.0 Debian:13.7/stable [amd64])\n"
        self.shown = HAPROXY
        self.ends: dict[str, list[Ended]] = {}

    def call(self, *arguments: str) -> Ended:
        self.said.append(tuple(word for word in arguments if not word.startswith(("-o", "Dir::", "--no-remove"))))
        return self._end(self.said[-1][0])

    def simulate(self, *arguments: str) -> Ended:
        file = next(word for word in arguments if word.startswith("Dir::")).partition("=")[2]
        self.pins.append(Path(file).read_text())
        ended = self._end("simulate")
        return ended if not ended.ok else Ended(0, self.simulated(self.pins[-1]), "", 0, 0)

    def policy(self, *arguments: str) -> str:
        return ARCHIVES if arguments[-1] == "policy" else self.shown

    def is_interrupted(self) -> bool:
        self.interrupted -= 1
        return self.interrupted >= 0

    def _end(self, verb: str) -> Ended:
        return self.ends[verb].pop(0) if self.ends.get(verb) else Ended(0, "", "", 0, 0)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Apt:
    """A host below ``tmp_path``, with ``Apt`` for its apt."""
    fake = Apt()
    monkeypatch.setattr(packages, "POLICY", str(tmp_path / "policy-rc.d"))
    monkeypatch.setattr(origins, "PREFERENCES", str(tmp_path / "preferences"))
    for name, folder in {"UNITS": "units", "SCRIPTS": "init.d", "WANTED": "etc"}.items():
        monkeypatch.setattr(hold, name, str(tmp_path / folder))
    monkeypatch.setattr(hold, "HOLD", str(tmp_path / "generators/hold"))
    monkeypatch.setattr(hold, "daemon_reload", lambda: None)
    (tmp_path / "units").mkdir()
    monkeypatch.setattr(apt, "apt_get", fake.call)
    monkeypatch.setattr(apt, "dpkg", lambda *arguments: fake.call("dpkg", *arguments))
    monkeypatch.setattr(apt, "simulate", fake.simulate)
    monkeypatch.setattr(apt, "policy", fake.policy)
    monkeypatch.setattr(apt, "is_interrupted", fake.is_interrupted)
    monkeypatch.setattr(apt, "fresh_lists", lambda: fake.fresh)
    return fake


def install(tmp_path: Path, preferences: str = "PINS") -> None:
    packages.install(["haproxy"], preferences, str(tmp_path))


def failed(output: str) -> Ended:
    return Ended(100, "", output, 0, 0)


def test_one_run_installs_everything_and_lists_are_left_alone_while_they_are_fresh(host, tmp_path):
    (tmp_path / "preferences").write_text("OWN")
    install(tmp_path)
    assert host.said == [("install", "haproxy")]
    assert host.pins == ["PINS\nOWN"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generators", "preferences", "units"]


def test_lists_are_fetched_where_they_are_old(host, tmp_path):
    host.fresh = False
    install(tmp_path)
    assert host.said == [("update",), ("install", "haproxy")]


@pytest.mark.parametrize(
    "ends",
    [
        {"simulate": [failed("E: Unable to locate package haproxy")]},
        {"install": [failed("E: Failed to fetch http://a.test/x.deb  404  Not Found")]},
    ],
)
def test_lists_are_fetched_when_what_they_name_is_not_found(host, tmp_path, ends):
    host.ends = ends
    install(tmp_path)
    assert host.said[-2:] == [("update",), ("install", "haproxy")]


def test_what_a_foreign_archive_would_bring_along_is_forbidden_before_anything_is_installed(host, tmp_path):
    host.shown = HAPROXY + LUA.replace("99.0\n", "(none)\n", 1)
    host.simulated = lambda pins: (
        "Inst haproxy (3.0 Debian:13.7/stable [amd64])\n"
        + ("Inst liblua5.4-0 (5.4 Debian:13.7/stable [amd64])\n" if "liblua" in pins else "")
        + ("Inst liblua5.4-0 (99.0 Evil:stable [amd64])\n" if "liblua" not in pins else "")
    )
    install(tmp_path)
    assert host.pins[1].startswith("Package: liblua5.4-0\nPin: release o=Evil\nPin-Priority: -1\n")
    assert host.pins[1].endswith("PINS\n")
    assert host.said == [("install", "haproxy")]


def test_a_foreign_version_that_goes_with_nothing_else_is_no_obstacle(host, tmp_path):
    unmet = "The following packages have unmet dependencies:\n haproxy : Depends: liblua5.4-0 (= 5.4) but 99.0 is to be"
    host.ends = {"simulate": [failed(unmet)]}
    install(tmp_path)
    assert host.pins[1] == (
        'Package: *\nPin: origin "local.test"\nPin-Priority: -1\n\n'
        "Package: *\nPin: release o=Evil\nPin-Priority: -1\n\n"
        "PINS\n"
    )
    assert host.said == [("install", "haproxy")]


def test_what_does_not_go_together_at_all_is_refused(host, tmp_path):
    unmet = failed("The following packages have unmet dependencies:\n haproxy : Depends: liblua5.4-0 (= 5.4)")
    host.ends = {"simulate": [unmet, unmet]}
    with pytest.raises(packages.InstallError, match="could not install haproxy"):
        install(tmp_path)
    assert host.said == []


def test_what_cannot_come_from_the_distribution_is_refused(host, tmp_path):
    host.simulated = lambda _pins: "Inst haproxy (99.0 Evil:stable [amd64])\n"
    with pytest.raises(packages.InstallError, match=r"not from Debian: haproxy 99\.0 from Evil") as refused:
        install(tmp_path)
    assert refused.value.left == "nothing was changed"
    assert host.said == []


def test_what_came_from_elsewhere_after_all_is_said(host, tmp_path):
    host.shown = shown("haproxy", f" *** 99.0 500\n{EVIL}        100 /var/lib/dpkg/status\n", "99.0")
    with pytest.raises(packages.InstallError, match=r"not from Debian: haproxy 99\.0 from Evil"):
        install(tmp_path)
    assert host.said == [("install", "haproxy")]


def test_what_was_interrupted_is_brought_to_its_end_first(host, tmp_path):
    host.interrupted = 2
    install(tmp_path)
    assert [words[0] for words in host.said] == ["dpkg", "--fix-broken", "install"]


def test_an_archive_out_of_reach_is_named_and_leaves_no_trace(host, tmp_path):
    host.fresh = False
    host.ends = {
        "update": [Ended(0, "Err:1 http://a.test trixie InRelease\n  Could not resolve 'a.test'\n", "", 0, 0)],
        "simulate": [failed("E: Unable to locate package haproxy")],
    }
    with pytest.raises(packages.InstallError) as refused:
        install(tmp_path)
    assert str(refused.value) == "the package archive cannot be reached: Could not resolve 'a.test'"
    assert refused.value.left == "nothing was changed"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_failed_install_brought_stays_held(host, tmp_path):
    class Full(Apt):
        def call(self, *arguments: str) -> Ended:
            (tmp_path / "units/haproxy.service").touch()
            return failed("dpkg: error: cannot write: No space left on device")

    apt.apt_get = Full().call  # type: ignore[assignment]  (the fixture puts it back)
    with pytest.raises(packages.InstallError, match="not enough room") as refused:
        install(tmp_path)
    assert "does not start before it is configured" in refused.value.left
    assert hold.held() == ["haproxy.service"]
    assert not (tmp_path / "policy-rc.d").exists()


def test_somebody_elses_policy_stays(host, tmp_path):
    (tmp_path / "policy-rc.d").write_text("#!/bin/sh\nexit 0\n")
    install(tmp_path)
    packages.forget_policy()
    assert (tmp_path / "policy-rc.d").read_text() == "#!/bin/sh\nexit 0\n"
