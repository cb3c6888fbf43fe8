"""The agent as it is sent: complete, standard library only, and light."""

from __future__ import annotations

import ast
import json
import marshal
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from festning.engine import bundle
from festning.engine.bundle import BOOTSTRAP, Verb, program, program_text

PACKAGE = "festning.engine.agent"


def imported(name: str) -> set[str]:
    tree = ast.parse(files(PACKAGE).joinpath(f"{name}.py").read_text())
    runtime = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names: set[str] = set()
    for node in runtime:
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names |= {f"{PACKAGE}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        else:
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("verb", Verb)
def test_every_module_comes_after_those_that_it_imports(verb: Verb):
    seen: set[str] = set()
    for name in verb.value:
        ours = {module.removeprefix(f"{PACKAGE}.") for module in imported(name) if module.startswith(PACKAGE)}
        assert ours <= seen, name
        seen.add(name)


def test_a_module_imports_nothing_but_the_standard_library_and_itself():
    for name in {module for verb in Verb for module in verb.value}:
        others = {module for module in imported(name) if not module.startswith(PACKAGE)}
        assert {module.split(".")[0] for module in others} <= sys.stdlib_module_names, name


def test_a_look_imports_nothing_slow():
    slow = {"subprocess", "typing", "dataclasses", "pathlib", "shutil", "urllib", "http", "asyncio", "ctypes"}
    for name in Verb.OBSERVE.value:
        assert not imported(name) & slow, name


def test_nothing_is_imported_that_python3_minimal_of_debian_does_not_have():
    absent = {"shutil", "shlex", "tempfile", "urllib", "http", "ctypes", "asyncio", "queue", "glob", "csv"}
    for name in {module for verb in Verb for module in verb.value}:
        assert not imported(name) & absent, name


def test_it_runs_isolated_and_says_nothing_without_a_request():
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
    done = subprocess.run(argv, input=program(Verb.PROBE), capture_output=True, check=True, timeout=20)
    assert done.stdout == b""


def test_a_probe_over_standard_input():
    request = json.dumps({"probes": [["echo $((6*7))", "sh", 5]], "at_once": 2}).encode() + b"\n"
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
    done = subprocess.run(argv, input=program(Verb.PROBE) + request, capture_output=True, check=True, timeout=20)
    (output,) = json.loads(done.stdout)["outputs"]
    assert (output["status"], output["stdout"]) == (0, "42\n")


def test_a_connection_that_breaks_before_the_program_is_there_ends_it():
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
    done = subprocess.run(argv, input=program(Verb.APPLY)[:1000], capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this machine keeps compiled agents, while a test lasts."""
    monkeypatch.setattr(bundle, "KEPT", str(tmp_path / "kept"))
    program.cache_clear()
    yield tmp_path / "kept"
    program.cache_clear()


def probed() -> str:
    request = json.dumps({"probes": [["echo $((6*7))", "sh", 5]], "at_once": 2}).encode() + b"\n"
    argv = [sys.executable, "-I", "-S", "-c", BOOTSTRAP]
    done = subprocess.run(argv, input=program(Verb.PROBE) + request, capture_output=True, check=True, timeout=20)
    (output,) = json.loads(done.stdout)["outputs"]
    return str(output["stdout"])


def test_it_is_compiled_once_and_kept_for_its_user_only(kept: Path):
    assert probed() == "42\n"
    (code,) = kept.iterdir()
    assert (kept.stat().st_mode & 0o777, code.stat().st_mode & 0o777) == (0o700, 0o600)
    code.write_bytes(
        marshal.dumps([("probe", compile('def main(): print(\'{"outputs": [{"stdout": 1}]}\')', "", "exec"))])
    )
    assert probed() == "1"


@pytest.mark.parametrize("damage", [b"", b"\0", b"no code at all", b"\xe3"])
def test_what_is_kept_and_cannot_be_read_is_made_anew(kept: Path, damage: bytes):
    probed()
    (code,) = kept.iterdir()
    whole = code.read_bytes()
    code.write_bytes(damage)
    assert probed() == "42\n"
    assert code.read_bytes() == whole


def test_another_text_takes_the_place_of_the_one_before(kept: Path):
    kept.mkdir()
    (kept / "probe-before-cpython-999-0").write_bytes(b"")
    (kept / "observe-before-cpython-999-0").write_bytes(b"")
    probed()
    assert sorted(one.name.split("-")[0] for one in kept.iterdir()) == ["observe", "probe"]
    assert not (kept / "probe-before-cpython-999-0").exists()


def test_where_nothing_can_be_kept_it_runs_all_the_same(kept: Path):
    kept.write_text("a file is in the way")
    assert probed() == "42\n"


def test_what_is_left_on_a_host_as_a_file_keeps_nothing(kept: Path):
    argv = [sys.executable, "-I", "-S", "-c", program_text(Verb.PROBE)]
    done = subprocess.run(argv, input=b"", capture_output=True, check=True, timeout=20)
    assert (done.stdout, kept.exists()) == (b"", False)
