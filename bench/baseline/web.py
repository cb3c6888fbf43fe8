"""The web servers of 2014: nginx and PHP, on the web nodes and (as the backup server) on the cores.

nginx, php-fpm and their units are Debian's; only the site and the pool are ours. The files of the services are the same
as festning's, at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.baseline import material
from bench.baseline.layout import FIRST, Layout, Member
from bench.baseline.rendering import render
from festning.model.catalog import File, Item, Package, Step, SystemCatalog, Unit, Wave
from festning.model.fortress import Runtime
from festning.model.reference import secret
from festning.systems.nginx.catalog import Sources, document_root
from festning.systems.services.source import source_items

BACKUP = "127.0.0.1:8080"
SITE = "/etc/nginx/sites-available/default"
"""Debian's own default site, which is enabled."""
PHP = "8.4"
"""Debian 13's: paths and the unit of php-fpm have it in their names."""
POOL = f"/etc/php/{PHP}/fpm/pool.d/www.conf"
ENVIRONMENT = "/etc/baseline/shop.env"
"""How to reach the database, on the cores: for the release, and for a session that is measured."""
RELEASED = "/var/lib/baseline/released"


def catalog(layout: Layout, member: Member, sources: Sources) -> SystemCatalog:
    """nginx and PHP of one host."""
    return SystemCatalog(
        system="web",
        wave=Wave.SERVICES,
        items=tuple(_items(layout, member, sources)),
        materials=(material.shop_password(layout),),
    )


def release(layout: Layout) -> SystemCatalog:
    """The shop's tables, made once."""
    shop = layout.shop
    step = Step(
        name=f"release of {shop.name}",
        check=f"test -e {RELEASED}\n",
        do=f"set -ea\n. {ENVIRONMENT}\ncd {shop.root}\n{shop.release or ':'}\ninstall -D /dev/null {RELEASED}\n",
    )
    return SystemCatalog(system="release", wave=Wave.RELEASE, items=(step,))


def _items(layout: Layout, member: Member, sources: Sources) -> Iterator[Item]:
    is_core = member in layout.cores
    for package in ("nginx", "php-fpm", "php-mysql"):
        yield Package(package)
    for service in layout.fortress.services:
        yield from source_items(service, sources[service.name])
    if is_core:
        yield File(path=ENVIRONMENT, content=_environment_file(layout), mode=0o600)
    yield File(
        path=POOL,
        content=render("www.conf", version=PHP, database=database_of(layout)),
        mode=0o600,
        validate=(f"/usr/sbin/php-fpm{PHP}", "--test"),
    )
    yield File(path=SITE, content=_site(layout, BACKUP if is_core else "80", sources), validate=("nginx", "-t", "-q"))
    yield Unit(name=f"php{PHP}-fpm.service")
    yield Unit(name="nginx.service")


def database_of(layout: Layout) -> dict[str, str]:
    """The environment in which the shop finds its database: at the first member, and nowhere else."""
    return {
        "DATABASE_HOST": str(FIRST),
        "DATABASE_PORT": "3306",
        "DATABASE_NAME": layout.shop.schema,
        "DATABASE_USER": layout.shop.schema,
        "DATABASE_PASSWORD": secret(material.shop_password(layout).value),
    }


def _environment_file(layout: Layout) -> str:
    return "".join(f"{name}={value}\n" for name, value in database_of(layout).items())


def _site(layout: Layout, listen: str, sources: Sources) -> str:
    # The checks of 2014 name no host: whoever answers them must be the default.
    services = sorted(layout.fortress.services, key=lambda service: service != layout.shop)
    return render(
        "site",
        listen=listen,
        services=services,
        default=layout.shop,
        php=[service.name for service in services if service.runtime is Runtime.PHP],
        roots={service.name: document_root(service, sources[service.name]) for service in services},
        socket=f"/run/php/php{PHP}-fpm.sock",
    )
