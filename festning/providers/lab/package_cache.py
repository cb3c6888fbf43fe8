"""Files of Debian's archives, fetched once by the box's own apt and kept for all labs of the box.

apt fetches as this box is configured to (proxies, methods, certificates), and nothing is trusted here: the machines'
own apt checks signatures and digests of all that it gets. A file under its final name is whole: it is fetched beside
it and renamed. Leaves which files may be asked for to ``archive``, and serving to ``package_server``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from festning.providers.lab.archive import ArchiveFile

PACKAGES = Path("/var/cache/festning/packages")
APT_HELPER = "/usr/lib/apt/apt-helper"

FRESH_S = 300.0
"""Seconds for which an index that changes in the archive is not asked for again: six machines ask at once."""
UNUSED_DAYS = 30
"""Days after which a file that no lab has asked for is dropped."""
_AT_ONCE = 4
_FETCHING = ".fetching-"
_PACKAGE_MAGIC = b"!<arch>\n"

Fetch = Callable[[ArchiveFile, Path], None]


class NotInArchiveError(Exception):
    """The archive has no such file."""


class UnfetchedError(Exception):
    """The file could not be fetched; the text says why, in one line."""


def fetch(file: ArchiveFile, target: Path) -> None:
    """Fetch one file with the box's own apt. Raises :class:`NotInArchiveError` or :class:`UnfetchedError`."""
    command = [APT_HELPER, "-q", "-o", "Acquire::Retries=2", "download-file", file.uri, str(target)]
    done = subprocess.run(
        [*command, file.digest] if file.digest else command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E:", "Err", "  "))]
        if any(" 404 " in line for line in said):
            raise NotInArchiveError(file.uri)
        raise UnfetchedError(" ".join(" ".join(said).split()) or f"{APT_HELPER} ended with {done.returncode}")


class PackageCache:
    """The files below ``folder``; safe to use from many threads, and by many labs at once."""

    def __init__(self, folder: Path = PACKAGES, fetch: Fetch = fetch, clock: Callable[[], float] = time.time) -> None:
        """Take where files are kept and how they are fetched."""
        self._folder = folder
        self._fetch = fetch
        self._clock = clock
        self._guard = threading.Lock()
        self._flights: dict[str, Future[Path]] = {}
        self._turns = threading.Semaphore(_AT_ONCE)

    def get(self, file: ArchiveFile) -> Path:
        """Where the file is, fetched if need be; those who ask meanwhile wait for the same fetch, and share its end.

        An index that cannot be asked for anew is given as it was: its signature tells how long that holds. Raises
        :class:`NotInArchiveError` and :class:`UnfetchedError`.
        """
        with self._guard:
            flight = self._flights.get(file.place)
            leading = flight is None
            if flight is None:
                flight = self._flights[file.place] = Future()
        if leading:
            try:
                flight.set_result(self._obtain(file))
            except Exception as error:  # noqa: BLE001  (raised again, for each who asked)
                flight.set_exception(error)
            finally:
                with self._guard:
                    del self._flights[file.place]
        return flight.result()

    def prune(self) -> None:
        """Drop what nobody has asked for in a long time, and what was left of fetches that were killed."""
        for path in self._folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # Another lab's mirror may be pruning as well.
                if path.is_file() and path.stat().st_mtime < self._clock() - UNUSED_DAYS * 86400:
                    path.unlink()

    def _obtain(self, file: ArchiveFile) -> Path:
        path = self._folder / file.place
        if path.is_file() and (file.fixed or self._clock() - path.stat().st_mtime < FRESH_S):
            if file.fixed:
                os.utime(path, (self._clock(),) * 2)
            return path
        try:
            with self._turns:
                self._bring(file, path)
        except UnfetchedError:
            if not path.is_file():
                raise
        return path

    def _bring(self, file: ArchiveFile, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}{_FETCHING}{os.getpid()}-{threading.get_ident()}")
        try:
            self._fetch(file, fresh)
            if path.suffix == ".deb" and not _is_package(fresh):
                raise UnfetchedError(f"{file.uri}: what came is no package")
            os.utime(fresh, (self._clock(),) * 2)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _is_package(path: Path) -> bool:
    with path.open("rb") as package:
        return package.read(len(_PACKAGE_MAGIC)) == _PACKAGE_MAGIC
