"""The firewall's part of a host: one table, compiled from every system's flows.

Pure: from the resolved fortress and its flows to packages, files and units. What the rules are is ``compilation``'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.catalog import File, Package, Reload, Renewal, SystemCatalog, Unit, Wave
from festning.model.flow import Flow
from festning.model.fortress import Fortress, Host
from festning.systems.nftables.compilation import compile_rules
from festning.systems.nftables.loaded import CONFIG, only_declared_rules, proof
from festning.templates import templates_of

render = templates_of("festning.systems.nftables")

SYSTEM = "nftables"
UNIT = "nftables.service"


def catalog(fortress: Fortress, host: Host, flows: Iterable[Flow]) -> SystemCatalog:
    """The firewall of one host. ``flows`` are all systems' flows; those of other hosts are left out.

    Raises :class:`CompileError` for a flow that cannot be compiled.
    """
    return SystemCatalog(
        system=SYSTEM,
        wave=Wave.GROUND,
        guarded=True,
        items=(
            Package("nftables"),
            File(
                path=CONFIG,
                content=ruleset(fortress, host, flows),
                mode=0o755,
                validate=("/usr/sbin/nft", "--check", "--file", CONFIG),
                # Never a restart: stopping the unit flushes every table on the machine, others' too.
                on_change=(Reload(UNIT),),
            ),
            Unit(
                name=UNIT,
                renewal=Renewal.NONE,
                left="it has no process, and stopping it opens the firewall",
            ),
            only_declared_rules(),
            proof(),
        ),
    )


def ruleset(fortress: Fortress, host: Host, flows: Iterable[Flow]) -> str:
    """The file that nft loads."""
    return render(
        "nftables.conf",
        fortress=fortress,
        host=host,
        pool=fortress.bridge.pool,
        rules=compile_rules(fortress, host, flows),
    )
