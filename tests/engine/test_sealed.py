"""What is sealed cannot be seen by accident."""

from __future__ import annotations

import hashlib

from festning.engine.endpoint import Endpoint
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import File, Gate, HostCatalog, Step, SystemCatalog, Wave
from festning.model.facts import PathFact, PathKind
from festning.model.reference import public, secret

VAULT = {"pw": "hunter2hunter2", "key": "-----BEGIN KEY-----\nAAAABBBBCCCC\n-----END KEY-----\n", "cert": "CERTIFICATE"}


def sealed() -> SealedCatalog:
    items = (
        File(path="/etc/app", content=f"password={secret('pw')}\n"),
        File(path="/etc/key", content=secret("key"), mode=0o600),
        File(path="/etc/cert", content=public("cert")),
        Step(name="grant", check="true", do=f"grant {secret('pw')}"),
        Gate(name="open", check=f"try {secret('pw')}"),
    )
    return SealedCatalog(
        HostCatalog("alpha", (SystemCatalog(system="s", wave=Wave.GROUND, items=items),)), VAULT.__getitem__
    )


def test_contents_are_filled_and_digested():
    assert sealed().content("/etc/app") == b"password=hunter2hunter2\n"
    assert sealed().digest("/etc/app") == hashlib.sha256(b"password=hunter2hunter2\n").hexdigest()
    assert sealed().script("grant " + secret("pw")) == "grant hunter2hunter2"


def test_nothing_shows_in_a_representation():
    shown = repr(sealed()) + repr(sealed().catalog)
    assert "hunter2" not in shown
    assert "AAAABBBB" not in shown
    assert "private" not in repr(Endpoint(host="a", client_key="private"))
    fact = PathFact(kind=PathKind.FILE, mode=0o644, owner="root", group="root", content="hunter2hunter2")
    assert "hunter2" not in repr(fact)


def test_secrets_are_blacked_out_of_what_programs_print():
    said = sealed().redact("near 'hunter2hunter2' and AAAABBBBCCCC, CERTIFICATE")
    assert said == f"near '{secret('pw')}' and {secret('key')}, CERTIFICATE"


def test_the_frame_of_a_key_is_not_blacked_out():
    assert sealed().redact("-----BEGIN KEY-----") == "-----BEGIN KEY-----"
