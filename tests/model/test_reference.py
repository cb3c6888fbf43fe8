"""References stand for material in contents, and nothing but the filling shows it."""

from __future__ import annotations

import pytest

from festning.errors import CompileError
from festning.model.catalog import File, HostCatalog, Package, SystemCatalog, Unit, Wave
from festning.model.reference import fill, is_secret, public, references, secret


def test_references_are_found_and_filled() -> None:
    content = f"password={secret('password/db/shop')}\nca={public('ca/web')}\n"
    assert references(content) == {"password/db/shop", "ca/web"}
    assert fill(content, {"password/db/shop": "s", "ca/web": "c"}.__getitem__) == "password=s\nca=c\n"


def test_only_secrets_make_a_file_secret() -> None:
    assert is_secret(secret("key/web/shop"))
    assert not is_secret(public("certificate/web/shop"))
    assert not is_secret(b"\xe2\x9f\xa6")
    assert File(path="/etc/x", content=secret("a")).secret


def test_two_systems_may_not_declare_one_thing() -> None:
    def system(name: str, *items: File | Unit | Package) -> SystemCatalog:
        return SystemCatalog(system=name, wave=Wave.GROUND, items=items)

    HostCatalog("core1", (system("a", Package("x")), system("b", Package("x"))))
    with pytest.raises(CompileError, match=r"core1: path:/etc/x is declared by both a and b"):
        HostCatalog(
            "core1", (system("a", File(path="/etc/x", content="")), system("b", File(path="/etc/x", content="")))
        )
