"""Every provider that a file may name is one that there is a way to."""

from __future__ import annotations

from typing import get_args

import pytest

from festning.errors import UsageError
from festning.model.declared import RentingProvider
from festning.providers.cloud.connect import connect
from festning.providers.cloud.credentials import NAMES
from festning.providers.cloud.rented import Place
from tests.providers.cloud.conftest import Time

REGIONS = {"ec2": "eu-north-1", "digitalocean": "ams3", "upcloud": "fi-hel1", "cloudscale": "rma1"}


@pytest.mark.parametrize("provider", get_args(RentingProvider))
def test_there_is_a_way_to_every_provider_and_it_needs_credentials(provider: str, time: Time) -> None:
    place, patience = Place(provider, REGIONS[provider]), time.patience()
    given = dict.fromkeys(NAMES[provider], "x")
    cloud = connect(place, given, patience, token=str, endpoint="http://127.0.0.1:1")
    assert cloud.__class__.__name__.lower() == provider
    for name in NAMES[provider]:
        with pytest.raises(UsageError, match=f"{name} is not set"):
            connect(place, {**given, name: ""}, patience, token=str)
