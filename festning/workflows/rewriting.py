"""Changes the fortress's file itself: whole or not at all, and never over somebody else's change.

Leaves what is changed to the model.
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from festning.errors import UsageError
from festning.model.load import read_text


def rewrite(file: Path, before: str, after: str) -> None:
    """Put ``after`` where ``before`` stands, as the same owner's file with the same mode.

    Raises :class:`UsageError` when the file says something else by now, or cannot be written: then it is as it was.
    """
    target = file.resolve()  # Where the file is a link, the link stays.
    beside = target.with_name(f".{target.name}.new")
    try:
        if read_text(target) != before:
            raise UsageError(f"{file} was changed by somebody else meanwhile", hint="run the command again")
        mark = codecs.BOM_UTF8 if target.read_bytes().startswith(codecs.BOM_UTF8) else b""
        status = target.stat()
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            os.fchown(descriptor, status.st_uid, status.st_gid)
            os.fchmod(descriptor, status.st_mode & 0o7777)
            written.write(mark + after.encode())
            written.flush()
            os.fsync(descriptor)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint="see its folder's permissions") from error
