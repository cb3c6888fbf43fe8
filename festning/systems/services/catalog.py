"""What a host needs in order to run the user's services, and to release them.

Knows where a service's files go, as whom and how enclosed it runs, and how it learns where its database is. Leaves
serving HTTP to ``nginx``, routing to ``haproxy``, and the database and its grants to ``galera``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from festning.model.catalog import (
    Account,
    Directory,
    Drain,
    File,
    Item,
    Package,
    Reload,
    Restart,
    Step,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.fortress import Fortress, Host, Runtime, Service, SourceFile
from festning.model.material import Material, service_database_password
from festning.model.traffic import HOOKS, LONGEST_AWAY_S, REFUSED, REFUSED_TO_OTHERS
from festning.systems.services.environment import environment_file
from festning.systems.services.names import (
    CONFIGURATION,
    RELEASES,
    SOURCES,
    environment_path,
    fpm_path,
    release_path,
    release_unit,
    release_unit_path,
    run_path,
    stamp_path,
    unit,
    unit_path,
)
from festning.systems.services.source import digest, source_items
from festning.templates import templates_of

render = templates_of("festning.systems.services")

SYSTEM = "services"
HOOK = f"{HOOKS}/20-services"
RELEASE_TIMEOUT_S = 600

Sources = Mapping[str, tuple[SourceFile, ...]]


def catalogs(fortress: Fortress, host: Host, sources: Sources) -> tuple[SystemCatalog, ...]:
    """The services of a host, and their release where this host is the one to do it; empty where there is none.

    ``sources`` holds the files of every service by its name.
    """
    running = fortress.services_on(host)
    copies = fortress.copies_on(host)
    if not running and not copies:
        return ()
    services = _services(running, copies, tuple(sources[service.name] for service in (*running, *copies)))
    release = tuple(
        _release(service, sources[service.name])
        for service in running
        if service.release is not None and fortress.hosts_of(service)[0] == host
    )
    if not release:
        return (services,)
    return services, SystemCatalog(system="release", wave=Wave.RELEASE, items=release)


@lru_cache(maxsize=8)
def _services(
    running: tuple[Service, ...], copies: tuple[Service, ...], files: tuple[tuple[SourceFile, ...], ...]
) -> SystemCatalog:
    """Remembered: it is the same on every host of a role, and a digest of every source is in it."""
    sources = {service.name: source for service, source in zip((*running, *copies), files, strict=True)}
    return SystemCatalog(
        system=SYSTEM,
        wave=Wave.SERVICES,
        items=tuple(_items(running, copies, sources)),
        materials=tuple(_materials(running)),
    )


def _items(running: tuple[Service, ...], copies: tuple[Service, ...], sources: Sources) -> Iterator[Item]:
    yield from _packages(running)
    yield _traffic_hook(running)
    yield Directory(path=CONFIGURATION, purge=True)
    yield Directory(path=SOURCES, purge=True)
    for service in (*running, *copies):
        yield from source_items(service, sources[service.name])
    for service in running:
        yield from _service(service, sources[service.name])
    yield _retire(running)


def _packages(running: tuple[Service, ...]) -> Iterator[Item]:
    if any(service.runtime is Runtime.PHP for service in running):
        yield Package("php-fpm")
        yield Package("php-mysql")
        yield _no_shared_pool()


def _no_shared_pool() -> Step:
    # Debian's own unit runs a pool named www, as the web server's user: one more thing to attack, and to no use. Only
    # where it has left a mark is systemctl asked: each question costs a host 8 ms of every look.
    marks = "/etc/systemd/system/*.wants/php[0-9]*-fpm.service /run/php/php[0-9]*-fpm.pid"
    marked = f'found=\nfor mark in {marks}; do\n  [ -e "$mark" ] || [ -L "$mark" ] && found=yes\ndone\n'
    units = "for path in /usr/lib/systemd/system/php[0-9]*-fpm.service; do unit=${path##*/}\n"
    return Step(
        name="php-fpm without Debian's shared pool",
        check=f'{marked}[ "$found" ] || exit 0\n{units}'
        '  systemctl -q is-active "$unit" || systemctl -q is-enabled "$unit" && exit 1\ndone\nexit 0\n',
        do=f'{units}  systemctl -q disable --now "$unit" || exit 1\ndone\n',
    )


def _service(service: Service, source: tuple[SourceFile, ...]) -> Iterator[Item]:
    if service.runtime is Runtime.STATIC and service.release is None:
        return
    yield Account(service.account)
    runs = service.runtime is not Runtime.STATIC
    yield File(
        path=environment_path(service),
        content=environment_file(service),
        mode=0o600,
        on_change=(Restart(unit(service)),) if runs else (),
    )
    if runs:
        yield from _process(service, digest(source))
    if service.release is not None:
        yield File(path=release_path(service), content=_script("Release", service, service.release, digest(source)))
        yield File(path=release_unit_path(service), content=_unit("release.service", service))


def _process(service: Service, source_digest: str) -> Iterator[Item]:
    name = unit(service)
    if service.runtime is Runtime.PHP:
        yield File(
            path=fpm_path(service),
            content=render("php-fpm.conf", service=service, source_digest=source_digest),
            on_change=(Reload(name),),
        )
        yield File(path=unit_path(service), content=_unit("php.service", service), on_change=(Restart(name),))
    else:
        yield File(
            path=run_path(service),
            content=_script("Command", service, service.command or "", source_digest),
            on_change=(Restart(name),),
        )
        yield File(path=unit_path(service), content=_unit("command.service", service), on_change=(Restart(name),))
    yield Unit(name=name)
    yield Drain(
        name=f"service {service.name}",
        units=(name,),
        begin=f"{HOOK} away {service.port}\n",
        end=f"{HOOK} back {service.port}\n",
    )


def _traffic_hook(services: tuple[Service, ...]) -> File:
    content = render(
        "traffic.sh",
        ports=[service.port for service in services],
        refused=REFUSED,
        refused_to_others=REFUSED_TO_OTHERS,
        longest_s=LONGEST_AWAY_S,
    )
    return File(path=HOOK, content=content, mode=0o755)


def _unit(template: str, service: Service) -> str:
    return render(
        template,
        service=service,
        environment=environment_path(service),
        fpm=fpm_path(service),
        run=run_path(service),
        release=release_path(service),
        release_timeout_s=RELEASE_TIMEOUT_S,
    )


def _script(purpose: str, service: Service, command: str, source_digest: str) -> str:
    return render("script.sh", purpose=purpose, service=service, command=command, source_digest=source_digest)


def _materials(running: Iterable[Service]) -> Iterator[Material]:
    for service in running:
        if service.database:
            yield service_database_password(service.schema)


def _retire(running: tuple[Service, ...]) -> Step:
    """What was declared once and is no longer must not go on running."""
    declared = " ".join(sorted(unit(service) for service in running if service.runtime is not Runtime.STATIC))
    retired = (
        "for path in /etc/systemd/system/festning-service-*.service; do\n"
        '  [ -e "$path" ] || continue\n'
        f'  case " {declared} " in *" ${{path##*/}} "*) continue ;; esac\n'
    )
    return Step(
        name="no service beyond the declared ones",
        check=f"{retired}  exit 1\ndone\n",
        do=(
            f'{retired}  systemctl -q disable --now "${{path##*/}}" || exit 1\n'
            '  rm -f "$path" "${path%/*}/festning-release-${path##*/festning-service-}"\n'
            "done\nsystemctl daemon-reload\n"
        ),
    )


def _release(service: Service, source: tuple[SourceFile, ...]) -> Step:
    stamp = digest(source, service.release or "")
    return Step(
        name=f"release of {service.name}",
        check=f'[ "$(cat {stamp_path(service)} 2>/dev/null)" = {stamp} ]\n',
        do=(
            f"systemctl start {release_unit(service)} || {{\n"
            f"  journalctl --unit={release_unit(service)} --lines=40 --output=cat --no-pager >&2\n"
            "  exit 1\n"
            "}\n"
            f"mkdir -p {RELEASES}\n"
            f"printf '%s\\n' {stamp} > {stamp_path(service)}\n"
        ),
        timeout_s=RELEASE_TIMEOUT_S + 30,
    )
