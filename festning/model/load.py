"""Reads ``fortress.yaml`` and the services' sources: the only input of the model.

Knows where in the file each key stands, so that every mistake is told with file, line and column. Leaves the shape to
``declared`` and what spans several keys to ``resolve``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from festning.errors import BadFileError, Problem, UsageError
from festning.model.declared import FortressFile
from festning.model.explain import explain
from festning.model.fortress import Fortress, Service, SourceFile
from festning.model.resolve import KeyPath, resolve

LARGEST_FILE = 16 << 20
LARGEST_SOURCE = 64 << 20


def load_fortress(file: Path) -> Fortress:
    """The fortress that a file declares.

    Raises :class:`BadFileError` with every problem found, or :class:`UsageError` when there is no such file.
    """
    return parse_fortress(_read(file), str(file), file.resolve().parent)


def parse_fortress(text: str, name: str, folder: Path) -> Fortress:
    """The fortress that a text declares; ``name`` is what errors call the file, ``folder`` where sources are."""
    document = _document(text, name)
    try:
        declared = FortressFile.model_validate(_plain(document))
    except ValidationError as error:
        raise BadFileError(_by_position(_problems(explain(error), document, name))) from None
    fortress = resolve(declared, folder)
    if isinstance(fortress, Fortress):
        return fortress
    raise BadFileError(
        _by_position(_problems(((c.path, c.message, c.expected, c.hint) for c in fortress), document, name))
    )


def position_of(text: str, name: str, key_path: str) -> tuple[int, int]:
    """Line and column (from 1) of a dotted key path in a file that was accepted before."""
    return positions_of(text, name, [key_path])[0]


def positions_of(text: str, name: str, key_paths: Sequence[str]) -> list[tuple[int, int]]:
    """As :func:`position_of`, for several key paths of one file; a part of digits may be the index of an item."""
    document = _document(text, name)
    return [_position(document, _parts(key_path)) for key_path in key_paths]


def _parts(key_path: str) -> KeyPath:
    return tuple(int(part) if part.isdecimal() else part for part in key_path.split("."))


def read_source(service: Service) -> tuple[SourceFile, ...]:
    """The files of a service's source, by path; hidden files and symbolic links are left out.

    Raises :class:`UsageError` when the source is too large to be sent to hosts file by file.
    """
    files: list[SourceFile] = []
    total = 0
    for folder, folders, names in os.walk(service.source):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
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


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UsageError(f"{file} is larger than {LARGEST_FILE >> 20} MiB", hint="is it a fortress.yaml?")
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {file}", hint="name one with --file or FESTNING_FILE, or write one with: festning init"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFileError([Problem(str(file), 0, 0, "", f"byte {error.start} is not UTF-8 text")]) from None


def _document(text: str, name: str) -> CommentedMap:
    try:
        document = YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        raise BadFileError([_duplicate(error, name)]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise BadFileError([Problem(name, line, column, "", f"this is not YAML: {what}")]) from None
    except (YAMLError, ValueError, RecursionError, TypeError, AttributeError, KeyError, IndexError) as error:
        # ruamel.yaml raises bare Python errors for some broken tags, numbers and anchors.
        raise BadFileError([Problem(name, 0, 0, "", f"this is not YAML: {_first_line(error)}")]) from None
    if not isinstance(document, CommentedMap):
        raise BadFileError(
            [Problem(name, 1, 1, "", "this is not a fortress", "keys and values, beginning with fortress: NAME")]
        )
    return document


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _duplicate(error: DuplicateKeyError, name: str) -> Problem:
    mark = error.problem_mark
    first = _first_line(ValueError(error.problem))
    key = first.split('"')[1] if first.count('"') >= 2 else first
    return Problem(
        name,
        mark.line + 1 if mark else 0,
        mark.column + 1 if mark else 0,
        key,
        "this key is given twice",
        expected="each key once",
        hint="remove one of the two, or rename it",
    )


def _plain(node: object) -> object:
    """The document without the library's own classes, so that types are judged as what they are in YAML."""
    if isinstance(node, Mapping):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str | bytes):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    return node


def _problems(
    mistakes: Iterable[tuple[KeyPath, str, str, str]], document: CommentedMap, name: str
) -> Iterator[Problem]:
    for path, message, expected, hint in mistakes:
        line, column = _position(document, path)
        yield Problem(name, line, column, ".".join(str(part) for part in path), message, expected, hint)


def _by_position(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _position(document: CommentedMap, path: KeyPath) -> tuple[int, int]:
    """Where the last part of the path that exists in the document stands."""
    node: object = document
    line, column = 0, 0
    for part in path:
        place: tuple[int, int] | None = None
        if isinstance(node, CommentedMap) and part in node:
            place = node.lc.key(part)
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            place = node.lc.item(part)
        if place is None:
            break
        line, column = place
        node = node[part]  # type: ignore[index]
    return line + 1, column + 1
