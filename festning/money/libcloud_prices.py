"""The prices of machines that come with libcloud: its bundled ``pricing.json``, with the day on which it was made.

Of the file that is read (libcloud 3.9): ``ec2_linux`` and ``azure_linux`` hold dollars an hour by size and region;
``gce_instances`` holds processors and memory of a family by region, of which a size is made. It has nothing for
DigitalOcean. A price that its makers did not find is 0.0 in it, one in six of EC2's: that is unknown, not free.
A few others are not what their neighbours make likely (t3.medium in eu-west-1 is not twice t3.small): they are taken as
they are, and the report says so.

Reads that file and no other: not the one in a home directory that libcloud would prefer, and never the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from libcloud import __version__
from libcloud.pricing import DEFAULT_PRICING_FILE_PATH, get_pricing

from festning.errors import FestningError
from festning.model.money import Source
from festning.money.published import Provider, Published
from festning.money.sizes import SizeList

_BY_SIZE = {"ec2": "ec2_linux", "azure": "azure_linux"}
_FAMILY = "e2"
"""Google's, of which the ladder's sizes are."""


def size_lists(published: Published, file: str = DEFAULT_PRICING_FILE_PATH) -> dict[str, SizeList]:
    """The lists of all providers that the file knows; raises :class:`FestningError` when it is not as it was."""
    try:
        source = _source(file)
        lists = {name: _by_size(published.providers[name], key, file, source) for name, key in _BY_SIZE.items()}
        return {**lists, "gce": _by_processors(published.providers["gce"], file, source)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise FestningError(
            f"the price list that comes with libcloud {__version__} cannot be read: {error!r}",
            hint="reinstall apache-libcloud in the version that requirements.lock names",
        ) from None


def _source(file: str) -> Source:
    updated = json.loads(Path(file).read_text(encoding="utf-8"))["updated"]
    return Source(f"libcloud {__version__}, pricing.json", datetime.fromtimestamp(updated, UTC).date())


def _by_size(provider: Provider, key: str, file: str, source: Source) -> SizeList:
    listed: Mapping[str, Mapping[str, Any]] = _prices(key, file)
    regions = frozenset(region for by_region in listed.values() for region in by_region)
    return SizeList(
        provider.title, source, {size: dict(_known(by_region)) for size, by_region in listed.items()}, regions
    )


def _by_processors(provider: Provider, file: str, source: Source) -> SizeList:
    family = _prices("gce_instances", file)[_FAMILY]
    processor, memory = (
        dict(_known({region: entry["price"] for region, entry in family[part]["on_demand"].items()}))
        for part in ("cpu", "ram")
    )
    prices = {
        size: {
            region: provider.processors[size] * processor[region] + rung.memory * memory[region]
            for region in processor.keys() & memory.keys()
        }
        for rung in provider.ladder
        for size in rung.sizes
    }
    return SizeList(provider.title, source, prices, frozenset(processor) | frozenset(memory))


def _prices(key: str, file: str) -> Mapping[str, Any]:
    found = get_pricing("compute", key, pricing_file_path=file, cache_all=True)
    if found is None:
        raise LookupError(key)
    return found


def _known(by_region: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """A number's shortest text is what the file has: so no binary fraction gets into the sums."""
    for region, number in by_region.items():
        amount = Decimal(str(number))
        if amount > 0:
            yield region, amount
