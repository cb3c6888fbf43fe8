"""The lab's package mirror as a program: HTTP for the machines' apt, from a cache that fills itself.

It listens inside the lab's network namespace only, and fetches from outside of it: machines reach the archives' files
and nothing else of the world. It serves no other path, so it is nobody's open proxy.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from festning.providers.lab.archive import PORT, Archive, asked_for
from festning.providers.lab.namespace import socket_in
from festning.providers.lab.package_cache import NotInArchiveError, PackageCache, UnfetchedError

_IDLE_S = 60.0


class PackageServer(ThreadingHTTPServer):
    """Serves archives' files from a cache, on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, archives: Sequence[Archive], cache: PackageCache) -> None:
        """Take over the socket."""
        super().__init__(listener.getsockname(), _Request, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.archives = archives
        self.cache = cache


class _Request(BaseHTTPRequestHandler):
    server: PackageServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        self._answer(with_content=False)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the name is inherited)
        """Say nothing of what went well."""

    def _answer(self, *, with_content: bool) -> None:
        file = asked_for(self.path, self.server.archives)
        if file is None:
            self._refuse(HTTPStatus.FORBIDDEN, "the lab's mirror has the files of its archives only")
            return
        try:
            path = self.server.cache.get(file)
            self._send(path, with_content=with_content)
        except NotInArchiveError:
            self._refuse(HTTPStatus.NOT_FOUND, "Not Found")
        except (UnfetchedError, OSError) as error:
            print(f"{file.uri}: {error}", file=sys.stderr, flush=True)
            self._refuse(HTTPStatus.BAD_GATEWAY, f"the lab's mirror cannot get it: {error}")

    def _send(self, path: Path, *, with_content: bool) -> None:
        with path.open("rb") as content:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(os.fstat(content.fileno()).st_size))
            self.end_headers()
            if with_content:
                shutil.copyfileobj(content, self.wfile, 1 << 18)

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        # apt shows the status line to the person, and nothing of the content.
        self.send_response(status, " ".join(reason.split())[:300])
        self.send_header("Content-Length", "0")
        self.end_headers()


def listen(namespace: str | None, port: int = PORT) -> socket.socket:
    """A socket that listens on every address inside a network namespace. Raises ``OSError``."""
    listener = socket_in(namespace)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))  # noqa: S104 (the namespace has the lab's machines and nobody else)
    listener.listen(128)
    return listener


def main(arguments: Sequence[str]) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("namespace")
    parser.add_argument("cache", type=Path)
    parser.add_argument("archives", nargs="+", type=Archive)
    asked = parser.parse_args(arguments)
    cache = PackageCache(asked.cache)
    server = PackageServer(listen(asked.namespace), asked.archives, cache)
    cache.prune()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
