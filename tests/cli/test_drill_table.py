"""How drills look in a terminal: within its width, numbers as text, and reasons where they are needed."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from festning.cli import drill_table
from festning.cli.drill_table import Offered
from festning.cli.screen import Screen
from festning.model.check import Verdict
from festning.model.drill import Checked, DrillResult, Mark, Moment

LOOKED = (Checked(checker="set", verdict=Verdict.PASS, looked_at=812),)
PASSED = DrillResult(
    name="kill-database",
    about="Kills it.",
    verdict=Verdict.PASS,
    write_gap_ms=613.2,
    read_gap_ms=48.0,
    requests=12_345,
    acknowledged_writes=812,
    recovered_s=7.1,
    checked=LOOKED,
)
FAILED = DrillResult(
    name="cut-writer-host",
    about="Cuts it.",
    verdict=Verdict.FAIL,
    reasons=("3 acknowledged writes are on no data node: 12-0.412, 12-0.578 and 12-0.745", "a gap of [bold]2.2 s[/]"),
    write_gap_ms=2251.0,
    read_gap_ms=660.0,
    requests=134_401,
    failed_requests=1366,
    lost_writes=3,
    recovered_s=17.3,
    checked=LOOKED,
)
ABORTED = DrillResult(name="fill-disk", about="", verdict=Verdict.UNKNOWN, reasons=("the load did not start",))
OFFERED = (
    Offered(name="kill-database", about="kills the writer's mariadbd while orders are written", safe=True, about_s=40),
    Offered(
        name="blackout", about="takes the power from every machine at once, and gives it back", safe=False, about_s=130
    ),
)


def screen(width: int = 100, *, as_json: bool = False) -> Screen:
    made = Screen(as_json=as_json)
    made.out = Console(file=io.StringIO(), width=width, highlight=False)
    return made


def shown(made: Screen) -> list[str]:
    return [line.rstrip() for line in made.out.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_each_drill_is_a_row_and_what_is_no_pass_has_its_reasons_beneath():
    made = screen()
    drill_table.show(made, "nordlys", [PASSED, FAILED, ABORTED])
    assert shown(made) == [
        "nordlys: drills",
        "drill            verdict  write gap  read gap  failed/requests  lost  recovered",
        "kill-database    pass        0.61 s     48 ms         0/12,345     0     7.10 s",
        "cut-writer-host  fail        2.25 s    0.66 s    1,366/134,401     3     17.3 s",
        "fill-disk        unknown          –         –              0/0     –          –",
        "",
        "fail: cut-writer-host",
        "    3 acknowledged writes are on no data node: 12-0.412, 12-0.578 and 12-0.745",
        "    a gap of [bold]2.2 s[/]",
        "",
        "unknown: fill-disk",
        "    the load did not start",
        "",
        "nordlys: fail (1 fail, 1 pass, 1 unknown)",
    ]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_row_of_figures_is_folded(width: int):
    made = screen(width)
    drill_table.show(made, "nordlys", [PASSED, FAILED])
    lines = shown(made)
    assert all(len(line) <= width for line in lines if not line.startswith("    "))
    assert "kill-database    pass        0.61 s     48 ms         0/12,345     0     7.10 s" in lines


def test_as_json_it_has_the_stable_shape(capsys: pytest.CaptureFixture[str]):
    drill_table.show(screen(as_json=True), "nordlys", [PASSED, FAILED])
    told = json.loads(capsys.readouterr().out)
    assert (told["fortress"], told["verdict"]) == ("nordlys", "fail")
    assert [one["name"] for one in told["drills"]] == ["kill-database", "cut-writer-host"]
    assert told["drills"][0]["write_gap_ms"] == 613.2


def test_the_list_says_where_a_drill_may_be_run():
    made = screen(90)
    drill_table.show_list(made, OFFERED)
    lines = shown(made)
    assert lines[2] == "kill-database  any hosts   40 s  kills the writer's mariadbd while orders are written"
    assert lines[3].startswith("blackout       lab only   2 min  takes the power from every machine at once, and")
    assert all(len(line) <= 90 for line in lines)


def test_the_worst_verdict_is_that_of_all():
    assert drill_table.overall([PASSED, ABORTED]) is Verdict.UNKNOWN
    assert drill_table.overall([PASSED, ABORTED, FAILED]) is Verdict.FAIL
    assert drill_table.overall([PASSED]) is Verdict.PASS
    assert drill_table.overall([]) is Verdict.UNKNOWN


def test_progress_is_told_in_plain_lines():
    assert drill_table.heading(2, 3, OFFERED[1]) == "2 of 3: blackout, about 2 min"
    assert drill_table.heading(1, 1, OFFERED[0]) == "kill-database, about 40 s"
    assert drill_table.happened(Moment(10.0, Mark.FAULT, "SIGKILL"), 10.0) == "fault: SIGKILL"
    assert drill_table.happened(Moment(10.35, Mark.OBSERVED), 10.0) == "fault observed +0.35 s"
    assert drill_table.so_far(1204, 3, 0) == "1,204 requests, 3 failed, 0 unknown"
    assert (
        drill_table.ended(FAILED)
        == "cut-writer-host: fail; no write for 2.25 s, 1,366 of 134,401 requests failed, 3 writes lost"
    )
    assert drill_table.ended(ABORTED).endswith("nobody looked for lost writes")
