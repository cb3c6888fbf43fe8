"""Reads ``fortress.yaml`` and the services' sources: the only input of the model.

Knows where in the file each key stands, so that every mistake is told with file, line and column. Leaves the shape to
``declared`` and what spans several keys to ``resolve``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from festning.errors import BadFileError, Problem, UsageError
from festning.model.declared import FortressFile
from festning.model.document import Document, KeyPath, dotted, read_document
from festning.model.explain import explain
from festning.model.fortress import Fortress, Service, SourceFile
from festning.model.resolve import resolve

LARGEST_FILE = 8 << 20
LARGEST_SOURCE = 64 << 20
MOST_PROBLEMS = 50
"""Of one file that are told at once: a mistake in a file of thousands of hosts may be there thousands of times."""

Words = tuple[str, str, str]
"""What is wrong, what was expected, and what to do."""


def load_fortress(file: Path) -> Fortress:
    """The fortress that a file declares.

    Raises :class:`BadFileError` with every problem found, or :class:`UsageError` when there is no such file.
    """
    return load_with_places(file)[0]


def load_with_places(file: Path) -> tuple[Fortress, Document]:
    """The fortress that a file declares, and the document that tells where each key of it stands."""
    document = read_document(read_text(file), str(file))
    return _fortress(document, str(file), file.resolve().parent), document


def parse_fortress(text: str, name: str, folder: Path) -> Fortress:
    """The fortress that a text declares; ``name`` is what errors call the file, ``folder`` where sources are."""
    return _fortress(read_document(text, name), name, folder)


def position_of(text: str, name: str, key_path: str) -> tuple[int, int]:
    """Line and column (from 1) of a dotted key path in a file that was accepted before."""
    return read_document(text, name).position_of(key_path)


def read_source(service: Service) -> tuple[SourceFile, ...]:
    """The files of a service's source, by path; hidden files and symbolic links are left out.

    Raises :class:`UsageError` when something in it cannot be read, has a name that cannot be written into a
    configuration, or when the source is too large to be sent to hosts file by file.
    """
    try:
        return _source_files(service)
    except OSError as error:
        raise UsageError(
            f"the source of service {service.name} cannot be read: {error.filename}: {error.strerror}"
        ) from None


def _source_files(service: Service) -> tuple[SourceFile, ...]:
    def refuse(error: OSError) -> None:
        raise error  # os.walk would leave out in silence what it cannot read.

    files: list[SourceFile] = []
    total = 0
    for folder, folders, names in os.walk(service.source, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            if not str(path.relative_to(service.source)).isprintable():
                raise UsageError(
                    f"a file in the source of service {service.name} has control characters in its name: {str(path)!r}",
                    hint="rename it",
                )
            total += path.stat().st_size
            if total > LARGEST_SOURCE:
                raise UsageError(
                    f"the source of service {service.name} is larger than {LARGEST_SOURCE >> 20} MiB",
                    hint=f"keep build products and media out of {service.source}",
                )
            files.append(
                SourceFile(
                    path=path.relative_to(service.source).as_posix(),
                    content=path.read_bytes(),
                    executable=os.access(path, os.X_OK),
                )
            )
    return tuple(files)


def _fortress(document: Document, name: str, folder: Path) -> Fortress:
    try:
        declared = FortressFile.model_validate(document.data)
    except ValidationError as error:
        raise _refusal(document, name, explain(error)) from None
    fortress = resolve(declared, folder)
    if isinstance(fortress, Fortress):
        return fortress
    raise _refusal(document, name, ((wrong.path, wrong.words) for wrong in fortress))


def read_text(file: Path) -> str:
    """The text of a file, line ends and all, without a byte order mark; raises as :func:`load_fortress` does."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{file} is not a file", hint="name a fortress.yaml with --file")
        if status.st_size > LARGEST_FILE:
            raise UsageError(f"{file} is larger than {LARGEST_FILE >> 20} MiB", hint="is it a fortress.yaml?")
        content = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {file}", hint="name one with --file or FESTNING_FILE, or write one with: festning init"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", errors="replace")) + 1
        raise BadFileError(
            [Problem(str(file), line, column, "", f"byte 0x{content[error.start]:02x} is not UTF-8 text", hint=_UTF_8)]
        ) from None


_UTF_8 = "save the file as UTF-8"


def _refusal(document: Document, name: str, mistakes: Iterable[tuple[KeyPath, Callable[[], Words]]]) -> BadFileError:
    """The mistakes in the order of the file; of very many, the first ones, since the rest mostly are the same."""
    placed = sorted(
        ((document.position(path), path, words) for path, words in mistakes), key=lambda mistake: mistake[0]
    )
    problems = [
        Problem(name, line, column, dotted(path), *words())
        for (line, column), path, words in islice(placed, MOST_PROBLEMS)
    ]
    if len(placed) > MOST_PROBLEMS:
        problems.append(Problem(name, 0, 0, "", f"and {len(placed) - MOST_PROBLEMS} more problems"))
    return BadFileError(problems)
