"""Files that one writer holds while it lives; the system lets go of them when it dies."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from unblur.errors import OutputError

_WAIT_S = 0.5
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What a system says of a file that another has locked."""


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
    with _opened(path) as file:
        is_held = _try_lock(file)
        if is_held and sys.platform != "win32":
            os.register_at_fork(after_in_child=file.close)
        yield is_held


@contextmanager
def taking_turns(path: Path, tell_waiting: Callable[[], None]) -> Generator[None]:
    """Let one process at a time run the block, of all that name `path`; the others wait.

    `path` becomes an empty file, which stays. One that has to wait calls `tell_waiting`
    first. Where the file system knows no locks, nobody waits. Raises OutputError when there
    can be no such file.
    """
    with _opened(path) as file:
        if not _try_lock(file):
            tell_waiting()
            while not _try_lock(file):
                time.sleep(_WAIT_S)
        yield


def _opened(path: Path) -> FileIO:
    """The file at `path`, made if need be; raises OutputError."""
    try:
        return FileIO(path, "ab")
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; choose another folder"
        ) from error


def _try_lock(file: FileIO) -> bool:
    """Lock the file unless another has it; True, too, where there are no locks."""
    try:
        lock(file)
    except OSError as error:
        return error.errno not in _HELD
    return True
