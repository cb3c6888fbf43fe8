"""What all tests share: the commented example, and one running lab for everything that needs machines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.programs import CopyError, ImageCopy, Program
from festning.errors import FestningError
from festning.model.load import load_fortress
from festning.providers.lab.image import ensure_image
from festning.providers.lab.placement import relocate
from festning.providers.lab.requirements import why_not
from festning.workflows.compiling import read_sources
from festning.workflows.laboratory import recipe_of

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "nordlys"
LAB_NAME = os.environ.get("FESTNING_TEST_NAME", "prova")
"""Of the tests' lab; two runs at once on one machine need two names."""
COMMAND_SERVICE = """\
  hello:
    source: ./hello
    runtime: command
    command: python3 -m http.server --bind 0.0.0.0 $PORT
    runs_on: core
    data: public
    host: hello.nordlys.example
    port: 8090
"""
SYNCED = "SHOW GLOBAL STATUS LIKE 'wsrep_local_state_comment'"
KEEP = os.environ.get("FESTNING_TEST_LAB") == "keep"


@dataclass(frozen=True)
class Festning:
    """The command line, called as a person or a script calls it."""

    file: Path
    lab: bool = True

    def __call__(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "festning", "--file", str(self.file), *(["--lab"] if self.lab else [])]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FESTNING_")}
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )

    def json(self, *arguments: str) -> Any:
        done = self("--json", *arguments)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def assert_verified(self) -> dict[str, Any]:
        """What ``verify`` found: nothing wrong. A failure names each wrong check, why, and what was seen."""
        verification: dict[str, Any] = self.json("verify")
        wrong = [one for one in verification["checks"] if one["verdict"] not in ("pass", "waived")]
        assert not wrong, json.dumps(wrong, indent=1)
        assert verification["verdict"] == "pass"
        return verification

    def wait_until_synced(self) -> None:
        """Until every data node is in sync again by itself, and at most five minutes."""
        began = time.monotonic()
        waiting = {"core1", "core2"}
        while waiting and time.monotonic() - began < 300:
            waiting = {
                host for host in waiting if "Synced" not in self.on(host, f'mariadb -N -e "{SYNCED}" 2>&1 || true')
            }
            time.sleep(1 if waiting else 0)
        print(f"in sync after {time.monotonic() - began:.0f} s")
        assert not waiting

    def on(self, host: str, script: str) -> str:
        """What a script prints in a machine, run there without SSH."""
        done = self("lab", "exec", host, "--", "sh", "-c", script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example under the tests' own name, so that a running lab of the example is left alone.

    It has one service more, of the runtime that the example has none of.
    """
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    file = folder / "fortress.yaml"
    text = file.read_text().replace("fortress: nordlys", f"fortress: {LAB_NAME}")
    file.write_text(text.replace("services:\n", f"services:\n{COMMAND_SERVICE}"))
    (folder / "hello").mkdir()
    (folder / "hello" / "index.html").write_text("hello\n")
    return file


@pytest.fixture(scope="session")
def lab(example: Path) -> Iterator[Festning]:
    """The tests' lab: brought up by the very command that users call, verified, and taken away at the end."""
    reason = why_not()
    if reason:
        pytest.skip(f"this machine cannot boot a lab: {reason}")
    festning = Festning(example)
    if not KEEP:
        assert festning("down").returncode == 0
    raised = festning("up", timeout=1200)
    try:
        assert raised.returncode == 0, raised.stdout + raised.stderr
        yield festning
    finally:
        if not KEEP:
            ended = festning("down")
            assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def image_copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageCopy]:
    """The image of the example's lab, to run programs in: from the cache, or built once, as the lab's tests do it."""
    if os.geteuid() != 0:
        pytest.skip("the program is not installed, and the lab's image is only root's to enter")
    fortress = relocate(load_fortress(EXAMPLE / "fortress.yaml"))
    try:
        image = ensure_image(recipe_of(fortress, read_sources(fortress), "trixie"))
        copy = ImageCopy(image.tree, tmp_path_factory.getbasetemp())
    except (FestningError, CopyError, FileNotFoundError) as error:
        pytest.skip(f"the program is not installed, and there is no copy of the lab's image: {error}")
    yield copy
    copy.close()


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Program:
    """This machine's programs where they are installed, and otherwise those of the lab's image."""

    def command(name: str) -> tuple[str, ...]:
        if installed := shutil.which(name):
            return (installed,)
        copy: ImageCopy = request.getfixturevalue("image_copy")
        return copy.command(name)

    return command


JOURNALS = ROOT / "build" / "journals"
"""Where the machines' journals of a failed test are kept: the lab itself is taken away at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the database's members said last stands beside the failure of a test that needs the lab."""
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and isinstance(lab, Festning):
        for host in ("core1", "core2", "arbiter"):
            whole = lab("lab", "exec", host, "--", "journalctl", "--no-pager", "-o", "short-precise").stdout
            file = JOURNALS / item.name / f"{host}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(whole)
            members = [line for line in whole.splitlines() if "mariadbd[" in line or "garbd[" in line]
            report.sections.append((f"the database on {host}, whole in {file}", "\n".join(members[-60:])))
    return report


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regold", action="store_true", help="accept the catalogs as they are now")
