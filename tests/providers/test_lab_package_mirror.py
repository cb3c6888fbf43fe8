"""The mirror's cache and its HTTP, with an archive in memory."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from festning.providers.lab.archive import Archive, ArchiveFile
from festning.providers.lab.package_cache import FRESH_S, UNUSED_DAYS, NotInArchiveError, PackageCache, UnfetchedError
from festning.providers.lab.package_server import PackageServer, listen

ARCHIVE = Archive("http://archive.test/debian")
PACKAGE = ArchiveFile(ARCHIVE, "pool/main/x/x_1_all.deb")
RELEASE = ArchiveFile(ARCHIVE, "dists/trixie/InRelease")


class Upstream:
    """An archive that counts what it is asked for."""

    def __init__(self) -> None:
        self.files = {PACKAGE.uri: b"!<arch>\nx", RELEASE.uri: b"Origin: Debian"}
        self.asked: list[str] = []
        self.down = False
        self.delay = 0.0

    def fetch(self, file: ArchiveFile, target: Path) -> None:
        self.asked.append(file.uri)
        target.write_bytes(b"half")
        time.sleep(self.delay)
        if self.down:
            raise UnfetchedError("Temporary failure resolving 'archive.test'")
        if file.uri not in self.files:
            raise NotInArchiveError(file.uri)
        target.write_bytes(self.files[file.uri])


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, upstream: Upstream, clock: Clock) -> PackageCache:
    return PackageCache(tmp_path, upstream.fetch, clock)


def test_a_package_is_fetched_once_and_for_good(cache, upstream, clock):
    assert cache.get(PACKAGE).read_bytes() == b"!<arch>\nx"
    clock.now += 20 * 86400
    cache.get(PACKAGE)
    assert upstream.asked == [PACKAGE.uri]


def test_a_release_file_is_asked_for_again_after_a_while(cache, upstream, clock):
    cache.get(RELEASE)
    cache.get(RELEASE)
    assert len(upstream.asked) == 1
    upstream.files[RELEASE.uri] = b"newer"
    clock.now += FRESH_S + 1
    assert cache.get(RELEASE).read_bytes() == b"newer"


def test_what_was_fetched_outlives_the_way_to_the_archive(cache, upstream, clock):
    cache.get(RELEASE)
    upstream.down = True
    clock.now += FRESH_S + 1
    assert cache.get(RELEASE).read_bytes() == b"Origin: Debian"


def test_those_who_ask_at_once_share_one_fetch_and_its_failure(cache, upstream):
    upstream.delay, upstream.down = 0.3, True
    failures: list[str] = []

    def ask() -> None:
        with pytest.raises(UnfetchedError) as failed:
            cache.get(PACKAGE)
        failures.append(str(failed.value))

    askers = [threading.Thread(target=ask) for _ in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert failures == ["Temporary failure resolving 'archive.test'"] * 6
    assert len(upstream.asked) == 1
    upstream.delay, upstream.down = 0.0, False
    assert cache.get(PACKAGE).is_file()


def test_nothing_half_fetched_is_left_or_served(cache, upstream, tmp_path):
    upstream.down = True
    with pytest.raises(UnfetchedError):
        cache.get(PACKAGE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_page_in_a_packages_place_is_not_kept(cache, upstream, tmp_path):
    upstream.files[PACKAGE.uri] = b"<html>Please log in to this network</html>"
    with pytest.raises(UnfetchedError, match="no package"):
        cache.get(PACKAGE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_nobody_asked_for_in_a_long_time_is_dropped(cache, clock, tmp_path):
    old, new = cache.get(PACKAGE), cache.get(RELEASE)
    os.utime(old, (clock.now - (UNUSED_DAYS + 1) * 86400,) * 2)
    cache.prune()
    assert not old.exists()
    assert new.exists()


@pytest.fixture
def connection(cache: PackageCache) -> Iterator[http.client.HTTPConnection]:
    server = PackageServer(listen(None, 0), [ARCHIVE], cache)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    yield connection
    connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def answer(connection: http.client.HTTPConnection, target: str, method: str = "GET") -> tuple[int, str, bytes]:
    connection.request(method, target)
    response = connection.getresponse()
    return response.status, response.reason, response.read()


def test_one_connection_brings_many_files(connection):
    assert answer(connection, f"/{PACKAGE.place}") == (200, "OK", b"!<arch>\nx")
    assert answer(connection, f"/{RELEASE.place}") == (200, "OK", b"Origin: Debian")
    assert answer(connection, f"/{RELEASE.place}", "HEAD") == (200, "OK", b"")
    assert answer(connection, "/archive.test/debian/dists/trixie/nothing")[:2] == (404, "Not Found")
    assert answer(connection, f"/{PACKAGE.place}")[0] == 200


def test_nothing_but_the_archives_is_served(connection, upstream, tmp_path):
    (tmp_path / "secret").write_text("x")
    for target in ("/secret", "/archive.test/debian/pool/%2e%2e/%2e%2e/%2e%2e/secret", "http://other.test/pool/x"):
        assert answer(connection, target)[0] == 403
    assert upstream.asked == []


def test_an_archive_out_of_reach_is_told_in_the_line_that_apt_shows(connection, upstream):
    upstream.down = True
    status, reason, _ = answer(connection, f"/{PACKAGE.place}")
    assert status == 502
    assert "cannot get it: Temporary failure resolving 'archive.test'" in reason
