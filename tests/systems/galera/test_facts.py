"""What a data node prints, read; the texts are from real nodes."""

from __future__ import annotations

import subprocess

import pytest

from festning.systems.galera.recovery.observation import (
    ZERO_UUID,
    Observation,
    group_script,
    observation_script,
    parse_observation,
)

UUID = "a3493162-e6a9-11f1-81df-ba08598eef1e"

RUNNING = f"""\
installed yes
marker {UUID}
grastate_uuid {UUID}
grastate_seqno -1
grastate_safe_to_bootstrap 0
unit active
status_wsrep_local_state_uuid {UUID}
status_wsrep_last_committed 9264
status_wsrep_flow_control_paused 0.00125
status_wsrep_local_state_comment Synced
status_wsrep_incoming_addresses 10.8.0.1:3306,,10.8.0.2:3306
status_wsrep_cluster_size 3
status_wsrep_cluster_state_uuid {UUID}
status_wsrep_cluster_status Primary
status_wsrep_connected ON
status_wsrep_ready ON
schema_shop\t1
complete
"""

WAITING = f"""\
installed yes
marker {UUID}
grastate_uuid {UUID}
grastate_seqno -1
grastate_safe_to_bootstrap 0
unit activating
group non-primary
recovered {UUID} 9261
complete
"""


def parsed(text: str) -> Observation:
    observation = parse_observation(text)
    assert observation is not None
    return observation


def test_a_running_node() -> None:
    node = parsed(RUNNING)
    assert node.primary
    assert node.answers
    assert node.formed
    assert (node.uuid, node.seqno, node.schemas) == (UUID, 9264, ("shop",))
    assert node.status.synced
    assert (node.status.size, node.status.flow_control_paused) == (3, 0.00125)


def test_a_node_that_waits_without_quorum() -> None:
    node = parsed(WAITING)
    assert not node.primary
    assert not node.answers
    assert (node.uuid, node.seqno, node.doubt) == (UUID, 9261, "")


def test_a_node_on_its_way_into_a_primary_component_counts_as_in_it() -> None:
    assert parsed(WAITING.replace("group non-primary", "group primary")).primary


def test_a_host_without_mariadb() -> None:
    node = parsed("installed no\nunit unknown\ncomplete\n")
    assert not node.installed
    assert not node.formed


@pytest.mark.parametrize("cut", ["", "installed yes\n", RUNNING.removesuffix("complete\n")])
def test_half_an_answer_is_no_answer(cut: str) -> None:
    assert parse_observation(cut) is None


def test_a_server_by_itself_was_never_formed() -> None:
    lone = "installed yes\nunit active\nstatus_wsrep_cluster_status Disconnected\nstatus_wsrep_connected OFF\n"
    node = parsed(f"{lone}status_wsrep_local_state_uuid {ZERO_UUID}\nschema_blog\t1\ncomplete\n")
    assert not node.formed
    assert not node.answers
    assert node.schemas == ("blog",)


def test_a_zero_uuid_alone_is_a_node_that_never_joined() -> None:
    node = parsed(f"installed yes\ngrastate_uuid {ZERO_UUID}\ngrastate_seqno -1\nunit failed\ncomplete\n")
    assert not node.formed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("grastate_seqno -1", "transfer aborted\ngrastate_seqno -1"), "receiving a copy"),
        ((f"grastate_uuid {UUID}", f"grastate_uuid {ZERO_UUID}"), "zero UUID"),
        ((f"grastate_uuid {UUID}\n", ""), "state file is gone"),
        ((f"recovered {UUID} 9261", "recovered"), "position could not be found"),
        ((f"marker {UUID}", f"marker {UUID[::-1]}"), "was part of"),
    ],
)
def test_what_speaks_against_a_nodes_data(change: tuple[str, str], why: str) -> None:
    node = parsed(WAITING.replace(*change))
    assert node.formed
    assert why in node.doubt
    assert not node.has_usable_data


@pytest.mark.parametrize("script", [observation_script, group_script], ids=["all", "group"])
def test_the_script_answers_on_a_host_without_anything(script: str) -> None:
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False, timeout=60)
    node = parsed(done.stdout)
    assert not node.primary
    assert not node.apart


def test_looking_at_the_group_alone_touches_no_data() -> None:
    assert "galera_recovery" in observation_script
    assert not any(word in group_script for word in ("galera_recovery", "/var/lib", "sleep"))


def test_the_position_is_found_on_a_command_line() -> None:
    function = next(line for line in observation_script.splitlines() if line.startswith("position()"))
    line = f"/usr/sbin/mariadbd\\n--wsrep_start_position={UUID}:9261\\n"
    done = subprocess.run(
        ["sh"], input=f"{function}\nprintf '{line}' | position\n", capture_output=True, text=True, check=True
    )
    assert done.stdout == f"recovered {UUID} 9261\n"
