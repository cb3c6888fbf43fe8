"""The lab's own answer for the services' names: its client machine knows who stands in it, as a resolver would say.

The lab has no zone, so ``/etc/hosts`` of the client is where the public's names lead: ``getent ahosts NAME`` there
tells them, and whoever asks anew for each connection follows a change at once.
"""

from __future__ import annotations

from festning.dns.wanted import answers
from festning.engine.connections import Connections
from festning.model.check import CLIENT
from festning.model.fortress import Fortress
from festning.proof.faults.fault import Script
from festning.workflows.hands import RemoteHands, do_script

FILE = "/etc/hosts"
BEGIN, END = "# festning: who answers for which name", "# festning: the end"
TTL_S = 2.0
"""For how long somebody who asked may still come. Whoever asks the lab asks for each connection."""


def written(fortress: Fortress) -> str:
    """The lines of the names, edge by edge, with the door that each address is of."""
    lines = [f"{door.address} {answer.name} # {door.name}" for answer in answers(fortress) for door in answer.doors]
    return "\n".join([BEGIN, *lines, END])


async def tell_client(fortress: Fortress, connections: Connections) -> None:
    """Make the client know it. Raises :class:`FestningError` when the client cannot be told."""
    text = f"""set -eu
new={FILE}.new
sed '/^{BEGIN}$/,/^{END}$/d' {FILE} >$new
cat >>$new <<'NAMES'
{written(fortress)}
NAMES
chmod 644 $new
mv $new {FILE}
"""
    await do_script(RemoteHands(connections), Script(host=CLIENT, text=text))
