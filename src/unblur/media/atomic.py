"""Files and folders that appear only when they are complete. Knows nothing of what is written."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from unblur.errors import OutputError
from unblur.media.locks import lock

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_WRITERS = 4
"""So many at the same time have names that follow from that of the file they write."""
_NO_PERMISSION = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def replacing(target: Path) -> Generator[Path]:
    """A temporary file beside `target`, renamed to `target` when the block ends well.

    Its name is hidden and keeps the ending of `target`. Whatever ends the block early,
    Ctrl-C included, the temporary file is removed and `target` stays as it was. What a
    killed process leaves is removed by the next writer of `target`; writers at the same
    time have a file each. Raises OutputError in place of any OSError of the block.
    """
    with explaining(target):
        check_name(target)
        temporary, held = _begin(target)
        try:
            yield temporary
            if sys.platform == "win32" and held:
                held.close()
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        finally:
            if held:
                held.close()


def temporary_beside(target: Path) -> Path:
    """A hidden name in the same folder, with the same ending, that no file has."""
    return target.with_name(f".unblur-{secrets.token_hex(6)}{target.suffix}")


def _begin(target: Path) -> tuple[Path, FileIO | None]:
    """A temporary path for `target`, and the open file that tells others it is in use.

    Its name follows from that of `target`, so that the next writer finds what killed
    ones left; a name that no file has where too many writers are at work, or where the
    file system knows no locks. Raises OSError.
    """
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()
    places = [
        target.with_name(f".unblur-{digest[:12]}{number}{target.suffix}")
        for number in range(_WRITERS)
    ]
    for place in places:
        _remove_abandoned(place)
    for place in places:
        held = _hold(place)
        if held is not None:
            return place, held
    return temporary_beside(target), None


def _remove_abandoned(path: Path) -> None:
    """Remove the file at `path` unless a living process holds it."""
    with suppress(OSError):
        if sys.platform == "win32":
            path.unlink()  # refused while anyone has it open
        else:
            with FileIO(path, "r+b") as file:
                lock(file)
                if _is_at(path, file):
                    path.unlink()


def _hold(path: Path) -> FileIO | None:
    """A new file at `path`, held while it is open; None where that cannot be."""
    try:
        file = FileIO(path, "xb")
    except FileExistsError:
        return None
    if sys.platform == "win32":
        return file
    try:
        lock(file)
        if _is_at(path, file):
            return file
    except BlockingIOError:
        pass  # another writer has just taken it for abandoned, and removes it
    except OSError:
        path.unlink(missing_ok=True)
    file.close()
    return None


def _is_at(path: Path, file: FileIO) -> bool:
    """Whether `path` still leads to the open `file`, and not through a link."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


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


def check_space(folder: Path, size_bytes: int) -> None:
    """Raise OutputError when there is less space than `size_bytes` where `folder` will be."""
    above = next(each for each in folder.absolute().parents if each.is_dir())
    free_bytes = shutil.disk_usage(above).free
    if size_bytes > free_bytes:
        raise OutputError(
            f"{folder} would take {_describe_size(size_bytes)}, and {_describe_size(free_bytes)} "
            "are free; take fewer or smaller crops, or write elsewhere"
        )


def _describe_size(size_bytes: int) -> str:
    """A size in GB, or in MB where it is below one."""
    if size_bytes < 1e9:
        return f"{size_bytes / 1e6:.1f} MB"
    return f"{size_bytes / 1e9:.1f} GB"


def check_name(target: Path) -> None:
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
