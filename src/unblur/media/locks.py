"""Files that one writer holds while it lives; the system lets go of them when it dies."""

from __future__ import annotations

import sys
from io import FileIO


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
