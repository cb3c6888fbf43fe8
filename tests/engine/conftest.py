"""The host that the engine's lab tests change: the lab's client, which no catalog of a fortress is for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from festning.engine.endpoint import Endpoint


@pytest.fixture(scope="session")
def lab_host(lab: Any) -> Endpoint:
    """The client of the running lab."""
    from festning.workflows.opening import Surroundings, open_fortress  # noqa: PLC0415

    file: Path = lab.file
    return open_fortress(file, Surroundings({}, "kari@desk", None, date(2026, 11, 22)), lab=True).client()
