"""Whether the host is still what a plan saw, asked under the lock and before anything is touched."""

from __future__ import annotations

from festning.engine.agent import remembered
from festning.engine.agent.look import look, token, unit_token
from festning.engine.agent.units import states

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def moved(seen: dict[str, Any], state: str) -> list[str]:
    """What is no longer as the plan saw it; ``state`` is where the manifest is.

    ``seen`` maps ``paths`` to a line of their state, or to ``absent``. A plan that was saved has its ``units`` as well,
    and the ``generation`` that the host had; others leave them out, as units may be on their way up meanwhile.
    """
    found = [path for path, before in seen["paths"].items() if _now(path) != before]
    units: dict[str, str] = seen.get("units", {})
    found += [unit for unit, fact in states(list(units)).items() if unit_token(fact) != units[unit]]
    if "generation" in seen and _generation(state) != seen["generation"]:
        found.append(f"its generation, now {_generation(state)}")
    return found


def _now(path: str) -> str:
    fact = look(path)
    return "absent" if fact is None else token(fact)


def _generation(state: str) -> int:
    return int(remembered.manifest(state).get("generation", 0))
