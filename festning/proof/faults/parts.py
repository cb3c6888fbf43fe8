"""What faults have to know of a running fortress: who is who now, and what its parts are called on a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from festning.model.fortress import Fortress, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """``writer`` is the data node that takes the writes now. The rest are names of systemd units and files.

    ``hubs`` are the units that are dialled and ``tunnels`` those that dial, by host; ``services`` the units of services
    that run as processes, by service.
    ``expired_certificate`` is PEM for the host that :attr:`victim_edge` names: in order but for its dates.
    """

    fortress: Fortress
    writer: str
    database: str
    data_folder: str
    hubs: Mapping[str, tuple[str, ...]]
    tunnels: Mapping[str, tuple[str, ...]]
    front_door: str
    services: Mapping[str, str]
    bridge_certificate: str
    expired_certificate: str = ""

    def host(self, name: str) -> Host:
        return next(host for host in self.fortress.hosts if host.name == name)

    @property
    def standby(self) -> Host:
        """A data node that does not take the writes."""
        return next(core for core in self.fortress.cores if core.name != self.writer)

    @property
    def witness(self) -> str:
        """Where one sees whether the writer's host answers: the standby."""
        return self.standby.name

    @property
    def victim_edge(self) -> Host | None:
        """The edge that is hurt where one is: the last one declared."""
        return self.fortress.edges[-1] if self.fortress.edges else None

    @property
    def service(self) -> str | None:
        """The service that is hurt where one is: one that answers from a process of its own."""
        return next(iter(self.services), None)
