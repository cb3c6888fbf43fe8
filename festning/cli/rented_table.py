"""How rented machines look that are not declared, or were let go of."""

from __future__ import annotations

from typing import Any

from festning.cli.screen import Screen
from festning.providers.cloud.rented import Rented
from festning.workflows.letting_go import LetGo


def show_orphans(screen: Screen, found: LetGo) -> None:
    """The machines that are rented and not declared, or that were."""
    name = found.fortress.name
    if screen.as_json:
        screen.json({"fortress": name, "orphans": [_document(one) for one in found.machines], "removed": found.gone})
    elif not found.machines:
        screen.line(f"{name}: nothing is rented that is not declared")
    else:
        state = "were rented, not declared, and are gone" if found.gone else "rented, and not declared"
        screen.table(f"{name}: {state}", _COLUMNS, [_row(one) for one in found.machines])
        if not found.gone:
            screen.line("festning orphans --remove destroys them")


def show_down(screen: Screen, gone: LetGo) -> None:
    """The machines that are not rented any more."""
    name = gone.fortress.name
    if screen.as_json:
        screen.json({"fortress": name, "up": False, "destroyed": [_document(one) for one in gone.machines]})
        return
    for one in gone.machines:
        screen.line(f"{described(one)} is gone")
    screen.line(f"nothing is rented for {name}; hosts that festning did not make are as they were")


def described(machine: Rented) -> str:
    """A machine in a few words."""
    return f"{machine.host} ({machine.place}, {machine.id})"


_COLUMNS = ("host", "provider", "region", "id", "state", "address", "since (UTC)")


def _row(machine: Rented) -> tuple[str, ...]:
    since = machine.created.strftime("%Y-%m-%d %H:%M") if machine.created else ""
    place = machine.place
    address = ", ".join(machine.addresses[:1])
    return machine.host, place.provider, place.region, machine.id, machine.state.value, address, since


def _document(machine: Rented) -> dict[str, Any]:
    return {
        "host": machine.host,
        "name": machine.name,
        "provider": machine.place.provider,
        "region": machine.place.region,
        "id": machine.id,
        "state": machine.state.value,
        "addresses": list(machine.addresses),
        "created": machine.created.isoformat() if machine.created else None,
    }
