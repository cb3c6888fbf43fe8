"""``lab``, and the lab's part of ``up`` and ``down``: its image, its keys, its machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from festning.errors import FestningError, UsageError
from festning.model.check import CLIENT
from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.model.material import OPERATOR_KEY, Material, SshKey, host_key
from festning.providers.interface import KeyPair
from festning.providers.lab.image import ensure_image
from festning.providers.lab.lab import Lab, Machine
from festning.providers.lab.recipe import Recipe
from festning.systems.galera.recovery.formation import Formation
from festning.vault.age import generate_identity, recipient_of
from festning.vault.vault import Vault
from festning.workflows.compiling import Sources, compile_catalogs, read_sources
from festning.workflows.judging import load_judged
from festning.workflows.opening import IDENTITY_NAME, VAULT_NAME, Opened
from festning.workflows.progress import Progress


@dataclass(frozen=True, slots=True)
class LabKeys:
    """The keys with which machines are born, and the vault that they are in."""

    vault: Vault
    identity: str
    operator: KeyPair
    hosts: dict[str, KeyPair]


def find_lab(file: Path) -> Lab:
    """The lab of a file's fortress, up or not."""
    return Lab(load_fortress(file))


@dataclass(frozen=True, slots=True)
class Make:
    """Of what the machines are made: Debian's ``suite``, and ``bare`` of everything that a fortress needs, or not."""

    suite: str = "trixie"
    bare: bool = False


def boot(file: Path, *, make: Make, now: datetime, progress: Progress) -> Lab:
    """Boot the lab of a file's fortress, or what of it is missing; safe to call again."""
    lab = Lab(load_judged(file, now.date()))
    raise_lab(lab, read_sources(lab.fortress), make=make, now=now, progress=progress)
    return lab


def raise_lab(lab: Lab, sources: Sources, *, make: Make, now: datetime, progress: Progress) -> Opened:
    """Boot a lab, or what of it is missing, and open it. A lab that was made bare stays so."""
    fortress = lab.fortress
    bare = _bare(lab, make)
    progress.stage("Make the machines' image, or find it")
    if bare:
        image, client_image = (
            ensure_image(Recipe(suite=make.suite, bare=one), progress.detail) for one in (True, False)
        )
    else:
        image = client_image = ensure_image(recipe_of(fortress, sources, make.suite), progress.detail)
    keys = _keys(lab, now)
    progress.stage(f"Boot {len(fortress.hosts) + 1} machines")
    lab.up(image, keys.operator, keys.hosts, progress.detail, client_image=client_image)
    for gone in lab.undeclared():
        progress.detail(f"{gone} is not declared any more: taking it away")
        lab.remove(gone)
    _keep(lab, keys)
    return Opened(lab.fortress, lab, keys.vault)


def recipe_of(fortress: Fortress, sources: Sources, suite: str) -> Recipe:
    """What the machines of a relocated fortress are made of, unless they are bare: all packages of all its hosts."""
    catalogs = compile_catalogs(fortress, sources, Formation.running())
    return Recipe({package for catalog in catalogs.values() for package in catalog.packages}, suite)


def take_down(file: Path) -> Lab:
    """Take the lab away: machines, disks, networks, keys. Nothing happens when there is none."""
    try:
        lab = find_lab(file)
    except FestningError as error:
        error.hint = error.hint or "the lab is found by the fortress's name in the file, so the file must be readable"
        raise
    lab.down()
    return lab


def machines(file: Path) -> tuple[Machine, ...]:
    """The lab's machines as they are now."""
    return find_lab(file).list()


def _bare(lab: Lab, make: Make) -> bool:
    """Whether the lab's machines are bare, as they were made or as is asked now when there are none."""
    made = lab.bare
    if make.bare and made is False:
        raise UsageError(
            f"the lab of {lab.fortress.name} has machines that were not made bare",
            hint="`festning --lab down` takes the lab and its data away; then `festning --lab up --bare`",
        )
    return make.bare if made is None else made


def _keys(lab: Lab, now: datetime) -> LabKeys:
    """The lab's vault: the one in its memory while it is up, otherwise a new one."""
    identity_file = lab.memory / IDENTITY_NAME
    vault_file = lab.memory / VAULT_NAME
    if lab.is_up and identity_file.is_file() and vault_file.is_file():
        identity = identity_file.read_text().strip()
        vault = Vault.open(vault_file, identity)
    else:
        identity, _ = generate_identity()
        vault = Vault.create(vault_file, [recipient_of(identity)], owner=lab.fortress.name)
    names = [CLIENT, *(host.name for host in lab.fortress.hosts)]
    host_keys = {name: host_key(name) for name in names}
    materials: list[Material] = [OPERATOR_KEY, *host_keys.values()]
    vault.ensure(materials, now)
    return LabKeys(
        vault=vault,
        identity=identity,
        operator=_pair(vault, OPERATOR_KEY),
        hosts={name: _pair(vault, key) for name, key in host_keys.items()},
    )


def _keep(lab: Lab, keys: LabKeys) -> None:
    """Write identity and vault into the lab's memory (a tmpfs that only root may enter), never to a disk."""
    identity = lab.memory / IDENTITY_NAME
    if not identity.is_file():
        identity.touch(mode=0o600)
        identity.write_text(keys.identity)
    keys.vault.save()


def _pair(vault: Vault, key: SshKey) -> KeyPair:
    return KeyPair(private=vault.lookup(key.private), public=vault.lookup(key.public))
