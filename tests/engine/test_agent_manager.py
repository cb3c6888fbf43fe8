"""Asking systemd itself: a manager that answers as systemd does, and ones that do not."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from festning.engine.agent import manager, unit_files
from festning.engine.agent.look import shown_facts
from festning.engine.agent.manager import _padded, _Reader, _string
from festning.engine.bundle import Verb, program_text


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def message(kind: int, serial: int, signature: bytes, body: bytes) -> bytes:
    fields = bytes((5, 1)) + b"u\0" + number(serial)
    fields = _padded(fields, 8) + b"\x08\x01g\0" + bytes((len(signature),)) + signature + b"\0"
    return _padded(b"l" + bytes((kind, 1, 1)) + number(len(body)) + number(7) + number(len(fields)) + fields, 8) + body


def row(name: str, load: str, active: str, sub: str) -> bytes:
    texts = (name, "a description", load, active, sub, "", f"/unit/{name}")
    data = b""
    for text in texts:
        data = _padded(data, 4) + _string(text)
    return _padded(_padded(_padded(data, 4) + number(0), 4) + _string(""), 4) + _string("/")


def variant(value: str | bool | int) -> bytes:
    if isinstance(value, bool):
        return b"\x01b\0" + b"\0" + number(int(value))
    if isinstance(value, int):
        return _padded(b"\x01t\0", 8) + number(value, 8)
    return _padded(b"\x01s\0", 4) + _string(value)


def asked(data: bytes) -> tuple[int, str, bytes] | None:
    """Serial, member and body of the first whole message in the data."""
    if len(data) < 16:
        return None
    head = _Reader(data, 4)
    length, serial, fields = head.number(4), head.number(4), head.number(4)
    start = 16 + fields + -fields % 8
    if len(data) < start + length:
        return None
    member = ""
    while head.at < 16 + fields:
        head.align(8)
        code = data[head.at]
        head.at += 1
        text = head.variant()
        member = text if code == 3 else member
    return serial, member, data[start : start + length]


class Systemd:
    """One connection is served; ``answer`` gives the reply to a call."""

    def __init__(self, path: Path, answer: Callable[[int, str, bytes], bytes]) -> None:
        self.path = str(path / "private")
        self.calls: list[str] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve_until_nobody_listens, daemon=True).start()

    def _serve_until_nobody_listens(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._serve()

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as peer:
            data = b""
            while b"BEGIN\r\n" not in data:
                data += peer.recv(65536)
            peer.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
            data = data.partition(b"BEGIN\r\n")[2]
            while True:
                while (call := asked(data)) is not None:
                    serial, member, body = call
                    self.calls.append(member)
                    head = _Reader(data, 4)
                    length, _, fields = head.number(4), head.number(4), head.number(4)
                    data = data[16 + fields + -fields % 8 + length :]
                    peer.sendall(message(4, 0, b"s", _string("UnitNew")) + self._answer(serial, member, body))
                more = peer.recv(65536)
                if not more:
                    return
                data += more


ROWS = row("web.service", "loaded", "active", "running"), row("clock.service", "loaded", "inactive", "dead")
PROPERTIES: dict[str, str | bool | int] = {
    "UnitsLoadTimestamp": 1_700_000_000_000_000,
    "UnitFileState": "enabled",
    "NeedDaemonReload": False,
    "StateChangeTimestampMonotonic": 5_000_000,
    "ConditionResult": False,
    "ConditionTimestampMonotonic": 12,
    "Type": "notify",
    "Result": "success",
    "RemainAfterExit": True,
    "ExecMainStartTimestampMonotonic": 0,
}


def truthful(serial: int, member: str, body: bytes) -> bytes:
    if member == "ListUnitsByNames":
        rows = _padded(ROWS[0], 8) + ROWS[1]
        return message(2, serial, b"a(ssssssouso)", _padded(number(len(rows)), 8) + rows)
    reader = _Reader(body)
    reader.string()
    return message(2, serial, b"v", variant(PROPERTIES[reader.string()]))


@pytest.mark.parametrize(("changed", "asked_of_each"), [(False, 2), (True, 3)])
def test_a_unit_that_is_up_is_asked_little_and_one_that_is_not_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool, asked_of_each: int
):
    since: list[int] = []
    monkeypatch.setattr(unit_files, "changed_since", lambda loaded: since.append(loaded) or changed)
    systemd = Systemd(tmp_path, truthful)
    shown = manager.show(["web.service", "clock.service"], systemd.path)
    assert shown[0] == {
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "UnitFileState": "enabled",
        "NeedDaemonReload": "no",
        "StateChangeTimestampMonotonic": "5000000",
    }
    assert shown[1]["ConditionResult"] == "no"
    assert shown[1]["RemainAfterExit"] == "yes"
    assert since == [PROPERTIES["UnitsLoadTimestamp"]]
    assert systemd.calls.count("ListUnitsByNames") == 1
    assert systemd.calls.count("Get") == 1 + 2 * asked_of_each + 6
    facts = shown_facts(["web.service", "clock.service"], shown)
    assert facts["web.service"]["file_state"] == "enabled"
    assert facts["clock.service"]["condition_failed"]


def test_whether_a_reload_is_needed_is_what_systemd_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unit_files, "changed_since", lambda _loaded: True)
    monkeypatch.setitem(PROPERTIES, "NeedDaemonReload", value=True)
    shown = manager.show(["web.service", "clock.service"], Systemd(tmp_path, truthful).path)
    assert [one["NeedDaemonReload"] for one in shown] == ["yes", "yes"]


def refusing(serial: int, member: str, body: bytes) -> bytes:
    return message(3, serial, b"s", _string("no such thing"))


def forgetful(serial: int, member: str, body: bytes) -> bytes:
    if member == "Get":
        return truthful(serial, member, body)
    rows = ROWS[0]
    return message(2, serial, b"a(ssssssouso)", _padded(number(len(rows)), 8) + rows)


@pytest.mark.parametrize("answer", [refusing, forgetful])
def test_an_error_or_a_missing_unit_is_for_the_caller_to_work_around(tmp_path: Path, answer):
    with pytest.raises(ValueError):
        manager.show(["web.service", "clock.service"], Systemd(tmp_path, answer).path)


def test_no_systemd_is_an_error(tmp_path: Path):
    with pytest.raises(OSError):
        manager.show(["web.service"], str(tmp_path / "private"))


@pytest.mark.lab
def test_systemctl_says_the_same(lab):
    """On a real machine, of units that run, that are kept away, that are not there, and that are no services."""
    units = ["haproxy.service", "systemd-timesyncd.service", "nope.service", "multi-user.target", "nftables.service"]
    text = program_text(Verb.OBSERVE).replace("    module.main()\n", "")
    asking = (
        f"from festning.engine.agent import brief_json, manager\nprint(brief_json.dumps(manager.show({units!r})))\n"
    )
    by_hand = {"true": "no", "touch /etc/systemd/system/haproxy.service.d/*": "yes", "systemctl daemon-reload": "no"}
    for command, needed in by_hand.items():
        lab.on("edge1", f"{command}; sleep 0.1")
        shown = json.loads(lab.on("edge1", f"python3 -I -S - <<'END'\n{text}{asking}END"))
        assert shown[0]["NeedDaemonReload"] == needed, command
        for unit, found in zip(units, shown, strict=True):
            told = lab.on("edge1", f"systemctl show -p {','.join(found)} -- {unit}")
            assert found == dict(line.partition("=")[::2] for line in told.strip().splitlines())
