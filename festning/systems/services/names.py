"""Where a service's parts are on its host: files, units and stamps, by name."""

from __future__ import annotations

from festning.model.fortress import Service

CONFIGURATION = "/etc/festning/services"
SOURCES = "/srv/festning"
RELEASES = "/var/lib/festning/releases"


def unit(service: Service) -> str:
    """The unit that runs a service with runtime ``php`` or ``command``."""
    return f"festning-service-{service.name}.service"


def unit_path(service: Service) -> str:
    return f"/etc/systemd/system/{unit(service)}"


def release_unit(service: Service) -> str:
    """The unit that runs the service's release command once."""
    return f"festning-release-{service.name}.service"


def release_unit_path(service: Service) -> str:
    return f"/etc/systemd/system/{release_unit(service)}"


def environment_path(service: Service) -> str:
    """The file of the service's environment, which holds its database password."""
    return f"{CONFIGURATION}/{service.name}.env"


def fpm_path(service: Service) -> str:
    """The configuration of the service's own php-fpm."""
    return f"{CONFIGURATION}/{service.name}.php-fpm.conf"


def run_path(service: Service) -> str:
    """The script that runs the command of a service with runtime ``command``."""
    return f"{CONFIGURATION}/{service.name}.run"


def release_path(service: Service) -> str:
    """The script that runs the service's release command."""
    return f"{CONFIGURATION}/{service.name}.release"


def stamp_path(service: Service) -> str:
    """Holds the digest of what was released last."""
    return f"{RELEASES}/{service.name}"
