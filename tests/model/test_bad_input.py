# ruff: noqa: PT017 (either outcome is right)
"""Whatever the file holds: a model whose catalogs compile, or a clear error with its place. Never a traceback.

``FESTNING_FUZZ=10000`` tries as many of each kind; by default it is a few hundred.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from festning.errors import BadFileError, CompileError, UsageError
from festning.model.document import read_document
from festning.model.fortress import Role
from festning.model.load import load_fortress, parse_fortress, read_source
from festning.model.numbering import Entry, first_numbers
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.judging import findings_of
from tests.conftest import EXAMPLE

FILE = EXAMPLE / "fortress.yaml"
BYTES = FILE.read_bytes()
TODAY = datetime.date(2026, 11, 22)
COUNT = int(os.environ.get("FESTNING_FUZZ", "150"))
FUZZ = settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))

ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1,
        3,
        255,
        1 << 40,
        1.5,
        "",
        "x",
        "core",
        "edge",
        "NO",
        "EEA",
        "::1",
        "10.0.0.0/8",
        "4GiB",
        "ø",
        [],
        {},
    ]
)
KEYS = (
    "sites",
    "hosts",
    "services",
    "name",
    "role",
    "site",
    "count",
    "number",
    "address",
    "ssh_port",
    "host_key",
    "bastion",
    "data",
    "host",
    "port",
    "x",
)


def judged_and_compiled(text: str) -> None:
    """Go as far as the text allows."""
    try:
        fortress = parse_fortress(text, "fortress.yaml", EXAMPLE)
    except BadFileError as error:
        assert error.problems
        assert all(problem.message and (problem.line or "more" in problem.message) for problem in error.problems)
        return
    findings = findings_of(fortress, TODAY)
    document = read_document(text, "fortress.yaml")
    assert all(document.position_of(finding.key_path) for finding in findings)
    try:
        assert set(compile_catalogs(fortress, read_sources(fortress), Formation.running())) == {
            host.name for host in fortress.hosts
        }
    except CompileError as error:
        assert error.message


@FUZZ
@given(data=st.data())
def test_a_file_with_damaged_bytes(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(BYTES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=4)
            | st.sampled_from([b"\xef\xbb\xbf", b"\r\n", b"\t", b"- ", b": ", b"&a ", b"*a", b"!x ", b"{"])
        )
    file = tmp_path_factory.getbasetemp() / "fortress.yaml"
    file.write_bytes(content)
    try:
        load_fortress(file)
    except BadFileError as error:
        assert error.problems
    try:
        text = bytes(content).decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    judged_and_compiled(text)


@FUZZ
@given(data=st.data())
def test_a_fortress_with_odd_values(data: st.DataObject) -> None:
    document = read_document(BYTES.decode(), "f").data
    for _ in range(data.draw(st.integers(0, 3))):
        node, key = data.draw(st.sampled_from(list(places(document))))
        change = data.draw(st.sampled_from(["drop", "odd", "add", "swap"]))
        if change == "drop":
            del node[key]
        elif change == "odd":
            node[key] = data.draw(ODD)
        elif change == "add" and isinstance(node, dict):
            node[data.draw(st.sampled_from(KEYS))] = data.draw(ODD)
        else:
            other, at = data.draw(st.sampled_from(list(places(document))))
            node[key] = other[at] if not isinstance(other[at], dict | list) else None
    document["hosts"] = grown(data, document.get("hosts"))
    if data.draw(st.booleans()):
        bastion = {"address": data.draw(st.sampled_from(["192.0.2.7", "198.51.100.7"]))}
        document["admin"] = {"from": ["192.0.2.0/24", "2001:db8:99::/48"], "bastion": bastion}
    judged_and_compiled(written(document))


def grown(data: st.DataObject, hosts: object) -> object:
    """The hosts with a few more, most of them right."""
    if not isinstance(hosts, dict):
        return hosts
    for index in range(data.draw(st.integers(0, 4))):
        role = data.draw(st.sampled_from(["core", "arbiter", "edge", "edge"]))
        entry: dict[str, object] = {"site": data.draw(st.sampled_from(["oslo", "bergen", "dublin"])), "role": role}
        four, six = f"203.0.113.{20 + index}", f"2001:db8::{index}"
        entry["address"] = data.draw(st.sampled_from([four, [four, six], [six, four], six]))
        if data.draw(st.booleans()):
            entry["ssh_port"] = data.draw(st.sampled_from([2222, [2222, 22], 443]))
        if data.draw(st.booleans()):
            entry["number"] = data.draw(st.integers(1, 260))
        if role == "edge" and data.draw(st.booleans()):
            del entry["address"]
            entry["count"] = data.draw(st.integers(1, 40))
        hosts[data.draw(st.sampled_from(["a", "m1", "edge1", "x-" + "y" * 28, f"h{index}"]))] = entry
    return hosts


def places(node: object):
    """Every place in the document that has a value."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield node, key
        yield from places(value)


def written(node: object) -> str:
    """The document as YAML, in flow style."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(written, node)) + "]"
    if isinstance(node, str):
        return "'" + node.replace("'", "''") + "'"
    return (
        {None: "null", True: "true", False: "false"}.get(node, str(node))
        if node is None or (node in (True, False) and isinstance(node, bool))
        else str(node)
    )


def test_what_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        with pytest.raises(UsageError, match="is not a file"):
            load_fortress(path)


def test_a_source_that_cannot_be_written_into_a_configuration(tmp_path: Path) -> None:
    from dataclasses import replace  # noqa: PLC0415

    (tmp_path / "a\nb").write_text("x")
    service = replace(load_fortress(FILE).services[0], source=tmp_path)
    with pytest.raises(UsageError, match="control characters"):
        read_source(service)


def test_too_many_hosts_are_refused_before_they_are_made() -> None:
    text = BYTES.decode().replace("count: 2", "count: 10000")
    more = "".join(f"  more{n}: {{site: dublin, role: edge, count: 10000}}\n" for n in range(1000))
    with pytest.raises(BadFileError, match="hosts are declared"):
        parse_fortress(text.replace("hosts:\n", f"hosts:\n{more}"), "f", EXAMPLE)


def test_a_number_is_found_beyond_many_that_are_taken() -> None:
    pinned = [Entry(f"p{n}", Role.EDGE, None, 16 + 9_999 * n) for n in range(1, 1600)]
    assert first_numbers([*pinned, Entry("group", Role.EDGE, 10_000, None)])["group"] > pinned[-1].number  # type: ignore[operator]
