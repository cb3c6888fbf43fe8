"""The least that any tool on asyncssh can do: log in on every host at once, run ``true``, leave.

Run as a process of its own, in the lab's network namespace:
``python bench/bare_round_trip.py KEY KNOWN_HOSTS ADDRESS…``. Imports nothing of festning.
"""

import asyncio
import sys

import asyncssh


async def visit(address: str, key: str, known_hosts: str) -> None:
    """One round trip, with none of the user's own settings."""
    options = {"username": "root", "client_keys": [key], "known_hosts": known_hosts, "config": None}
    async with asyncssh.connect(address, agent_path=None, **options) as connection:
        await connection.run("true", check=True)


async def main() -> None:
    """All hosts at once."""
    key, known_hosts, *addresses = sys.argv[1:]
    await asyncio.gather(*(visit(address, key, known_hosts) for address in addresses))


asyncio.run(main())
