"""What hosts' own logs tell: apt's candidates and history, and sudo's journal."""

from __future__ import annotations

import json
import time

import pytest

from festning.engine.inquiries import history, history_script
from festning.engine.inquiry import inquired_from
from festning.model.inquired import NOTHING

POLICY = """\
nginx:
  Installed: (none)
  Candidate: 1.26.3-3+deb13u1
  Version table:
     1.26.3-3+deb13u1 500
        500 http://mirror.example/debian trixie/main amd64 Packages
virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
"""
HISTORY = """\

Start-Date: 2026-11-20  10:00:00
Commandline: apt-get install nginx
Install: nginx:amd64 (1.26.2)
End-Date: 2026-11-20  10:00:09

Start-Date: 2026-11-21  03:10:00
Commandline: apt remove nginx
Requested-By: kari (1000)
Remove: nginx:amd64 (1.26.2), libx-y2:amd64 (2:1.0~rc1-1)
End-Date: 2026-11-21  03:10:05

Start-Date: 2026-11-21  04:00:00
Commandline: apt purge other
Purge: other:all (3)
End-Date: 2026-11-21  04:00:01
"""


def test_candidates_are_read_from_apt_cache_policy():
    assert history.versions(POLICY) == {"nginx": "1.26.3-3+deb13u1"}


def test_removals_are_read_from_apts_history():
    began = time.mktime(time.strptime("2026-11-21 03:10:00", "%Y-%m-%d %H:%M:%S"))
    found = history.removed(HISTORY, ["nginx", "other", "y2", "never"])
    assert found["nginx"] == {"at": history.utc(began), "by": "kari with apt remove nginx"}
    assert found["other"]["by"] == "apt purge other"
    assert found.keys() == {"nginx", "other"}


def test_what_apt_did_not_remove_is_read_from_dpkgs_log():
    log = (
        "2026-11-21 03:10:00 startup packages remove\n"
        "2026-11-21 03:10:00 status installed nginx:amd64 1.26.2\n"
        "2026-11-21 03:10:01 remove nginx:amd64 1.26.2 <none>\n"
    )
    at = time.mktime(time.strptime("2026-11-21 03:10:01", "%Y-%m-%d %H:%M:%S"))
    assert history.unpacked(log, ["nginx"]) == {"nginx": {"at": history.utc(at), "by": "dpkg"}}
    assert history.unpacked(log, ["other"]) == {}


def line(command: str, seconds: int) -> str:
    said = f"    kari : TTY=pts/0 ; PWD=/home/kari ; USER=root ; COMMAND={command}"
    return json.dumps({"MESSAGE": said, "__REALTIME_TIMESTAMP": str(seconds * 1_000_000)})


def test_the_last_sudo_that_named_a_target_is_told_without_its_command():
    noise = json.dumps({"MESSAGE": [1, 2], "__REALTIME_TIMESTAMP": "1"})
    journal = "\n".join(
        [
            line("/usr/bin/vim /etc/a", 10),
            noise,
            line("/usr/bin/sed -i s/p/hunter2/ '/etc/a'", 20),
            line("/bin/stop web", 30),
        ]
    )
    found = history.touched(journal, ["/etc/a", "web.service", "/etc/ab"])
    assert found == {
        "/etc/a": {"at": "1970-01-01T00:00:20Z", "by": "kari with sudo"},
        "web.service": {"at": "1970-01-01T00:00:30Z", "by": "kari with sudo"},
    }


def test_the_script_is_python_that_knows_what_is_asked():
    script = history_script(("it's",), ('/a "b"',))
    names: dict[str, object] = {"__name__": "asked"}
    exec(compile(script, "history", "exec"), names)
    assert json.loads(str(names["ASKED"])) == {"packages": ["it's"], "targets": ['/a "b"']}


@pytest.mark.parametrize("answer", [None, "", "Traceback", "[]", "{"])
def test_a_host_that_cannot_tell_leaves_everything_unknown(answer: str | None):
    assert inquired_from(answer) == NOTHING
