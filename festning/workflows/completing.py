"""Completes the vault: makes the keys, certificates and passwords that the catalogs refer to and it does not have."""

from __future__ import annotations

from datetime import datetime

from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import Sources, compile_catalogs
from festning.workflows.opening import Opened


def complete_vault(opened: Opened, sources: Sources, now: datetime, *, keep: bool = True) -> None:
    """Make what is missing. Without ``keep`` only in memory, for a look at what would come of a changed file."""
    catalogs = compile_catalogs(opened.fortress, sources, Formation.running())
    materials = dict.fromkeys(material for catalog in catalogs.values() for material in catalog.materials)
    opened.vault.ensure(materials, now)
    if keep:
        opened.vault.save()
