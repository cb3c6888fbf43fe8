"""An arbitrator lets go of the old component before a cluster that is down is started again, and only then."""

from __future__ import annotations

import pytest

from festning.model.catalog import Wave
from festning.model.load import load_fortress
from festning.systems.galera.catalog import catalog, standing_down
from festning.systems.galera.formation import Formation, How
from tests.conftest import EXAMPLE

FORTRESS = load_fortress(EXAMPLE / "fortress.yaml")
ARBITER = FORTRESS.host("arbiter")
RECOVER = Formation(how=How.RECOVER, founder="core2", reason="all are down")


def test_it_stands_down_before_the_founder_starts_and_up_again_after() -> None:
    down = standing_down(ARBITER, RECOVER)
    assert down is not None
    assert down.wave < Wave.DATABASE
    up = catalog(FORTRESS, ARBITER, RECOVER)
    assert up is not None
    assert up.wave > Wave.DATABASE
    assert "galera: arbitrator stands up" in [getattr(item, "name", "") for item in up.items]


@pytest.mark.parametrize("formation", [Formation.running(), Formation(how=How.PROMOTE, founder="core1", reason="")])
def test_a_cluster_that_runs_keeps_its_arbitrator(formation: Formation) -> None:
    assert standing_down(ARBITER, formation) is None
    assert "stands" not in repr(catalog(FORTRESS, ARBITER, formation))


def test_data_nodes_have_nothing_to_stand_down_from() -> None:
    assert standing_down(FORTRESS.host("core1"), RECOVER) is None
