"""What a provider's refusal means: from libcloud's exceptions and the provider's own words to one kind of failure.

Knows which failures may be over in a moment. Leaves waiting to ``patience`` and the words for the person to ``calls``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong. Only ``BUSY`` and ``DOWN`` pass by themselves. ``GONE`` and ``DONE``: it is so already."""

    CREDENTIALS = "credentials"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    DOWN = "down"
    QUOTA = "quota"
    CAPACITY = "capacity"
    SIZE = "size"
    REGION = "region"
    IMAGE = "image"
    NETWORK = "network"
    GONE = "gone"
    DONE = "done"
    REFUSED = "refused"


PASSING = frozenset({Kind.BUSY, Kind.DOWN})

Words = Mapping[str, Kind]
"""What stands in a provider's refusals (in lower case), and what it means; the first that occurs counts."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure, in the provider's own words. ``wait_s`` is how long the provider asks to wait; 0 when it does not."""

    kind: Kind
    text: str
    wait_s: float = 0.0

    @property
    def passes(self) -> bool:
        """Whether the same call may go well in a moment."""
        return self.kind in PASSING


_BY_STATUS = {
    401: Kind.CREDENTIALS,
    402: Kind.QUOTA,
    403: Kind.FORBIDDEN,
    404: Kind.GONE,
    408: Kind.DOWN,
    429: Kind.BUSY,
}


def failure_of(error: Exception, words: Words) -> Failure | None:  # noqa: PLR0911 (one for each exception)
    """What an exception from libcloud means; ``None`` for one that is no answer and no broken connection: a defect."""
    from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError  # noqa: PLC0415 (see the package)
    from libcloud.common.types import InvalidCredsError, LibcloudError, MalformedResponseError  # noqa: PLC0415

    match error:
        case RateLimitReachedError():
            return Failure(Kind.BUSY, "too many requests", float(error.retry_after))
        case BaseHTTPError():
            return _of_answer(int(error.code), _text(error.message), words)
        case InvalidCredsError():
            return Failure(Kind.CREDENTIALS, _text(error.value))
        case MalformedResponseError():  # A gateway's error page in the place of the API's answer.
            return Failure(Kind.DOWN, f"not an answer of the API: {_text(error.body)[:120]}")
        case LibcloudError():
            return _of_answer(400, _text(error.value), words)
        case OSError():  # Broken connections, timeouts, names that are not found: requests' exceptions are such.
            return Failure(Kind.DOWN, _text(error))
    return None


def _of_answer(status: int, text: str, words: Words) -> Failure:
    lowered = text.lower()
    kind = next((kind for word, kind in words.items() if word in lowered), None)
    if kind is None:
        kind = Kind.DOWN if status >= 500 else _BY_STATUS.get(status, Kind.REFUSED)
    return Failure(kind, text or f"HTTP status {status}")


def _text(message: object) -> str:
    """The words in an error's message, which may be text, or what JSON had there."""
    if isinstance(message, Mapping):
        return ": ".join(_text(value) for value in message.values())
    if isinstance(message, list | tuple):
        return "; ".join(_text(value) for value in message)
    return " ".join(str(message or "").split())
