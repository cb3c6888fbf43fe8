"""``cost`` as a person or a script calls it, with the example and the prices that come with festning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Festning


@pytest.fixture
def festning(tmp_path: Path) -> Festning:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    return Festning(tmp_path / "fortress.yaml", lab=False)


def change(festning: Festning, old: str, new: str) -> None:
    text = festning.file.read_text()
    assert old in text
    festning.file.write_text(text.replace(old, new, 1))


def test_the_example_says_what_it_costs(festning: Festning) -> None:
    done = festning("cost")
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "What nordlys costs, in NOK" in lines
    assert "oslo core1 540.00 included included 0.00 540.00" in lines
    assert "dublin edge × 2 t3.small 307.26 ? 67.38 498.43 ≥ 873.07" in lines
    assert "all 1,466.26 ? 67.38 498.43 ≥ 2,032.07" in lines
    assert any(line.startswith("EC2 eu-west-1 IE, US not admitted t3a.large, t3.micro, t3.small ≥ ") for line in lines)
    assert any(line.startswith("Bergen Hosting 79.00 1 none 0.5 h 24.5 h 2.65 0.00 2.65") for line in lines)
    assert "sites.dublin.prices.disk: what a GiB of disk costs at dublin" in lines
    assert "Oslo VPS offer 1 (fortress.yaml), 2026-11-01" in lines
    assert any(line.startswith("European Central Bank") and "1 USD = 9.2302 NOK" in line for line in lines)
    assert any("A month has 730 hours" in line for line in lines)


def test_the_shape_for_programs(festning: Festning) -> None:
    document = festning.json("cost")
    assert list(document) == [
        "fortress",
        "currency",
        "monthly",
        "alternatives",
        "leaving",
        "unknown",
        "assumptions",
        "rates",
        "sources",
    ]
    month = document["monthly"]
    assert month["total"] == {"amount": "2032.07", "at_least": True, "missing": 1}
    assert sum(Decimal(one["amount"]) for one in month["sites"]) == Decimal("2032.07")
    (disk,) = (line for line in month["lines"] if line["part"] == "disk")
    assert disk["monthly"] is None
    (machine,) = (line for line in month["lines"] if (line["entry"], line["part"]) == ("edge", "machine"))
    assert machine == {
        "entry": "edge",
        "role": "edge",
        "count": 2,
        "site": "dublin",
        "operator": "Amazon",
        "part": "machine",
        "size": "t3.small",
        "quantity": "730",
        "price": "0.0228 USD/hour",
        "source": machine["source"],
        "day": "2025-03-02",
        "monthly": "307.26",
    }
    assert machine["source"].startswith("libcloud ")
    assert document["leaving"][0]["bytes_out"] == 40 << 30
    assert document["unknown"] == [
        {"path": "sites.dublin.prices.disk", "what": "what a GiB of disk costs at dublin", "hint": ""}
    ]
    assert document["rates"][0]["day"] == "2026-10-30"


def test_the_chart_is_a_file_beside_the_table(festning: Festning, tmp_path: Path) -> None:
    done = festning("cost", "--chart", str(tmp_path / "cost.svg"))
    assert done.returncode == 0, done.stderr
    assert "What nordlys costs" in done.stdout
    assert ET.parse(tmp_path / "cost.svg").getroot().tag.endswith("svg")
    refused = festning("cost", "--chart", str(tmp_path / "no" / "cost.svg"))
    assert refused.returncode == 64
    assert "the chart cannot be written" in refused.stderr


def test_a_currency_without_a_rate_is_refused_with_its_place(festning: Festning) -> None:
    change(festning, "540 NOK/month", "540 NOX/month")
    done = festning("cost")
    assert done.returncode == 64
    assert "fortress.yaml:44:65: hosts.core1.price: there is no rate from NOX to NOK" in done.stderr.replace("\n", "")
    assert "did you mean NOK?" in done.stderr
    assert festning("check").returncode == 0, "for everything else it is a fortress"


def test_no_network_is_needed_and_other_verbs_do_not_load_libcloud() -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from festning.cli.main import app\n"
        "import festning.workflows.judging, festning.workflows.rendering\n"
        "assert 'libcloud' not in sys.modules\n"
        "app(['--json', 'cost'], standalone_mode=False)\n"
        "assert 'libcloud' in sys.modules\n"
    )
    environment = {**os.environ, "FESTNING_FILE": str(EXAMPLE / "fortress.yaml")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
