"""Tells drills what the parts of a running fortress are called, and who is who now."""

from __future__ import annotations

from datetime import datetime

from festning.engine.connections import Connections
from festning.engine.questions import ask_all
from festning.errors import FestningError
from festning.model.fortress import Fortress, Runtime
from festning.proof.faults.parts import Parts
from festning.systems.galera.writer import parse_writer, writer_probe
from festning.systems.openvpn import layout
from festning.systems.openvpn.catalog import certificate
from festning.systems.services.names import unit
from festning.workflows.opening import Opened

DATABASE = "mariadb.service"
DATA_FOLDER = "/var/lib/mysql"
FRONT_DOOR = "haproxy.service"


async def writer_of(fortress: Fortress, connections: Connections) -> str | None:
    """The data node that takes the writes, if those that answer agree on one."""
    answers = await ask_all([writer_probe(core.name) for core in fortress.cores], connections)
    writers = {parse_writer(answer) for answer in answers.values() if answer is not None} - {None}
    return writers.pop() if len(writers) == 1 else None


async def parts_of(opened: Opened, connections: Connections, now: datetime) -> Parts:
    """The parts, as they are now. Raises :class:`FestningError` when nobody is the writer, or nobody could be else."""
    fortress = opened.fortress
    writer = await writer_of(fortress, connections)
    if writer is None:
        raise FestningError("no data node is known to take the writes", hint="festning verify tells what is wrong")
    if len(fortress.cores) < 2:
        raise FestningError("with one data node there is nothing to fail over to", hint="declare a second core host")
    victim = fortress.edges[-1] if fortress.edges else None
    return Parts(
        fortress=fortress,
        writer=writer,
        database=DATABASE,
        data_folder=DATA_FOLDER,
        hubs={hub.name: tuple(server.unit for server in layout.servers(fortress, hub)) for hub in fortress.hubs},
        tunnels={host.name: tuple(link.unit for link in layout.links(fortress, host)) for host in fortress.hosts},
        front_door=FRONT_DOOR,
        services={
            service.name: unit(service)
            for service in fortress.services
            if service.runtime is not Runtime.STATIC and set(fortress.hosts_of(service)) & set(fortress.cores)
        },
        bridge_certificate=layout.CERTIFICATE,
        expired_certificate=opened.vault.expired_twin(certificate(fortress, victim), now) if victim else "",
    )
