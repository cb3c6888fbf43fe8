"""The manifest: what festning placed on a host, by system, and which systems it began to change without an end.

Readable by root only; it holds no secret. Version 2: each path has what was last put there, when, by whom, and in which
generation.
"""

from __future__ import annotations

import json
import os

from festning.engine.agent import remembered
from festning.engine.agent.records import utc_now, write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = remembered.MANIFEST_VERSION
_NOTHING: dict[str, Any] = {"paths": [], "units": [], "placed": {}}


class Manifest:
    """The manifest in a state directory; ``operator`` and ``generation`` are whose change this is.

    Raises :class:`remembered.DamagedError`.
    """

    def __init__(self, state: str, operator: str = "", generation: int = 0) -> None:
        os.makedirs(state, mode=0o700, exist_ok=True)
        self._path = os.path.join(state, "manifest.json")
        self._operator = operator
        self._content: dict[str, Any] = {"version": VERSION, "generation": 0, "systems": {}, "interrupted": {}}
        self._before = self._content
        self._content.update(remembered.manifest(state), version=VERSION)
        self.generation: int = max(generation, self._content["generation"] + 1)
        """The number of this change; after the host's last, whatever the operator knew."""

    @property
    def temporaries(self) -> list[str]:
        """Temporary files that interrupted changes may have left."""
        return [path for one in self._content["interrupted"].values() for path in one["temporaries"]]

    def claimed(self, system: str, declared: dict[str, Any] | None, placed: set[str]) -> dict[str, Any] | None:
        """Of what is declared, what festning placed, now or before; only that may ever be taken away again.

        A unit that ran before festning came, such as sshd's, stays when the catalog no longer names it.
        """
        if declared is None:
            return None
        earlier = self._earlier(system)
        ours = placed | {*earlier["paths"], *earlier["units"]}
        return {
            "wave": declared["wave"],
            "paths": [path for path in declared["paths"] if path in ours],
            "units": [unit for unit in declared["units"] if unit in ours],
        }

    def begin(self, system: str, managed: dict[str, Any] | None, owed: dict[str, list[str]]) -> None:
        """Note, before anything is touched, what will be placed, and what is owed if this never comes to its end.

        ``owed`` holds ``restart``, ``reload`` and ``temporaries``. What an earlier interrupted change owes stays owed
        until the system is settled.
        """
        self._before = json.loads(json.dumps(self._content))
        self._content["generation"] = self.generation
        if managed is not None:
            earlier = self._earlier(system)
            # What was there before stays known until it is gone, after what is to come: both may be there for a while.
            self._content["systems"][system] = {
                **managed,
                "paths": _joined(earlier["paths"], managed["paths"]),
                "units": _joined(earlier["units"], managed["units"]),
                "placed": earlier["placed"],
            }
        before = self._content["interrupted"].get(system, {})
        self._content["interrupted"][system] = {key: _joined(before.get(key, []), more) for key, more in owed.items()}
        self._save()

    def settle(
        self, system: str, managed: dict[str, Any] | None, now_there: dict[str, str | None], put: set[str]
    ) -> None:
        """The system is as it should be: ``managed`` is what it now has, ``None`` when it has left the host.

        ``now_there`` maps the paths that it declares to the SHA-256 of their content, ``None`` for a directory; ``put``
        are those that were put there just now.
        """
        earlier = self._earlier(system)
        self._content["generation"] = self.generation
        self._content["interrupted"].pop(system, None)
        self._content["systems"].pop(system, None)
        if managed is not None:
            known = {path: entry for path, entry in earlier["placed"].items() if path not in put}
            placed = {path: self._placed(path, now_there.get(path), known) for path in managed["paths"]}
            self._content["systems"][system] = {**managed, "placed": placed}
        self._save()

    def complete(self, declared: dict[str, dict[str, str | None]]) -> None:
        """A whole plan was carried out: it knew of all that was owed, and what is not ``declared`` has gone.

        ``declared`` maps each system to what is now at its paths, as for :meth:`settle`.
        """
        left = {name: one for name, one in self._content["systems"].items() if name in declared}
        if self._content["interrupted"] or left != self._content["systems"]:
            for name in left.keys() & self._content["interrupted"].keys():
                before, there = self._earlier(name), declared[name]
                placed = {path: self._placed(path, there.get(path), before["placed"]) for path in before["paths"]}
                left[name] = {**before, "placed": placed}
            self._content.update(interrupted={}, systems=left)
            self._save()

    def undone(self) -> None:
        """What was begun last is as it was before, and what was owed before is still owed. Its number is used up."""
        self._content = self._before
        self.use_up(self.generation)

    def attempted(self) -> None:
        """Nothing was changed; no other attempt shall have this one's number."""
        if self._content["generation"] != self.generation:
            self.use_up(self.generation)

    def record(self, system: str) -> dict[str, Any]:
        """What is known of a system, for :func:`restore`; ``None`` where nothing is."""
        return {key: self._content[key].get(system) for key in ("systems", "interrupted")}

    def recall(self, system: str, record: dict[str, Any]) -> None:
        """Know of a system what :meth:`record` gave."""
        for key, known in record.items():
            self._content[key].pop(system, None)
            if known is not None:
                self._content[key][system] = known

    def use_up(self, generation: int) -> None:
        """Keep everything, with a number that no other attempt shall have."""
        self._content["generation"] = max(generation, self._content["generation"])
        self._save()

    def _earlier(self, system: str) -> dict[str, Any]:
        return {**_NOTHING, **self._content["systems"].get(system, {})}

    def _placed(self, path: str, sha256: str | None, earlier: dict[str, Any]) -> dict[str, Any]:
        """What is known of the path that is now as declared: what was known, unless this change put it there."""
        known: dict[str, Any] = earlier.get(path, {})
        if known.get("sha256", "") == sha256:
            return known
        return {"sha256": sha256, "at": utc_now(), "operator": self._operator, "generation": self.generation}

    def _save(self) -> None:
        write_atomically(self._path, json.dumps(self._content, indent=1))


def restore(state: str, records: dict[str, dict[str, Any]], generation: int) -> None:
    """What was known of systems is known again; ``generation`` is the number that was used up meanwhile."""
    manifest = Manifest(state)
    for system, record in records.items():
        manifest.recall(system, record)
    manifest.use_up(generation)


def _joined(before: list[str], more: list[str]) -> list[str]:
    return list(dict.fromkeys([*before, *more]))
