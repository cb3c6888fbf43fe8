"""All that an apply writes down about itself on a host: manifest, journal and generation, always the three together."""

from __future__ import annotations

from festning.engine.agent import installed
from festning.engine.agent.generations import Generation, Shelf
from festning.engine.agent.manifest import Manifest
from festning.engine.agent.records import Journal
from festning.engine.agent.swap import NEW, beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WAITING = frozenset({"gate", "drain", "resume"})
_PLACING = frozenset({"mkdir", "write", "enable", "start"})


class Ledger:
    """One apply's records. Every method but :meth:`failed` raises :class:`OSError` when they cannot be written."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._declared: dict[str, dict[str, Any]] = request["systems"]
        # A manifest that was lost knows no number, and no generation that is kept may be written over.
        number = max(request["generation"], *(kept + 1 for kept in (0, *Shelf(request["state"]).numbers())))
        self._manifest = Manifest(request["state"], request["operator"], number)
        self.who = {key: request[key] for key in ("operator", "fortress")} | {"generation": self._manifest.generation}
        self._journal = Journal(request["state"], **self.who)
        self._generation = Generation(request, self._manifest.generation)

    @property
    def temporaries(self) -> list[str]:
        """Temporary files that interrupted changes may have left."""
        return [path for path in self._manifest.temporaries if path.endswith(NEW)]

    def records(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """What is known of the parts' systems by now."""
        return {part["system"]: self._manifest.record(part["system"]) for part in parts}

    def begin(self, part: dict[str, Any]) -> None:
        """A part is about to be carried out."""
        operations = part["operations"]
        owed = {
            "restart": [one["target"] for one in operations if one["kind"] == "restart"],
            "reload": [one["target"] for one in operations if one["kind"] == "reload"],
            "temporaries": [beside(one["target"], NEW) for one in operations if one["kind"] == "write"],
        }
        placed = {one["target"] for one in operations if one["kind"] in _PLACING}
        self._generation.begin()
        part["managed"] = self._manifest.claimed(part["system"], part["declared"], placed)
        self._manifest.begin(part["system"], part["managed"], owed)

    def settle(self, wave: str, part: dict[str, Any]) -> None:
        """A part was carried out, and is to stay."""
        put = {one["target"] for one in part["operations"] if one["kind"] in _PLACING | {"chmod"}}
        self._generation.settle(part["system"], _changes(part))
        self._manifest.settle(part["system"], part["managed"], self._contents(part["system"]), put)
        self._journal.append(wave=wave, system=part["system"], operations=named(part), result="ok")

    def installed(self, names: list[str]) -> None:
        """Packages were installed."""
        operations = [{"kind": "install", "target": name} for name in names]
        self._journal.append(wave="ground", system="", operations=operations, result="ok")
        self._generation.installed(len(names))

    def disabled(self, units: list[str]) -> None:
        """Units that packages brought were disabled, as nobody declared them."""
        if units:
            operations = [{"kind": "disable", "target": unit} for unit in units]
            self._journal.append(wave="ground", system="", operations=operations, result="ok")

    def undone(self, part: dict[str, Any]) -> list[str]:
        """A part was put back; what could not be written down of that."""
        try:
            self._generation.unsettled(part["system"], _changes(part))
            self._manifest.undone()
        except OSError as error:
            return [f"the records: {error}"]
        return []

    def failed(self, wave: str, part: dict[str, Any] | None, error: Exception, back: list[str]) -> dict[str, Any]:
        """Something went wrong, in a part or before any; the answer to the operator."""
        system = part["system"] if part else ""
        operations = named(part) if part else []
        reason = str(error)
        try:
            self._journal.append(
                wave=wave, system=system, operations=operations, back=back, result="failed", reason=reason
            )
            self._manifest.attempted()
            self._generation.fail(system, reason, back)
        except OSError as unwritten:  # A full disk may be why it failed; the operator hears of both.
            back = [*back, f"the records: {unwritten}"]
        output = getattr(error, "output", "")
        return {"result": "failed", "system": system, "reason": reason, "output": output, "back": back}

    def reverted(self, systems: str, reason: str, back: list[str]) -> None:
        """Somebody else put parts back, and wrote that down in the manifest and the journal."""
        self._manifest = Manifest(self._request["state"], self._request["operator"], self.who["generation"])
        self._generation.fail(systems, reason, back)

    def complete(self) -> None:
        """All waves came to a good end."""
        asked = self._request["packages"] if self._generation.begun else []
        self._generation.complete(installed.versions(asked))
        self._manifest.complete({name: self._contents(name) for name in self._declared})

    def incomplete(self, reason: str) -> None:
        """The operator begins nothing more here, for a reason that this host is not to blame for."""
        self._generation.fail("", reason, [])

    def _contents(self, system: str) -> dict[str, str | None]:
        """What the system declares for its paths: the SHA-256 of each file, ``None`` for each directory."""
        items = self._declared.get(system, {"items": []})["items"]
        return {item["path"]: item.get("sha256") for item in items if "path" in item}


def named(part: dict[str, Any]) -> list[dict[str, str]]:
    """A part's operations for the records: kinds and targets."""
    return [{"kind": one["kind"], "target": one["target"]} for one in [*part["accounts"], *part["operations"]]]


def _changes(part: dict[str, Any]) -> int:
    """How many of a part's operations change something."""
    return sum(one["kind"] not in _WAITING for one in named(part))
