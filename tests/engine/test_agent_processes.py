"""Programs run side by side: their output, their time, their end."""

from __future__ import annotations

import time

from festning.engine.agent.processes import CUT_MARK, OUTPUT_LIMIT, Command, run, run_all, script


def test_output_and_status_are_kept_apart():
    ended = run(script("echo out; echo err >&2; exit 3"))
    assert (ended.status, ended.stdout, ended.stderr) == (3, "out\n", "err\n")
    assert ended.output == "out\nerr"


def test_python_scripts_go_over_standard_input_too():
    ended = run(script("import sys\nprint(sys.argv)", interpreter="python3"))
    assert ended.stdout == "['-']\n"


def test_a_script_is_never_on_a_command_line():
    ended = run(script("tr '\\0' ' ' < /proc/$$/cmdline # password"))
    assert "password" not in ended.stdout


def test_a_program_that_does_not_exist_is_status_127():
    ended = run(Command(("/does/not/exist",)))
    assert ended.status == 127
    assert "/does/not/exist" in ended.stderr


def test_time_that_is_up_ends_the_whole_group():
    began = time.monotonic()
    ended = run(script("sleep 60 & sleep 60", timeout_s=0.3))
    assert ended.status is None
    assert time.monotonic() - began < 5


def test_a_daemon_that_keeps_the_output_open_does_not_hold_up_its_starter():
    began = time.monotonic()
    ended = run(script("sleep 3 & echo started"))
    assert (ended.status, ended.stdout) == (0, "started\n")
    assert time.monotonic() - began < 2


def test_endless_output_is_cut_and_does_not_block():
    ended = run(script("head -c 1000000 /dev/zero | tr '\\0' x; echo done >&2"))
    assert ended.status == 0
    assert ended.stderr == "done\n"
    assert len(ended.stdout) == OUTPUT_LIMIT + len(CUT_MARK)
    assert ended.stdout.endswith(CUT_MARK.decode())


def test_many_run_at_once_and_answer_in_order():
    began = time.monotonic()
    ended = run_all([script(f"sleep 0.2; echo {number}") for number in range(6)], at_once=6)
    assert [one.stdout for one in ended] == [f"{number}\n" for number in range(6)]
    assert time.monotonic() - began < 1.1


def test_one_at_a_time_when_asked():
    ended = run_all([script("sleep 0.1"), script("sleep 0.1")], at_once=1)
    assert ended[1].started >= ended[0].started + ended[0].seconds


def test_a_signal_is_a_negative_status():
    assert run(script("kill -9 $$")).status == -9
