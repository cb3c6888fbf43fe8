"""The records as files: a zone file (RFC 1035), and the YAML that octoDNS takes.

Neither has the zone's own records (SOA, NS): those are whose servers it is on. A zone file can be included in one that
has them (``$INCLUDE``), or imported at a provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from festning.dns.records import RecordSet, Type


def zone_file(zone: str, sets: Sequence[RecordSet], outside: Iterable[str] = ()) -> str:
    """A zone file; names ``outside`` the zone are in its comments, since it cannot have them."""
    lines = [f"; {zone}: the records that the fortress needs, without SOA and NS.", f"$ORIGIN {zone}."]
    lines += [f"; Not in this zone: {name}" for name in outside]
    widest = max((len(_label(one, zone)) for one in sets), default=0)
    for one in sets:
        start = f"{_label(one, zone):<{widest}} {one.ttl} IN {one.type.value}"
        lines += [f"{start} {value}" for value in one.values]
    return "\n".join(lines) + "\n"


def _label(one: RecordSet, zone: str) -> str:
    return one.relative(zone) or "@"


def octodns(zone: str, sets: Iterable[RecordSet], outside: Iterable[str] = ()) -> str:
    """A zone for octoDNS's ``YamlProvider``: names in order, which it insists on, each with its records."""
    names: dict[str, list[dict[str, Any]]] = {}
    for one in sets:
        names.setdefault(one.relative(zone), []).append(_octodns_record(one))
    ordered = {
        DoubleQuotedScalarString(name) if name == "" else name: kinds[0] if len(kinds) == 1 else kinds
        for name, kinds in sorted(names.items())
    }
    stream = StringIO()
    yaml = YAML()
    yaml.explicit_start = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(ordered, stream)
    return "".join(f"# Not in this zone: {name}\n" for name in outside) + stream.getvalue()


def _octodns_record(one: RecordSet) -> dict[str, Any]:
    # Keys in order, too: YamlProvider can be told to insist.
    if one.type is Type.CAA:
        values: list[Any] = [_octodns_issuer(value) for value in one.values]
    else:
        values = list(one.values)
    return {"ttl": one.ttl, "type": one.type.value, "values": values}


def _octodns_issuer(value: str) -> dict[str, Any]:
    flags, tag, issuer = value.split(" ", 2)
    return {"flags": int(flags), "tag": tag, "value": issuer.strip('"')}
