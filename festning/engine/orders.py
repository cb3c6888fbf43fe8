"""What the agent is told: the observe request, and a host's plan with contents, wave by wave.

The only place that takes filled contents out of a sealed catalog. What is made here goes down the SSH connection and
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from festning.engine.bundle import Verb, program_text
from festning.engine.sealed import SealedCatalog
from festning.engine.snapshot import snapshot
from festning.model.catalog import (
    Account,
    Directory,
    Drain,
    File,
    Gate,
    HostCatalog,
    Item,
    Step,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.plan import HostPlan, Kind, Operation

_OBSERVED_STEP_TIMEOUT_S = 10.0
_PATHS = frozenset({Kind.MKDIR, Kind.WRITE, Kind.CHMOD, Kind.REMOVE})
_PREFERENCES = "/etc/apt/preferences.d/"
"""apt_preferences(5)."""
_ITEM_KEYS: dict[Kind, str] = {
    Kind.ACCOUNT: "account",
    Kind.MKDIR: "path",
    Kind.WRITE: "path",
    Kind.CHMOD: "path",
    Kind.STEP: "step",
    Kind.GATE: "gate",
    Kind.DRAIN: "drain",
    Kind.RESUME: "drain",
}


def observe_request(sealed: SealedCatalog, state_directory: str) -> dict[str, Any]:
    """What the agent must look at so that this catalog can be planned."""
    catalog = sealed.catalog
    items = [item for _, item in catalog.items()]
    return {
        "state": state_directory,
        "paths": [_expected_path(sealed, item) for item in items if isinstance(item, File | Directory)],
        "purge": {item.path: paths_of(catalog) for item in items if isinstance(item, Directory) and item.purge},
        "units": _units(items),
        "packages": list(catalog.packages),
        "accounts": [item.name for item in items if isinstance(item, Account)],
        "checks": [
            [item.name, sealed.script(item.check), min(item.timeout_s, _OBSERVED_STEP_TIMEOUT_S)]
            for item in items
            if isinstance(item, Step)
        ],
        "telling": [item.name for item in items if isinstance(item, Step) and item.tells],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Who applies what under which number, and where the host keeps its records and its lock."""

    operator: str
    fortress: str
    state_directory: str
    run_directory: str
    generation: int = 1
    rolled_back_to: int | None = None
    exactly: bool = False
    """Whether the plan was saved: then nothing at all may have moved."""


def begin_request(plan: HostPlan, sealed: SealedCatalog, introduction: Introduction) -> dict[str, Any]:
    """How an apply begins on a host: who it is, and what the plan saw at the paths that it will change."""
    return {
        "operator": introduction.operator,
        "fortress": introduction.fortress,
        "state": introduction.state_directory,
        "run": introduction.run_directory,
        "generation": introduction.generation,
        "rolled_back_to": introduction.rolled_back_to,
        "packages": list(sealed.catalog.packages),
        "changing": sorted({one.system for one in plan.operations if one.kind is not Kind.INSTALL}),
        "systems": {system.system: snapshot(system, sealed) for system in sealed.catalog.systems},
        "seen": _seen(plan, exactly=introduction.exactly),
    }


def _seen(plan: HostPlan, *, exactly: bool) -> dict[str, Any]:
    """What must still be so: the paths that will change; of a plan that was saved also units, and the generation."""
    seen = {(one.kind in _PATHS, one.target): one.seen for one in plan.operations if one.seen is not None}
    paths = {target: state for (path, target), state in seen.items() if path}
    units = {target: state for (path, target), state in seen.items() if not path}
    return {"paths": paths} | ({"units": units, "generation": plan.generation} if exactly else {})


def wave_order(plan: HostPlan, sealed: SealedCatalog, wave: Wave) -> dict[str, Any] | None:
    """One wave of a host's plan with all that it takes; ``None`` when there is nothing to do."""
    operations = plan.in_wave(wave)
    installing = any(operation.kind is Kind.INSTALL for operation in plan.operations)
    systems = {system.system: system for system in sealed.catalog.systems}
    wanted = dict.fromkeys(operation.system for operation in operations if operation.kind is not Kind.INSTALL)
    if installing:  # What packages bring may be foreign, and can only be found once they are there.
        wanted |= dict.fromkeys(name for name, system in systems.items() if system.wave is wave and _purges(system))
    install = [operation.target for operation in operations if operation.kind is Kind.INSTALL]
    if not wanted and not install:
        return None
    ordered = sorted(wanted, key=lambda name: _place(name, list(systems)))
    parts = [_part(name, systems.get(name), operations, sealed) for name in ordered]
    pins = _preferences(sealed) if install else ""
    order = {"wave": wave.name.lower(), "install": install, "preferences": pins, "parts": parts}
    return {**order, "watchdog": program_text(Verb.WATCHDOG)} if any(part["guarded"] for part in parts) else order


def paths_of(catalog: HostCatalog) -> list[str]:
    """Every path that the catalog declares."""
    return [item.path for _, item in catalog.items() if isinstance(item, File | Directory)]


def _place(name: str, systems: list[str]) -> int:
    """Systems in the catalog's order; those that have left it come last."""
    return systems.index(name) if name in systems else len(systems)


def _units(items: list[Item]) -> list[str]:
    declared = [item.name for item in items if isinstance(item, Unit)]
    reacting = [reaction.unit for item in items if isinstance(item, File) for reaction in item.on_change]
    return list(dict.fromkeys([*declared, *reacting]))


def _expected_path(sealed: SealedCatalog, item: File | Directory) -> list[Any]:
    if isinstance(item, Directory):
        return [item.path, None, False]
    return [item.path, sealed.digest(item.path), not item.secret]


def _preferences(sealed: SealedCatalog) -> str:
    """What the catalog says of where packages come from: it must hold for those installed before it is placed."""
    paths = [path for path in paths_of(sealed.catalog) if path.startswith(_PREFERENCES)]
    return "\n".join(sealed.content(path).decode() for path in paths)


def _purges(system: SystemCatalog) -> bool:
    return any(isinstance(item, Directory) and item.purge for item in system.items)


def _part(
    name: str, system: SystemCatalog | None, operations: tuple[Operation, ...], sealed: SealedCatalog
) -> dict[str, Any]:
    mine = [operation for operation in operations if operation.system == name and operation.kind is not Kind.INSTALL]
    items = system.items if system is not None else ()
    by_key = {item.key: item for item in items}
    purged = [item.path for item in items if isinstance(item, Directory) and item.purge]
    return {
        "system": name,
        "guarded": system is not None and system.guarded,
        "operations": [_told(operation, by_key, purged, sealed) for operation in mine],
        "purge": {path: paths_of(sealed.catalog) for path in purged},
        "validate": _validators(items, mine),
        "declared": _declared(system),
    }


def _declared(system: SystemCatalog | None) -> dict[str, Any] | None:
    if system is None:
        return None
    return {
        "wave": system.wave.name.lower(),
        "paths": [item.path for item in system.items if isinstance(item, File | Directory)],
        "units": [item.name for item in system.items if isinstance(item, Unit)],
    }


def _validators(items: tuple[Item, ...], operations: list[Operation]) -> list[list[str]]:
    """The validators of what is written; of the whole system when something goes, which may be what others need."""
    removing = any(operation.kind is Kind.REMOVE for operation in operations)
    written = {operation.target for operation in operations if operation.kind in (Kind.WRITE, Kind.CHMOD)}
    files = [item for item in items if isinstance(item, File) and item.validate]
    return [
        list(command) for command in dict.fromkeys(item.validate for item in files if removing or item.path in written)
    ]


def _told(operation: Operation, items: dict[str, Item], purged: list[str], sealed: SealedCatalog) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": operation.kind.value, "target": operation.target}
    if operation.kind is Kind.REMOVE:
        # A directory that an earlier catalog made may by now hold what others put there, such as a database.
        return {**told, "only_if_empty": str(PurePosixPath(operation.target).parent) not in purged}
    if operation.kind not in _ITEM_KEYS:
        return told
    return told | _details(items[f"{_ITEM_KEYS[operation.kind]}:{operation.target}"], sealed)


def _details(item: Item, sealed: SealedCatalog) -> dict[str, Any]:
    if isinstance(item, Account):
        return {"home": item.home}
    if isinstance(item, Directory):
        return {"mode": item.mode, "owner": item.owner, "group": item.group}
    if isinstance(item, File):
        return {"mode": item.mode, "owner": item.owner, "group": item.group} | sealed.delivery(item.path)
    if isinstance(item, Step):
        scripts = {"check": sealed.script(item.check), "do": sealed.script(item.do)}
        return {**scripts, "timeout_s": item.timeout_s}
    return _scripts(item, sealed)


def _scripts(item: Item, sealed: SealedCatalog) -> dict[str, Any]:
    if isinstance(item, Gate):
        return {"check": sealed.script(item.check), "timeout_s": item.timeout_s}
    if isinstance(item, Drain):
        return {"begin": sealed.script(item.begin), "end": sealed.script(item.end), "timeout_s": item.timeout_s}
    return {}
