"""A provider's JSON API, over the connection of libcloud's driver, with patience.

Drivers are used for what they do well: credentials, connections, answers as data. They are untyped. Leaves what is
asked to the provider's module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from json import dumps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from festning.errors import ProviderError
from festning.providers.cloud.calls import Calls

Result = TypeVar("Result")

MOST_PAGES = 1000
"""A list that never ends is a defect of somebody's, and ends here."""


def point_at(driver: Any, endpoint: str | None) -> None:  # noqa: ANN401 (drivers are untyped)
    """Let a driver talk to an endpoint such as ``http://127.0.0.1:8000``; without one, to its provider."""
    if endpoint is None:
        return
    parts = urlsplit(endpoint)
    connection = driver.connection
    connection.host, connection.port = parts.hostname, parts.port
    connection.secure = parts.scheme == "https"
    connection.connect()


class JsonApi:
    """Paths, documents and what is being done, for whom it fails."""

    def __init__(self, driver: Any, calls: Calls) -> None:  # noqa: ANN401 (drivers are untyped)
        self._driver = driver
        self._calls = calls

    def get(self, path: str, *, doing: str, **parameters: str | int) -> Any:  # noqa: ANN401 (whatever JSON can hold)
        """The document at a path; raises :class:`GoneError` when there is none."""
        return self._calls.call(lambda: self._request("GET", path, parameters=parameters), doing=doing)

    def send(self, method: str, path: str, document: Mapping[str, Any], *, doing: str) -> Any:  # noqa: ANN401
        """Send a document that may arrive twice, and return the answer's."""
        return self._calls.call(lambda: self._request(method, path, document), doing=doing)

    def make(
        self,
        path: str,
        document: Mapping[str, Any],
        read: Callable[[Any], Result],
        look: Callable[[], Result | None],
        *,
        doing: str,
    ) -> Result:
        """What is read from the answer to a document that must not arrive twice, or what ``look`` finds instead."""
        return self._calls.make(lambda: read(self._request("POST", path, document)), look, doing=doing)

    def remove(self, path: str, *, doing: str) -> None:
        """Delete what is at a path, if anything is."""
        self._calls.ensure(lambda: self._request("DELETE", path), doing=doing)

    def pages(self, path: str, key: str, *, doing: str, **parameters: str | int) -> Iterator[Any]:
        """The things of a list that comes in pages: each page says whether there is a next one."""
        for page in range(1, MOST_PAGES):
            answer = self.get(path, doing=doing, page=page, **parameters)
            yield from answer[key]
            if not answer.get("links", {}).get("pages", {}).get("next"):
                return
        raise ProviderError(f"{doing}: the list {path} has no end")

    def _request(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Any:  # noqa: ANN401 (whatever JSON can hold)
        data = dumps(document) if document is not None else None
        return self._driver.connection.request(path, method=method, params=parameters, data=data).object
