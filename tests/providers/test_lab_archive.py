"""Which files are Debian's archives', and which requests mean something else."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.providers.lab.archive import Archive, archives_of, asked_for, sources_by_way_of

MAIN, SECURITY = Archive("http://archive.test/debian"), Archive("https://security.test/debian-security/")
SOURCES = """\
# What the image was made from.
deb http://archive.test/debian trixie main
deb [signed-by=/usr/share/keyrings/x.gpg] http://archive.test/debian trixie-updates main
deb https://security.test/debian-security/ trixie-security main
"""
PACKAGE = "/archive.test/debian/pool/main/h/haproxy/haproxy_3.0.11-1%2bdeb13u3_amd64.deb"
INDEX = f"/security.test/debian-security/dists/trixie-security/main/binary-amd64/by-hash/SHA256/{'ab' * 32}"


def test_the_archives_are_those_of_the_images_own_sources():
    assert archives_of(SOURCES) == (MAIN, SECURITY)


def test_machines_ask_the_mirror_for_the_same_and_keep_every_option():
    lines = sources_by_way_of("198.18.16.1", SOURCES).splitlines()
    assert lines[0] == "# What the image was made from."
    assert lines[1] == "deb http://198.18.16.1:3142/archive.test/debian trixie main"
    assert lines[2].startswith("deb [signed-by=/usr/share/keyrings/x.gpg] http://198.18.16.1:3142/archive.test/debian ")
    assert lines[3] == "deb http://198.18.16.1:3142/security.test/debian-security trixie-security main"


def test_a_package_is_found_by_its_quoted_name_and_never_changes():
    file = asked_for(PACKAGE, [SECURITY, MAIN])
    assert file is not None
    assert file.uri == "http://archive.test/debian/pool/main/h/haproxy/haproxy_3.0.11-1+deb13u3_amd64.deb"
    assert file.place == "archive.test/debian/pool/main/h/haproxy/haproxy_3.0.11-1+deb13u3_amd64.deb"
    assert file.fixed
    assert file.digest is None


def test_an_index_named_by_its_digest_is_checked_against_it():
    file = asked_for(INDEX, [MAIN, SECURITY])
    assert file is not None
    assert file.fixed
    assert file.digest == f"SHA256:{'ab' * 32}"


def test_a_release_file_changes():
    file = asked_for("/archive.test/debian/dists/trixie/InRelease", [MAIN])
    assert file is not None
    assert not file.fixed


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/etc/passwd",
        "/archive.test/debian",
        "/archive.test/debian/",
        "/archive.test/debian/pool",
        "/archive.test/debian/README",
        "/archive.test/debian/dists/../../../etc/passwd",
        "/archive.test/debian/dists/%2e%2e/%2e%2e/secret",
        "/archive.test/debian/pool/%2fetc%2fpasswd",
        "/archive.test/debian/pool//etc",
        "/archive.test/debian/pool/.fetching-1",
        "/archive.test/debian/pool/x\0y",
        "/archive.test/debian/pool/x?y=z",
        "/archive.test.evil/debian/pool/x",
        "/other.test/debian/pool/x",
        "http://other.test/debian/pool/x",
        "http://archive.test/debian/pool/x",
    ],
)
def test_whatever_else_is_asked_for_is_no_file_of_an_archive(target):
    assert asked_for(target, [MAIN, SECURITY]) is None


@given(st.lists(st.sampled_from(["..", ".", "", "%2e%2e", "%2f", "pool", "dists", "etc", "a.deb", "\\", "%00"])))
def test_no_request_leads_out_of_its_archive(names):
    file = asked_for("/archive.test/debian/" + "/".join(names), [MAIN])
    if file is not None:
        place = PurePosixPath(file.place)
        assert place.parts[:2] == ("archive.test", "debian")
        assert ".." not in place.parts
        assert not PurePosixPath(file.name).is_absolute()
