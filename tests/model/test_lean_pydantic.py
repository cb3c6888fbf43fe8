"""A file is judged without pydantic's search for plugins."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import EXAMPLE

SCRIPT = """
import sys
from pathlib import Path
from festning.model.load import load_fortress
load_fortress(Path(sys.argv[1]))
print("importlib.metadata" in sys.modules)
"""


def test_no_package_is_asked_whether_it_has_a_plugin() -> None:
    argv = [sys.executable, "-c", SCRIPT, str(EXAMPLE / "fortress.yaml")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "False\n"
