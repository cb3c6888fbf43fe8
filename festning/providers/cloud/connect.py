"""The way to a cloud, by the provider's name. Each module, and libcloud's driver for it, is loaded where it is asked.

Knows the names of the providers; leaves where credentials, clock and chance come from to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never, cast

from festning.model.declared import RentingProvider
from festning.providers.cloud.patience import Patience
from festning.providers.cloud.rented import Cloud, Place


def connect(
    place: Place,
    credentials: Mapping[str, str],
    patience: Patience,
    *,
    token: Callable[[], str],
    endpoint: str | None = None,
) -> Cloud:
    """The cloud at a place. ``credentials`` are by the names in ``credentials``: the environment, or from a vault.

    Nothing is asked of it yet. Raises :class:`UsageError` for lacking credentials, and for a region that is known not
    to exist.
    """
    provider = cast("RentingProvider", place.provider)  # The file's schema has no other.
    match provider:
        case "ec2":
            from festning.providers.cloud.ec2 import Ec2  # noqa: PLC0415 (see the module)

            return Ec2(place.region, credentials, patience, token=token, endpoint=endpoint)
        case "digitalocean":
            from festning.providers.cloud.digitalocean import DigitalOcean  # noqa: PLC0415

            return DigitalOcean(place.region, credentials, patience, endpoint=endpoint)
        case "upcloud":
            from festning.providers.cloud.upcloud import UpCloud  # noqa: PLC0415

            return UpCloud(place.region, credentials, patience, endpoint=endpoint)
        case "cloudscale":
            from festning.providers.cloud.cloudscale import Cloudscale  # noqa: PLC0415

            return Cloudscale(place.region, credentials, patience, endpoint=endpoint)
        case _:
            assert_never(provider)
