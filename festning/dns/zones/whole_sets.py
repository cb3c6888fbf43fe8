"""Providers at which a set is one thing that is replaced as a whole: PowerDNS, Gandi, Route 53.

libcloud's plain interface makes sets of one value there, and would wipe out the others: what it has beside that
interface is used for each, and its connection where it has nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as Xml

from festning.dns.records import RecordSet
from festning.dns.zones.reading import ReadZone


class PowerDns(ReadZone):
    """A zone of a PowerDNS server with API version 1: one PATCH says what a set is, or that it is gone."""

    def create(self, new: RecordSet) -> None:
        """Say what the set is."""
        records = [{"content": value, "disabled": False} for value in self.spelling.values(new)]
        self._patch("create", new, {"changetype": "REPLACE", "ttl": new.ttl, "records": records})

    def update(self, old: RecordSet, new: RecordSet) -> None:
        """Say what the set is now."""
        del old
        self.create(new)

    def delete(self, old: RecordSet) -> None:
        """Say that the set is gone."""
        self._patch("delete", old, {"changetype": "DELETE"})

    def _patch(self, doing: str, one: RecordSet, change: dict[str, Any]) -> None:
        action = f"{self.driver.api_root}/servers/{self.driver.ex_server}/zones/{self.zone.id}"
        named = {"name": self.spelling.name(one, self.name), "type": one.type.value}
        data = json.dumps({"rrsets": [named | change]})
        self.write(doing, one, lambda: self.driver.connection.request(action, data=data, method="PATCH"))


class Gandi(ReadZone):
    """A zone of Gandi's LiveDNS: a set has one address in the API, which takes all of its values at once."""

    def create(self, new: RecordSet) -> None:
        """Make the set with all of its values."""
        self.write(
            "create",
            new,
            lambda: self.driver.ex_create_multi_value_record(
                name=self.spelling.name(new, self.name),
                zone=self.zone,
                type=new.type.value,
                data=self.spelling.values(new),
                extra={"ttl": new.ttl},
            ),
        )

    def update(self, old: RecordSet, new: RecordSet) -> None:
        """Give the set all of its values anew."""
        first, *others = self.spelling.values(new)
        record = self._record(old)
        # This is how libcloud is told of more values than one.
        record.extra = {"_multi_value": bool(others), "_other_records": [{"data": value} for value in others]}
        self.write(
            "change",
            new,
            lambda: self.driver.update_record(
                record=record, name=record.name, type=record.type, data=first, extra={"ttl": new.ttl}
            ),
        )

    def delete(self, old: RecordSet) -> None:
        """Remove the set."""
        self.write("delete", old, lambda: self.driver.delete_record(self._record(old)))

    def _record(self, one: RecordSet) -> Any:  # noqa: ANN401 (libcloud's)
        from libcloud.dns.base import Record  # noqa: PLC0415 (only Gandi needs it)

        name = self.spelling.name(one, self.name)
        kind: Any = one.type.value
        return Record(f"{one.type}:{name}", name, kind, one.values[0], self.zone, self.driver, one.ttl)


class Route53(ReadZone):
    """A hosted zone of Amazon's: a batch of changes is done as one, so a set is removed and made in one moment."""

    def create(self, new: RecordSet) -> None:
        """Make the set."""
        self._change("create", [("CREATE", new)])

    def update(self, old: RecordSet, new: RecordSet) -> None:
        """Remove the old set and make the new one, as one."""
        self._change("change", [("DELETE", old), ("CREATE", new)])

    def delete(self, old: RecordSet) -> None:
        """Remove the set, which has to be named with all that it has."""
        self._change("delete", [("DELETE", old)])

    def _change(self, doing: str, changes: list[tuple[str, RecordSet]]) -> None:
        from libcloud.dns.drivers.route53 import API_ROOT  # noqa: PLC0415 (only Route 53 needs it)

        action = f"{API_ROOT}hostedzone/{self.zone.id}/rrset"
        data = self._batch(changes)
        self.write(doing, changes[-1][1], lambda: self.driver.connection.request(action, method="POST", data=data))

    def _batch(self, changes: Iterable[tuple[str, RecordSet]]) -> bytes:
        from libcloud.dns.drivers.route53 import NAMESPACE  # noqa: PLC0415 (only Route 53 needs it)

        root = Xml.Element("ChangeResourceRecordSetsRequest", {"xmlns": NAMESPACE})
        batch = Xml.SubElement(Xml.SubElement(root, "ChangeBatch"), "Changes")
        for action, one in changes:
            change = Xml.SubElement(batch, "Change")
            Xml.SubElement(change, "Action").text = action
            listed = Xml.SubElement(change, "ResourceRecordSet")
            Xml.SubElement(listed, "Name").text = f"{one.name}."
            Xml.SubElement(listed, "Type").text = one.type.value
            Xml.SubElement(listed, "TTL").text = str(one.ttl)
            records = Xml.SubElement(listed, "ResourceRecords")
            for value in self.spelling.values(one):
                Xml.SubElement(Xml.SubElement(records, "ResourceRecord"), "Value").text = value
        return bytes(Xml.tostring(root))
