"""Providers at which every value is a record of its own, with an identity: libcloud's plain interface.

A set is changed value by value, the new ones first. Only values that were planned to go are removed: one that somebody
added since is seen by the next run.
"""

from __future__ import annotations

from typing import Any

from festning.dns.records import RecordSet
from festning.dns.zone import ZoneError
from festning.dns.zones.reading import ReadZone


class ByValue(ReadZone):
    """A zone of records with one value each, such as DigitalOcean's."""

    def create(self, new: RecordSet) -> None:
        """Add each value."""
        for value in self.spelling.values(new):
            self._add(new, value)

    def update(self, old: RecordSet, new: RecordSet) -> None:
        """Add what is new, give a new TTL to what stays, remove what is old."""
        there = self._there(new)
        for value in new.values:
            if value not in there:
                self._add(new, value)
        for value, one in there.items():
            if value in new.values and one.ttl != new.ttl:
                self.write("change", new, lambda one=one: self._keep(one, new))  # type: ignore[misc]
        for value, one in there.items():
            if value in old.values and value not in new.values:
                self._remove(old, one)

    def delete(self, old: RecordSet) -> None:
        """Remove each value."""
        for value, one in self._there(old).items():
            if value in old.values:
                self._remove(old, one)

    def _there(self, of: RecordSet) -> dict[str, Any]:
        """The records of a set now, by value."""
        return {self.spelling.read_value(of.type, one.data): one for one in self.found().get(of.key, [])}

    def _add(self, new: RecordSet, value: str) -> None:
        self.write(
            "create",
            new,
            lambda: self.driver.create_record(
                name=self.spelling.name(new, self.name),
                zone=self.zone,
                type=new.type.value,
                data=value,
                extra={"ttl": new.ttl},
            ),
        )

    def _keep(self, one: Any, new: RecordSet) -> Any:  # noqa: ANN401 (libcloud's)
        return self.driver.update_record(
            record=one, name=one.name, type=one.type, data=one.data, extra={"ttl": new.ttl}
        )

    def _remove(self, old: RecordSet, one: Any) -> None:  # noqa: ANN401 (libcloud's)
        def remove() -> None:
            if not self.driver.delete_record(record=one):
                raise ZoneError(f"cannot delete {old.type} {old.name} {one.data}: the provider did not")

        self.write("delete", old, remove)
