"""Who may talk to the database: over the bridge, and no one who does not need it."""

from __future__ import annotations

from festning.model.flow import Network
from festning.model.fortress import Fortress
from festning.systems.galera.flows import flows


def test_everything_is_on_the_bridge(fortress: Fortress) -> None:
    assert {flow.network for flow in flows(fortress)} == {Network.BRIDGE}


def test_who_reaches_what(fortress: Fortress) -> None:
    found = {(flow.target, flow.port): set(flow.sources) for flow in flows(fortress)}
    assert found == {
        ("core1", 4567): {"core2", "arbiter"},
        ("core2", 4567): {"core1", "arbiter"},
        ("arbiter", 4567): {"core1", "core2"},
        ("core1", 4568): {"core2"},
        ("core2", 4568): {"core1"},
        ("core1", 4444): {"core2"},
        ("core2", 4444): {"core1"},
        ("core1", 3306): {"core2"},
        ("core2", 3306): {"core1"},
        ("core1", 9200): {"core2", "arbiter"},
        ("core2", 9200): {"core1", "arbiter"},
    }
