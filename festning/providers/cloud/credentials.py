"""The providers' credentials, by the names that their own tools use.

Knows the names; leaves where the values are from (the environment, or a vault) to whoever gives the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping

from festning.errors import UsageError

NAMES: Mapping[str, tuple[str, ...]] = {
    "ec2": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "digitalocean": ("DIGITALOCEAN_TOKEN",),
    "upcloud": ("UPCLOUD_USERNAME", "UPCLOUD_PASSWORD"),
    "cloudscale": ("CLOUDSCALE_API_TOKEN",),
}
SESSION_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105 (a name)
"""Temporary keys of AWS have this one, too."""


def credentials_of(provider: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """A provider's credentials. Raises :class:`UsageError` that names those that are lacking or empty."""
    names = NAMES[provider]
    lacking = [name for name in names if not given.get(name)]
    if lacking:
        raise UsageError(
            f"machines at {provider} need credentials, and {' and '.join(lacking)} is not set",
            hint=f"put {' and '.join(names)} into the environment",
        )
    return tuple(given[name] for name in names)
