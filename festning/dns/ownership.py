"""Whose a record set is: told by a TXT record beside it, so that what people made by hand is never touched.

As external-dns does it: one marker for each type at a name, with the type in the marker's own name, and the owner in
its text. The label begins with an underscore, so it is no host's. What a fortress has not marked is not the fortress's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from festning.dns.records import ADDRESSES, RecordSet, Type, record_set

_PREFIX = "_festning-"


def marker(of: RecordSet, fortress: str) -> RecordSet:
    """The marker of a record set."""
    return record_set(marker_name(of.name, of.type), Type.TXT, [text(fortress)], of.ttl)


def marker_name(name: str, kind: Type) -> str:
    """Where the marker is of the records of a type at a name."""
    return f"{_PREFIX}{kind.value.lower()}.{name}"


def text(fortress: str) -> str:
    """What a marker says."""
    return f"heritage=festning,festning/fortress={fortress}"


def marked(present: Iterable[RecordSet], fortress: str) -> Iterator[tuple[str, Type]]:
    """The names and types that a fortress's markers claim."""
    for one in present:
        if one.type is Type.TXT and one.values == (text(fortress),):
            for kind in ADDRESSES:
                label, _, name = one.name.partition(".")
                if label == f"{_PREFIX}{kind.value.lower()}":
                    yield name, kind
