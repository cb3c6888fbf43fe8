"""Logging in: which keys are believed, which ports are tried, what goes through a bastion, and what a person is told.

The servers are ``ssh_servers``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncssh
import pytest

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.conversation import ask
from festning.engine.endpoint import Endpoint
from festning.errors import HostUnreachableError
from tests.engine.ssh_servers import OTHER, USER, Server, line_of, meeting, nobody, to


async def refused(endpoint: Endpoint) -> HostUnreachableError:
    async with Connections([endpoint]) as connections:
        with pytest.raises(HostUnreachableError) as caught:
            await connections.to(endpoint.host)
    return caught.value


def test_a_known_key_is_believed() -> None:
    server = Server()

    async def what() -> None:
        async with Connections([to(server)]) as connections:
            await connections.to("core1")
        assert server.logins == [USER]

    meeting(server, what=what)


def test_a_changed_key_is_refused_with_both_fingerprints_and_what_to_do() -> None:
    server = Server()

    async def what() -> None:
        error = await refused(to(server, known_host_key=line_of(OTHER)))
        assert f"{OTHER.get_fingerprint()} (ed25519) is expected (hosts.core1.host_key)" in error.message
        assert f"{server.key.get_fingerprint()} (ed25519) was shown" in error.message
        assert "somebody may be in between" in (error.hint or "")
        assert f"set hosts.core1.host_key: {server.line}" in (error.hint or "")
        assert server.logins == []

    meeting(server, what=what)


def test_a_machine_that_shows_no_key_of_the_known_kind_is_refused() -> None:
    server = Server(key=asyncssh.generate_private_key("ecdsa-sha2-nistp256"))

    async def what() -> None:
        error = await refused(to(server, known_host_key=line_of(OTHER)))
        assert "is not the known one" in error.message
        assert "a key of another kind was shown" in error.message
        assert server.logins == []

    meeting(server, what=what)


def test_a_key_that_nobody_vouches_for_is_not_believed_at_the_first_meeting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    server = Server()

    async def what() -> None:
        unknown = to(server, known_host_key=None)
        error = await refused(unknown)
        assert f"{server.key.get_fingerprint()} (ed25519) is not known" in error.message
        assert "compare the fingerprint with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" in (error.hint or "")
        assert server.logins == []
        (tmp_path / ".ssh").mkdir()
        known = tmp_path / ".ssh" / "known_hosts"
        known.write_text(f"[127.0.0.1]:{server.port} {line_of(OTHER)}\n")
        changed = await refused(unknown)
        assert f"{OTHER.get_fingerprint()} (ed25519) is expected (~/.ssh/known_hosts)" in changed.message
        known.write_text(f"[127.0.0.1]:{server.port} {server.line}\n")
        async with Connections([unknown]) as connections:
            await connections.to("core1")

    meeting(server, what=what)


def test_a_port_that_is_being_changed() -> None:
    server = Server()

    async def what() -> None:
        new = nobody()
        both = to(server, port=new, other_ports=(server.port,))
        async with Connections([both]) as connections:
            await connections.to("core1")
        alone = await refused(to(server, port=new))
        assert f":{new}: nothing listens there" in alone.message
        assert "[new, old]" in (alone.hint or "")
        neither = await refused(to(server, port=new, other_ports=(nobody(),)))
        assert f":{new}: nothing listens there; neither does" in neither.message
        # Who answers at the first port with the wrong key is not gone round.
        wrong = to(server, known_host_key=line_of(OTHER), other_ports=(nobody(),))
        assert "is not the known one" in (await refused(wrong)).message

    meeting(server, what=what)


def test_all_hosts_share_one_connection_to_the_bastion() -> None:
    bastion, first, second = Server(), Server(), Server()

    async def what() -> None:
        via = to(bastion, host="bastion", user="jump")
        ways = [to(first, via=via), to(second, host="core2", via=via)]
        async with Connections(ways) as connections:
            await asyncio.gather(connections.to("core1"), connections.to("core2"))
            await (await connections.anew("core1")).close()
            assert bastion.logins == ["jump"]
            assert (first.logins, second.logins) == ([USER, USER], [USER])
            # A bastion that went away is come to again, for whoever comes next.
            bastion.open[0].abort()
            await bastion.open[0].wait_closed()
            await asyncio.sleep(0.1)
            await connections.forget("core2")
            await connections.to("core2")
            assert bastion.logins == ["jump", "jump"]

    meeting(bastion, first, second, what=what)


def test_a_bastion_that_does_not_answer_or_shows_another_key_is_every_hosts_trouble() -> None:
    bastion, host = Server(), Server()

    async def what() -> None:
        gone = to(bastion, host="bastion", port=nobody())
        error = await refused(to(host, via=gone))
        assert error.host == "core1"
        assert "core1: bastion: kari@127.0.0.1:" in error.message
        assert error.exit_code == 3
        changed = to(bastion, host="bastion", known_host_key=line_of(OTHER), key_source="admin.bastion.host_key")
        error = await refused(to(host, via=changed))
        assert "core1: bastion: " in error.message
        assert "is expected (admin.bastion.host_key)" in error.message
        assert (bastion.logins, host.logins) == ([], [])

    meeting(bastion, host, what=what)


def test_a_bastion_that_lets_nobody_through_and_one_that_finds_nobody() -> None:
    bastion, host = Server(forwards=False), Server()

    async def what() -> None:
        via = to(bastion, host="bastion")
        error = await refused(to(host, via=via))
        assert "lets nobody through" in error.message
        assert "AllowTcpForwarding" in (error.hint or "")
        bastion.forwards = True
        error = await refused(to(host, port=nobody(), via=via))
        assert "cannot reach it" in error.message

    meeting(bastion, host, what=what)


@pytest.mark.parametrize(
    ("says", "told", "then"),
    [
        ("sudo: a password is required\n", "may not sudo without a password", "NOPASSWD: ALL"),
        ("sudo: unable to resolve host x\nsudo: a password is required\n", "may not sudo", "sudoers"),
        ("kari is not in the sudoers file.\n", "is not in the sudoers file", "visudo"),
        ("bash: line 1: sudo: command not found\n", "there is no sudo", "apt-get install sudo"),
        ("sh: 1: sudo: not found\n", "there is no sudo", "apt-get install sudo"),
        ("sudo: python3: command not found\n", "there is no python3", "apt-get install python3"),
    ],
)
def test_a_user_who_may_not_sudo(says: str, told: str, then: str) -> None:
    server = Server(says=says)

    async def what() -> None:
        async with Connections([to(server, sudo=True)]) as connections:
            with pytest.raises(HostUnreachableError) as caught:
                await ask("core1", await connections.to("core1"), Verb.OBSERVE, {})
        assert told in caught.value.message
        assert then in (caught.value.hint or "")

    meeting(server, what=what)
