"""What packages bring waits until it is configured: the generator that sees to it, run as systemd runs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from festning.engine.agent import hold


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's folders with sshd on it, and no systemd to be told."""
    for name, folder in {"UNITS": "units", "SCRIPTS": "init.d", "WANTED": "etc"}.items():
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(hold, name, str(tmp_path / folder))
    monkeypatch.setattr(hold, "HOLD", str(tmp_path / "system-generators/festning-hold"))
    monkeypatch.setattr(hold, "daemon_reload", lambda: None)
    bring(tmp_path, "ssh.service", "ssh@.service", "run.mount")
    return tmp_path


def bring(root: Path, *units: str) -> None:
    for unit in units:
        (root / "units" / unit).touch()


def generated(root: Path) -> set[str]:
    """The units that wait after a boot, by the generator's own output."""
    generator = root / "system-generators/festning-hold"
    normal = root / "generator"
    subprocess.run(["rm", "-rf", str(normal)], check=True)
    normal.mkdir()
    if generator.exists():
        subprocess.run([str(generator), str(normal), "/nonexistent", "/nonexistent"], check=True)
    drop_ins = list(normal.glob("*.d/zz-festning-hold.conf"))
    assert all("ConditionPathExists=/" in drop_in.read_text() for drop_in in drop_ins)
    return {drop_in.parent.name.removesuffix(".d") for drop_in in drop_ins}


def test_what_was_there_before_starts_and_what_comes_waits(root):
    hold.begin()
    assert generated(root) == set()
    bring(root, "haproxy.service", "phpsessionclean.timer", "mariadb.socket", "x.path", "y.mount", "z.target")
    (root / "init.d/garb").touch()
    waiting = {"haproxy.service", "phpsessionclean.timer", "mariadb.socket", "x.path", "garb.service"}
    assert generated(root) == waiting
    assert set(hold.held()) == waiting


def test_strange_names_of_units_are_only_names(root):
    bring(root, "a\\x2db.service", "$(reboot)'.service")
    hold.begin()
    bring(root, "c\\x2dd.service")
    assert "c\\x2dd.service" in generated(root)
    assert "a\\x2db.service" not in generated(root)


def test_a_hold_that_was_interrupted_goes_on_as_it_was(root):
    hold.begin()
    bring(root, "haproxy.service")
    hold.begin()
    assert generated(root) == {"haproxy.service"}


def test_what_is_configured_starts_by_any_of_its_names(root):
    hold.begin()
    bring(root, "mariadb.service", "openvpn-server@.service", "nginx.service")
    (root / "units/mysql.service").symlink_to("mariadb.service")
    assert hold.lift(["mariadb.service", "openvpn-server@hub.service", "festning-own.service"]) == [
        "mariadb.service",
        "mysql.service",
        "openvpn-server@.service",
    ]
    assert generated(root) == {"nginx.service"}
    assert hold.lift(["mariadb.service"]) == []


def test_what_was_taken_back_waits_again(root):
    hold.begin()
    bring(root, "haproxy.service", "nginx.service")
    hold.again(hold.lift(["haproxy.service"]))
    assert generated(root) == {"haproxy.service", "nginx.service"}


def test_in_the_end_nothing_is_left_and_what_nobody_declared_is_disabled(root, monkeypatch):
    said: list[tuple[str, ...]] = []

    def run(command):
        said.append(command.argv)
        # A power cut at this point must find it still held.
        assert generated(root) == {"php-fpm.service", "idle.service", "clean.timer"} or "start" in command.argv
        return type("Ended", (), {"ok": True, "output": ""})()

    monkeypatch.setattr(hold, "run", run)
    hold.begin()
    bring(root, "php-fpm.service", "idle.service", "clean.timer")
    for wants in ("multi-user.target.wants/php-fpm.service", "timers.target.wants/clean.timer"):
        (root / "etc" / wants).parent.mkdir()
        (root / "etc" / wants).symlink_to("/nonexistent")
    assert hold.release() == ["php-fpm.service"]
    assert [argv[-1] for argv in said] == ["php-fpm.service", "clean.timer"]
    assert generated(root) == set()
    assert not list((root / "system-generators").iterdir())
    assert hold.held() == []
    assert hold.lift(["php-fpm.service"]) == []


def test_the_generator_is_whole_at_every_instant(root, monkeypatch):
    """Killed before its rename, it is not there; and what is half written lies where systemd does not look."""
    monkeypatch.setattr(os, "rename", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        hold.begin()
    assert not list((root / "system-generators").iterdir())
