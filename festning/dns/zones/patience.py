"""How a provider is asked: again when that can help, only so often, and never twice for what may have been done.

A reading is repeated after any failure that may pass. A writing is repeated only when the provider says that it did not
take it (429): after a timeout nobody knows, and the next run compares anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import TypeVar

from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError
from libcloud.common.types import LibcloudError, MalformedResponseError, ProviderError

from festning.dns.zone import ZoneError

Given = TypeVar("Given")
CALL_TIMEOUT_S = 20.0
TOO_MANY = 429
# The last four: what libcloud itself raises over an answer that it did not expect.
_FAILURES = (BaseHTTPError, LibcloudError, OSError, HTTPException, KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Manner:
    """How often something is tried, how waiting is done, and the longest wait that a provider may ask for."""

    sleep: Callable[[float], None]
    attempts: int = 4
    longest_s: float = 30.0


def read(doing: str, call: Callable[[], Given], manner: Manner) -> Given:
    """What a call gives that changes nothing; raises :class:`ZoneError`."""
    return _tried(doing, call, manner, _may_pass)


def write(doing: str, call: Callable[[], Given], manner: Manner) -> Given:
    """What a call gives that changes something; raises :class:`ZoneError`."""
    return _tried(doing, call, manner, lambda error: _code(error) == TOO_MANY)


def _tried(doing: str, call: Callable[[], Given], manner: Manner, again: Callable[[Exception], bool]) -> Given:
    for attempt in range(1, manner.attempts + 1):
        try:
            return call()
        except _FAILURES as error:
            wait = _asked(error) or float(2 ** (attempt - 1))
            if attempt == manner.attempts or wait > manner.longest_s or not again(error):
                raise _in_words(doing, error) from error
            manner.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: Exception) -> bool:
    code = _code(error)
    if code is not None:
        return code == TOO_MANY or code >= 500
    # A proxy's page in HTML, where JSON was expected, is a failure that may pass, too.
    return isinstance(error, (OSError, HTTPException, MalformedResponseError))


def _code(error: Exception) -> int | None:
    """The status of the provider's answer, where there was one."""
    if isinstance(error, BaseHTTPError):
        return int(error.code)
    if isinstance(error, ProviderError):
        return int(error.http_code)
    return None


def _asked(error: Exception) -> float:
    """Seconds that the provider asks to wait."""
    return float(error.retry_after) if isinstance(error, RateLimitReachedError) else 0.0


def _in_words(doing: str, error: Exception) -> ZoneError:
    code, asked = _code(error), _asked(error)
    if code in (401, 403):
        return ZoneError(
            f"cannot {doing}: the provider refuses the credentials ({code})", hint="they come from the environment"
        )
    if code == TOO_MANY:
        return ZoneError(
            f"cannot {doing}: the provider takes no more requests for now",
            hint=f"try again in {asked:.0f} s" if asked else "try again later",
        )
    if code is not None:
        return ZoneError(f"cannot {doing}: the provider answered {code}: {error}")
    return ZoneError(f"cannot {doing}: {error or type(error).__name__}", hint="running it again continues")
