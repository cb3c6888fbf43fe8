"""Which packages are installed: dpkg's record says the same as dpkg-query, whatever state it is in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from festning.engine.agent import installed

STANZA = """\
Package: {name}
Status: {status}
Priority: optional
Maintainer: Somebody <somebody@example.org>
Architecture: {architecture}
Multi-Arch: same
Version: {version}
{more}Description: a package
 Package: not-a-package
 .
 Version: 99
"""

RECORD = "\n".join(
    STANZA.format(name=name, status=status, architecture=architecture, version=version, more=more)
    for name, status, architecture, version, more in (
        ("web", "install ok installed", "amd64", "1.2-3", ""),
        ("web-extra", "install ok installed", "amd64", "7", ""),
        ("gone", "deinstall ok config-files", "amd64", "2", ""),
        ("held", "hold ok installed", "amd64", "1:4", ""),
        ("leaving", "deinstall ok installed", "amd64", "5", ""),
        ("half", "install ok half-configured", "amd64", "6", ""),
        ("waiting", "install ok triggers-pending", "amd64", "6", "Triggers-Pending: ldconfig\n"),
        ("broken", "install reinstreq installed", "amd64", "8", ""),
        ("lib", "install ok installed", "amd64", "3", ""),
        ("lib", "deinstall ok config-files", "i386", "2", ""),
    )
)
NAMES = ["web", "web-extra", "gone", "held", "leaving", "half", "waiting", "broken", "lib", "not-a-package", "we", "no"]


@pytest.fixture
def admin(tmp_path: Path) -> Path:
    (tmp_path / "updates").mkdir()
    (tmp_path / "info").mkdir()
    (tmp_path / "triggers").mkdir()
    (tmp_path / "status").write_text(RECORD)
    return tmp_path


def test_only_what_is_installed_counts(admin: Path):
    found = installed.versions(NAMES, str(admin))
    assert found == {
        "web": "1.2-3",
        "web-extra": "7",
        "held": "1:4",
        "leaving": "5",
        "broken": "8",
        "lib": "3",
    }


def test_the_first_and_the_last_package_are_found(admin: Path):
    (admin / "status").write_text(
        STANZA.format(name="a", status="install ok installed", architecture="all", version=1, more="")
    )
    assert installed.versions(["a"], str(admin)) == {"a": "1"}


needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="dpkg is Debian's")


@needs_dpkg
def test_dpkg_query_says_the_same(admin: Path):
    assert installed._asked(NAMES, str(admin)) == installed.versions(NAMES, str(admin))


@needs_dpkg
def test_the_same_of_everything_that_this_machine_has():
    told = subprocess.run(("dpkg-query", "-W", "-f", "${Package}\n"), capture_output=True, text=True, check=True)
    names = sorted(set(told.stdout.split()))
    assert installed.versions(names) == installed._asked(names, installed.ADMIN)


@needs_dpkg
def test_while_dpkg_works_it_is_asked(admin: Path):
    update = RECORD.split("\n\n")[0].replace("1.2-3", "1.3-1") + "\n"
    (admin / "updates" / "0001").write_text(update)
    assert installed.versions(["web"], str(admin)) == {"web": "1.3-1"}


@needs_dpkg
def test_without_a_record_nothing_is_installed(tmp_path: Path):
    assert installed.versions(["web"], str(tmp_path / "none")) == {}
