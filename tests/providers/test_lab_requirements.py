"""A box that cannot have a lab is told why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from festning.errors import UsageError
from festning.providers.lab import requirements
from festning.providers.lab.lab import Lab
from festning.providers.lab.requirements import available_memory, free_watchers, lacks, require, room_lacks, why_not


def test_it_takes_root(monkeypatch, fortress, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in (why_not() or "")
    with pytest.raises(UsageError, match="root"):
        require(1, tmp_path)
    with pytest.raises(UsageError, match="root"):
        Lab(fortress).down()


def test_every_missing_program_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    hints = {lack.message: lack.hint for lack in lacks()}
    assert hints["systemd-nspawn is not installed"] == "apt-get install systemd-container"
    assert hints["nft is not installed"] == "apt-get install nftables"


def test_too_little_disk_or_memory_is_told_in_numbers(monkeypatch, tmp_path):
    layers = tmp_path / "not" / "there" / "yet"
    assert list(room_lacks(0, layers)) == []
    monkeypatch.setattr(requirements, "DISK_PER_MACHINE", 1 << 60)
    monkeypatch.setattr(requirements, "MEMORY_PER_MACHINE", 1 << 60)
    monkeypatch.setattr(requirements, "free_watchers", lambda wanted: wanted - 1)
    disk, memory, watchers = room_lacks(2, layers)
    assert "2 machines need 2199023255552 MiB" in disk.message
    assert "memory" in memory.message
    assert watchers.message == "7 inotify instances are left for root; 2 machines need 8"
    assert "fs.inotify.max_user_instances" in watchers.hint


def test_watchers_are_counted_by_taking_them_and_given_back():
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert free_watchers(1) in (0, 1)
    assert free_watchers(limit + 1) <= limit
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_memory_is_read_in_bytes():
    assert available_memory("MemTotal: 9 kB\nMemAvailable:   2048 kB\n") == 2 << 20
    assert available_memory("") == 0
