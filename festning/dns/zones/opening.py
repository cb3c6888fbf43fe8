"""Opens a zone at a provider: which credentials it takes, from which variables, and where its API is.

Credentials come only from the environment that is passed: never from a file, never from an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from libcloud.dns.providers import get_driver

from festning.dns.records import plain
from festning.dns.zone import Zone, ZoneError
from festning.dns.zones.by_value import ByValue
from festning.dns.zones.patience import CALL_TIMEOUT_S, Manner, read
from festning.dns.zones.spelling import Spelling
from festning.dns.zones.whole_sets import Gandi, PowerDns, Route53
from festning.errors import UsageError


@dataclass(frozen=True, slots=True)
class Service:
    """A provider: libcloud's name for it, the variables of its credentials in order, and how its zones are written.

    ``optional`` are variables that may be missing, by the argument that takes them; ``endpoint`` is the variable that
    tells where the API is, for a server of one's own.
    """

    driver: str
    credentials: tuple[str, ...]
    kind: Callable[[Any, Any, str, Spelling, Manner], Zone]
    spelling: Spelling
    optional: tuple[tuple[str, str], ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    endpoint: str | None = None


SERVICES: Mapping[str, Service] = {
    "digitalocean": Service("digitalocean", ("DIGITALOCEAN_TOKEN",), ByValue, Spelling(quoted=False)),
    "gandi_live": Service("gandi_live", ("GANDI_API_KEY",), Gandi, Spelling()),
    "powerdns": Service(
        "powerdns",
        ("PDNS_API_KEY",),
        PowerDns,
        Spelling(absolute=True),
        arguments=(("api_version", "v1"),),
        endpoint="PDNS_API_URL",
    ),
    "route53": Service(
        "route53",
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        Route53,
        Spelling(top=""),
        optional=(("token", "AWS_SESSION_TOKEN"),),
    ),
}


def open_zone(
    provider: str, zone: str, environment: Mapping[str, str], manner: Manner, *, endpoint: str | None = None
) -> Zone:
    """The zone of that name at a provider, which must have it already.

    ``endpoint`` is the API's URL, where it is not the provider's own. Raises :class:`UsageError` for what is missing
    from the environment, and :class:`ZoneError`.
    """
    service = SERVICES[provider]
    driver = _driver(provider, service, environment)
    at = endpoint or (environment[service.endpoint] if service.endpoint else None)
    _reach(driver.connection, at)
    return service.kind(driver, _find(driver, provider, zone, manner), zone, service.spelling, manner)


def _driver(provider: str, service: Service, environment: Mapping[str, str]) -> Any:  # noqa: ANN401 (libcloud's)
    needed = (*service.credentials, *filter(None, [service.endpoint]))
    missing = [name for name in needed if not environment.get(name)]
    if missing:
        raise UsageError(
            f"{provider} needs {' and '.join(missing)} in the environment",
            hint="credentials are taken from nowhere else; festning dns prints the records without any",
        )
    optional = {argument: environment[name] for argument, name in service.optional if environment.get(name)}
    made: Any = get_driver(service.driver)
    driver = made(*(environment[name] for name in service.credentials), **dict(service.arguments), **optional)
    # One type that libcloud does not know, anywhere in the zone, would make the whole of it unreadable.
    driver.RECORD_TYPE_MAP = _AsTheyAre(driver.RECORD_TYPE_MAP)
    driver._string_to_record_type = str.upper
    return driver


class _AsTheyAre(dict[str, str]):
    """The types that libcloud knows, and all others by their own names."""

    def __missing__(self, kind: str) -> str:
        return kind


def _reach(connection: Any, endpoint: str | None) -> None:  # noqa: ANN401 (libcloud's)
    """Set where the API is and how long an answer may take: not every driver hands on what its constructor takes."""
    connection.timeout = CALL_TIMEOUT_S
    if endpoint is not None:
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UsageError(f"{endpoint} is no URL of an API", hint="such as https://dns.example:8081")
        connection.secure = url.scheme == "https"
        connection.host = url.hostname
        connection.port = url.port or (443 if connection.secure else 80)
        connection.request_path = url.path
    connection.connection = None  # It is made anew, with these, when it is needed.


def _find(driver: Any, provider: str, zone: str, manner: Manner) -> Any:  # noqa: ANN401 (libcloud's)
    zones = read(f"list the zones at {provider}", driver.list_zones, manner)
    found = [one for one in zones if plain(one.domain) == zone]
    if not found:
        raise ZoneError(
            f"there is no zone {zone} at {provider}", hint="make it there, or say with dns.zone which zone it is"
        )
    if len(found) > 1:
        raise ZoneError(
            f"there are {len(found)} zones {zone} at {provider}: {', '.join(one.id for one in found)}",
            hint="which of them the public is told cannot be known from here; keep one",
        )
    return found[0]
