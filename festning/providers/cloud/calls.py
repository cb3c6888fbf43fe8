"""Calls a provider's API: asks again where that may help, and tells in words what does not.

Knows what a person can do about each kind of failure. Leaves which kind it is to ``failure``, and the calls themselves
to the provider's module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from festning.errors import FestningError, ProviderError, UsageError
from festning.providers.cloud.failure import Failure, Kind, Words, failure_of
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Wanted

Result = TypeVar("Result")

_MISTAKES = frozenset({Kind.CREDENTIALS, Kind.FORBIDDEN, Kind.SIZE, Kind.REGION, Kind.IMAGE, Kind.NETWORK})
"""Kinds that are in what the person said: bad usage. The others happen."""

AGAIN = "what was made already is found by its tags: run the same command again"

_HINTS = {
    Kind.FORBIDDEN: "give the account or token the permission that is named",
    Kind.BUSY: f"wait a few minutes; {AGAIN}",
    Kind.DOWN: f"see the provider's status page; {AGAIN}",
    Kind.QUOTA: f"let go of what is not needed (festning orphans), or ask the provider for more; {AGAIN}",
    Kind.CAPACITY: "take another size or another region, or try again later",
    Kind.SIZE: "give the host a `size:` that the provider has in that region",
    Kind.REGION: "give the site a `region:` that the provider has",
    Kind.IMAGE: "give the host an `image:` that the provider has in that region, or leave it out for Debian 13",
    Kind.NETWORK: "festning rents into the region's default network (on EC2: the default VPC); make one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The way to one provider. ``keys`` names where its credentials come from, for who has given wrong ones."""

    provider: str
    keys: str
    words: Words
    patience: Patience

    def call(self, act: Callable[[], Result], *, doing: str) -> Result:
        """What a call returns; asked again, a bounded number of times, while it fails in ways that pass.

        Only for what may be done twice. Raises :class:`FestningError` for what does not pass.
        """
        return self.make(act, lambda: None, doing=doing)

    def make(self, act: Callable[[], Result], look: Callable[[], Result | None], *, doing: str) -> Result:
        """Like :meth:`call`, for what must not be done twice: after a failure, ``look`` tells whether it was done."""
        tried = 0
        while True:
            try:
                return act()
            except Exception as error:  # Kinds are told apart below; what is not an answer goes on as it came.
                failure = failure_of(error, self.words)
                if failure is None:
                    raise
                tried += 1
                if not failure.passes or not self.patience.pause(tried, failure.wait_s):
                    raise self._told(failure, doing, tried) from error
            if (found := look()) is not None:
                return found

    def ensure(self, act: Callable[[], object], *, doing: str) -> None:
        """Like :meth:`call`, for what is as good when it is so already: made before, or not there to take away."""
        try:
            self.call(act, doing=doing)
        except (GoneError, DoneError):
            return

    def _told(self, failure: Failure, doing: str, tried: int) -> FestningError:
        times = f" ({tried} times)" if tried > 1 else ""
        message = f"{doing}: {self.provider} says{times}: {failure.text}"
        hint = _HINTS.get(failure.kind)
        if failure.kind is Kind.CREDENTIALS:
            hint = f"the credentials are taken from {self.keys}"
        return _CLASSES.get(failure.kind, ProviderError)(message, hint=hint)


class GoneError(ProviderError):
    """What was asked about does not exist, or not any more."""


class DoneError(ProviderError):
    """What was to be made exists already, by that very name."""


_CLASSES: Mapping[Kind, type[FestningError]] = {
    **dict.fromkeys(_MISTAKES, UsageError),
    Kind.GONE: GoneError,
    Kind.DONE: DoneError,
}


def renting(wanted: Wanted) -> str:
    """What is being done, for errors about a machine that is wanted."""
    image = f", image {wanted.image}" if wanted.image else ""
    return f"rent {wanted.host} (size {wanted.size}{image}, region {wanted.place.region})"


def taken(wanted: Wanted, provider: str, what: str) -> UsageError:
    """The error for a name that somebody else's machine or firewall has."""
    return UsageError(
        f"{provider} has a {what} {wanted.name} that this fortress did not make: it is not touched",
        hint="another vault made it, or no vault did: give the fortress another name, or take that one away yourself",
    )
