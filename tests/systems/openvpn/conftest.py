"""The example fortress with an address for every host, in production's form and in the lab's."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from festning.model.fortress import Fortress
from festning.model.load import load_fortress

EXAMPLE = Path(__file__).parents[3] / "examples" / "nordlys" / "fortress.yaml"


@pytest.fixture(scope="session")
def fortress() -> Fortress:
    declared = load_fortress(EXAMPLE)
    return declared.placed({"edge1": ip_address("192.0.2.101"), "edge2": ip_address("192.0.2.102")})


@pytest.fixture(scope="session")
def lab(fortress) -> Fortress:
    return replace(fortress, lab=True)
