"""A small HTTP server on 127.0.0.1 for tests of clouds: answers by a function, keeps what was asked, and can go wrong.

What goes wrong is a :class:`Trouble`: so many answers of one kind, for the requests that it is for, either in the place
of what was asked, or after it was done and before anybody could hear of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked: the query's and the body's values, and headers by lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str]
    raw_path: str

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Trouble:
    """``times`` answers instead of the right ones, to requests whose method and path (with query) have these words."""

    answer: Answer
    times: int = 1
    method: str = ""
    words: str = ""
    after: bool = False

    def is_for(self, request: Request) -> bool:
        return self.times > 0 and self.method in ("", request.method) and self.words in request.raw_path


class ApiServer:
    """The server; ``handle`` is what it does when nothing goes wrong."""

    def __init__(self, handle: Callable[[Request], Answer]) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.troubles: list[Trouble] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, method: str, words: str = "") -> list[Request]:
        return [one for one in self.requests if one.method == method and words in one.raw_path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        with self._lock:  # One at a time, so that what is kept needs no locks of its own.
            self.requests.append(request)
            trouble = next((one for one in self.troubles if one.is_for(request)), None)
            if trouble is None:
                return self._handle(request)
            trouble.times -= 1
            if trouble.after:
                self._handle(request)
            return trouble.answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                answer = outer.answer(
                    Request(
                        self.command,
                        parts.path,
                        {key: values[0] for key, values in parse_qs(parts.query).items()},
                        self.rfile.read(length),
                        {key.lower(): value for key, value in self.headers.items()},
                        self.path,
                    )
                )
                self.send_response(answer.status)
                for key, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer.octets)))
                self.end_headers()
                self.wfile.write(answer.octets)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler
