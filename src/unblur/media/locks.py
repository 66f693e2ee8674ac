"""Files that one writer holds while it lives; the system lets go of them when it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from unblur.errors import OutputError


def lock(file: FileIO) -> None:
    """Keep others from locking the file while `file` is open; raises OSError.

    Where another has locked it, the error is a BlockingIOError, but on Windows.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def holding(path: Path) -> Generator[bool]:
    """Lock the file at `path`, made if need be, for the block; gives False where another has it.

    Processes that are forked meanwhile do not keep it when this one is gone. Where the file
    system knows no locks, nobody is kept out. Raises OutputError when there can be no such file.
    """
    try:
        held = FileIO(path, "ab")
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; choose another folder"
        ) from error
    with held as file:
        try:
            lock(file)
        except OSError as error:
            yield sys.platform != "win32" and not isinstance(error, BlockingIOError)
            return
        if sys.platform != "win32":
            os.register_at_fork(after_in_child=file.close)
        yield True
