"""What is verified of the front doors: every server of every backend is up, as HAProxy's own checks see it.

Of the database's servers exactly one is up: the writer. What is tried from outside is in ``visits``. Pure: probes and
judgements.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from festning.model.check import CheckSpec, Judgement, Output, Probe, Verdict
from festning.model.fortress import Fortress, Host
from festning.systems.haproxy.catalog import catalog
from festning.systems.haproxy.facts import ServerState, parse_servers
from festning.systems.haproxy.names import ADMIN_SOCKET
from festning.systems.haproxy.visits import keys, manners

DATABASE = "database"


def checks(fortress: Fortress) -> tuple[CheckSpec, ...]:
    """Every check of the front doors."""
    backends = (_backends(host) for host in fortress.hosts if catalog(fortress, host) is not None)
    return (*backends, *manners(fortress), *keys(fortress))


def _backends(host: Host) -> CheckSpec:
    return CheckSpec(
        id="haproxy.backends",
        host=host.name,
        probes=(Probe(host=host.name, script=_statistics(), interpreter="python3"),),
        expected="every server of every backend is up, and one writer",
        judge=_judge,
        unit="up",
    )


def _judge(outputs: tuple[Output, ...]) -> Judgement:
    servers = parse_servers(outputs[0].stdout) if outputs[0].status == 0 else ()
    if not servers:
        return Judgement(verdict=Verdict.FAIL, reason="HAProxy does not answer on its admin socket")
    wrong = [*_down(servers), *_writers(servers)]
    measured = sum(server.up for server in servers)
    return Judgement(verdict=Verdict.FAIL if wrong else Verdict.PASS, measured=measured, reason="; ".join(wrong))


def _down(servers: tuple[ServerState, ...]) -> list[str]:
    return [
        f"{server.backend}/{server.server} is {server.status} ({server.last_check})"
        for server in servers
        if server.backend != DATABASE and not server.up
    ]


def _writers(servers: tuple[ServerState, ...]) -> list[str]:
    database = [server for server in servers if server.backend == DATABASE]
    writers = [server.server for server in database if server.up]
    if not database or len(writers) == 1:
        return []
    return [f"{len(writers)} data nodes take writes: {', '.join(writers)}" if writers else "no data node takes writes"]


@cache
def _statistics() -> str:
    source = files("festning.systems.haproxy.probes").joinpath("statistics.py").read_text(encoding="utf-8")
    return source.replace('SOCKET = ""', f"SOCKET = {ADMIN_SOCKET!r}", 1)
