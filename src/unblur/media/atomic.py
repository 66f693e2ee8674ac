"""Files and folders that appear only when they are complete. Knows nothing of what is written."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from unblur.errors import OutputError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NO_PERMISSION = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def replacing(target: Path) -> Generator[Path]:
    """A temporary path beside `target`, renamed to `target` when the block ends well.

    The temporary name is hidden and keeps the ending of `target`. Whatever ends the
    block early, Ctrl-C included, the temporary file is removed and `target` stays as
    it was. Raises OutputError in place of any OSError of the block.
    """
    temporary = temporary_beside(target)
    with explaining(target):
        try:
            _check_name(target)
            yield temporary
            temporary.replace(target)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def temporary_beside(target: Path) -> Path:
    """A hidden name in the same folder, with the same ending, that no file has."""
    return target.with_name(f".unblur-{secrets.token_hex(6)}{target.suffix}")


@contextmanager
def explaining(target: Path) -> Generator[None]:
    """Turn any OSError of the block into an OutputError on why `target` cannot be written."""
    try:
        yield
    except OSError as error:
        raise OutputError(_explain(error, target)) from error


@contextmanager
def filling(target: Path) -> Generator[Path]:
    """A temporary folder beside `target`, renamed to `target` when the block ends well.

    Whatever ends the block early, Ctrl-C included, the temporary folder is removed. An
    empty folder called `target` is replaced. Raises OutputError when there is a fuller
    one or a file of that name, and in place of any OSError of the block.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(f"{target} is there already; choose another name, or remove it first")
    temporary = target.with_name(f".unblur-{secrets.token_hex(6)}")
    try:
        temporary.mkdir()
        yield temporary
        if target.is_dir():
            target.rmdir()
        temporary.replace(target)
    except OSError as error:
        raise OutputError(_explain(error, target)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, where they are not; raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder {folder}: {error.strerror}; choose another"
        ) from error


def _check_name(target: Path) -> None:
    """Raise OSError where no file can be called `target`, before the work is done."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))


def _explain(error: OSError, target: Path) -> str:
    """Why `target` cannot be written and what to do, in a sentence."""
    folder = target.parent
    if error.errno in _NO_SPACE:
        return f"cannot write {target}: the disk is full; free some space or write elsewhere"
    if error.errno in _NO_PERMISSION:
        return f"cannot write {target}: not allowed to write into {folder}; choose another folder"
    if error.errno == errno.ENAMETOOLONG:
        return f"cannot write {target}: the name is too long; choose a shorter one"
    if target.is_dir():
        return f"cannot write {target}: a folder has that name; choose another name"
    if not folder.is_dir():
        return f"cannot write {target}: there is no folder {folder}; make it first"
    return f"cannot write {target}: {error.strerror or error}"
