"""Waiting for a rented machine behind a bastion: by way of it, and not for long where the bastion is the trouble."""

from __future__ import annotations

import asyncio

import pytest

from festning.errors import HostUnreachableError
from festning.workflows.renting import _comes_through
from tests.engine.ssh_servers import OTHER, Server, line_of, meeting, nobody, to


def test_a_machine_is_there_when_it_can_be_logged_in_to_by_the_bastion() -> None:
    bastion, machine = Server(), Server()

    async def what() -> None:
        via = to(bastion, host="bastion")
        assert not await asyncio.to_thread(_comes_through, to(machine, port=nobody(), via=via))
        assert await asyncio.to_thread(_comes_through, to(machine, via=via))
        assert machine.logins

    meeting(bastion, machine, what=what)


def test_a_bastion_that_cannot_be_used_is_not_waited_for() -> None:
    bastion, machine = Server(), Server()

    async def what() -> None:
        for trouble in ({"port": nobody()}, {"known_host_key": line_of(OTHER)}):
            via = to(bastion, host="bastion", **trouble)
            with pytest.raises(HostUnreachableError, match="bastion: "):
                await asyncio.to_thread(_comes_through, to(machine, via=via))
        assert not machine.logins

    meeting(bastion, machine, what=what)
