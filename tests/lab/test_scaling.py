"""An edge joins and leaves again while people come by the services' names: no request fails, and the file is as before.

How long a write had to wait is printed and not judged: this machine runs all the others as well.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.lab


def test_an_edge_joins_and_leaves_under_load_without_a_failed_request(lab: Any) -> None:
    before = lab.file.read_text()
    done = lab("--json", "drill", "run", "scale-edges")
    assert done.stdout, done.stderr
    (drill,) = json.loads(done.stdout)["drills"]
    print(drill["reasons"], {key: drill[key] for key in ("requests", "write_gap_ms", "read_gap_ms", "recovered_s")})
    assert drill["fault_observed"], drill["reasons"]
    assert drill["healed"], drill["reasons"]
    failed = {one["asks"]: one["verdict"] for one in drill["requirements"] if one["asks"].startswith("failed")}
    assert set(failed.values()) == {"pass"}, drill["reasons"]
    assert len(failed) == 2
    assert drill["lost_writes"] == 0
    assert drill["acknowledged_writes"] > 100
    assert lab.file.read_text() == before
    machines = lab.json("lab", "list")["machines"]
    assert [one["name"] for one in machines if one["name"].startswith("edge")] == ["edge1", "edge2"]
    assert "edge3" not in lab.on(
        "core1", "cat /etc/haproxy/haproxy.cfg; ls /etc/openvpn/festning/ccd 2>/dev/null || true"
    )
