"""What an image is made of, and when two are the same."""

from __future__ import annotations

import pytest

from festning.errors import UsageError
from festning.providers.lab import recipe as recipes
from festning.providers.lab.recipe import BASE_PACKAGES, Recipe


def test_order_and_repetition_of_packages_do_not_matter():
    one, other = Recipe(["nginx", "haproxy", "nginx"]), Recipe(("haproxy", "nginx"))
    assert one == other
    assert one.digest == other.digest
    assert set(BASE_PACKAGES) < set(one.packages)


def test_every_ingredient_changes_the_digest(monkeypatch):
    digests = {Recipe().digest, Recipe(["nginx"]).digest, Recipe(suite="bookworm").digest}
    for name, value in (("MASKED_UNITS", ()), ("FILES", {}), ("APT_OPTIONS", ()), ("DPKG_OPTIONS", ())):
        with monkeypatch.context() as changed:
            changed.setattr(recipes, name, value)
            digests.add(Recipe().digest)
    assert len(digests) == 7


def test_a_digest_names_a_folder():
    assert len(Recipe().digest) == 64
    assert Recipe().digest.isalnum()


def test_an_unknown_suite_is_refused():
    with pytest.raises(UsageError, match="sid") as refused:
        Recipe(suite="sid")
    assert "bookworm" in refused.value.hint


def test_the_command_names_packages_suite_and_target_and_no_mirror():
    command = Recipe(["nginx"], "bookworm").mmdebstrap("/somewhere")
    assert command[-2:] == ["bookworm", "/somewhere"]
    include = next(word for word in command if word.startswith("--include="))
    assert "nginx" in include.removeprefix("--include=").split(",")
    assert not any("://" in word for word in command)


def test_nothing_runs_by_the_distributions_defaults():
    preset = recipes.FILES["etc/systemd/system-preset/00-lab.preset"].splitlines()
    assert preset == ["enable ssh.service", "enable systemd-networkd.service", "disable *"]


def test_a_bare_image_has_nothing_of_a_fortress_and_a_digest_of_its_own():
    bare = Recipe(["nginx"], bare=True)
    assert set(bare.packages) == set(recipes.BARE_PACKAGES)
    assert "nginx" not in bare.packages
    assert bare.digest != Recipe().digest
    assert bare.digest != Recipe(suite="bookworm", bare=True).digest


def test_units_that_a_bare_machine_installs_are_left_to_debian():
    assert "phpsessionclean.timer" in Recipe().masked
    assert "phpsessionclean.timer" not in Recipe(bare=True).masked
