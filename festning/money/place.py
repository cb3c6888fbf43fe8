"""Where hosts may stand, as its prices see it: a site of the fortress or a cloud that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from festning.model.cost import Part, Quote
from festning.model.fortress import Operator, Site
from festning.money.published import Cloud, Provider, Published
from festning.money.sizes import SizeList


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices that there are besides the file's: machines by provider, and what was published."""

    lists: Mapping[str, SizeList]
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place with what its provider takes. ``site`` is who stands for it: the fortress's own, or one made of a cloud.

    ``path`` is where the file could say more (dotted); a cloud has none. ``provider`` is ``None`` where machines exist
    already and nobody lists their prices.
    """

    site: Site
    path: str
    provider: Provider | None
    sizes: SizeList | None
    tariffs: Mapping[Part, Quote]
    included: int = 0

    @property
    def title(self) -> str:
        """The provider and its region, such as ``EC2 eu-north-1``."""
        name = self.site.name if self.provider is None else self.provider.title
        return f"{name} {self.site.region}" if self.site.region else name


def place_of(site: Site, prices: Prices) -> Place:
    """A site's place: what the file says of it goes before what is published."""
    tariffs = prices.published.tariffs_at(site.provider, site.region)
    return Place(
        site=site,
        path=f"sites.{site.name}",
        provider=prices.published.providers.get(site.provider),
        sizes=prices.lists.get(site.provider),
        tariffs={**tariffs, **_declared(site)},
        included=site.prices.included if site.prices else 0,
    )


def place_in(cloud: Cloud, prices: Prices) -> Place:
    """A cloud's region as a place."""
    provider = prices.published.providers[cloud.provider]
    site = Site(
        name=f"{provider.title} {cloud.region}",
        provider=cloud.provider,
        country=cloud.country,
        operator=Operator(cloud.operator, cloud.jurisdiction),
        region=cloud.region,
    )
    tariffs = prices.published.tariffs_at(cloud.provider, cloud.region)
    return Place(site=site, path="", provider=provider, sizes=prices.lists.get(cloud.provider), tariffs=tariffs)


def _declared(site: Site) -> dict[Part, Quote]:
    if site.prices is None:
        return {}
    found = {
        Part.TRAFFIC: site.prices.traffic,
        Part.DISK: site.prices.disk,
        Part.ADDRESS: site.prices.address,
    }
    return {part: Quote(price, site.prices.source) for part, price in found.items() if price is not None}
