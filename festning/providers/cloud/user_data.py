"""The user data that a rented machine is born with: its SSH host key, and who may come in.

The host's private key has to be in it: there is no other way to know a machine at the first connection. What that
means: who may read user data in the provider's account (its console or API) can pose as that host's SSH, and so can,
until the key is another, a program on the machine that may ask the provider's metadata service. So it opens nothing: it
is the one host's, for its SSH alone; no certificate and no password is in here. On the machine, cloud-init's own copies
are removed at the end of the first boot. A machine that is made anew after it was destroyed has the same key again.

Leaves making the keys to ``vault``.
"""

from __future__ import annotations

import json

from festning.providers.interface import KeyPair
from festning.templates import templates_of

render = templates_of("festning.providers.cloud", quoted=json.dumps)


def user_data(fortress: str, host: str, *, user: str, port: int, host_key: KeyPair, authorized_key: str) -> str:
    """What cloud-init makes of a Debian image at its first boot, so that festning can come in as ``user``."""
    return render(
        "user-data.yaml",
        fortress=fortress,
        host=host,
        user=user,
        port=port,
        host_key=host_key,
        authorized_key=authorized_key.strip(),
    )
