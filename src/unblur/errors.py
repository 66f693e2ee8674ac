"""Everything that can go wrong, as one tree.

UnblurError                 what a caller of this package may want to catch
+-- InputError              a file or an array that cannot be used
|   +-- ImageFormatError    pixels of the wrong shape, type or kind
|   +-- MediaError          a picture or video file that cannot be read
|   +-- OutputError         a result that cannot be written
+-- ModelError              a model that cannot be used
|   +-- UnknownNameError    a name that is in no catalog
+-- ConfigError             options that do not fit
+-- MissingExtraError       an optional part that is not installed
+-- ComputationError        a runtime that failed while computing
    +-- OutOfMemoryError    the same, for lack of memory

Each text says what was expected, what came, and what to do, in one sentence.
Only `apps` turns them into words on a screen and exit codes.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path


class UnblurError(Exception):
    """Base of all errors that this package raises on purpose."""


class InputError(UnblurError):
    """A file or an array that cannot be used."""


class ImageFormatError(InputError, ValueError):
    """Pixels of the wrong shape, type or kind."""


class MediaError(InputError):
    """A picture or video file that cannot be read."""


class OutputError(InputError):
    """A result that cannot be written."""


class ModelError(UnblurError):
    """A model that cannot be used."""


class UnknownNameError(ModelError, KeyError):
    """A name that is in no catalog."""

    def __str__(self) -> str:
        """The text alone: KeyError would put it in quotes."""
        return str(self.args[0]) if self.args else ""


def check_known(kind: str, name: str, known: Collection[str]) -> None:
    """Raise UnknownNameError for a name of that `kind` ("runtime") that is not among `known`."""
    if name not in known:
        raise UnknownNameError(f"no {kind} named {name!r}; known: {', '.join(known)}")


def check_is(value: object, wanted: type, advice: str) -> None:
    """Raise ImageFormatError, with what to do instead, for a value that is no `wanted`."""
    if not isinstance(value, wanted):
        got = type(value).__name__
        raise ImageFormatError(f"expected a {wanted.__name__}, got {got}; {advice}")


class ConfigError(UnblurError, ValueError):
    """Options that do not fit."""


class MissingExtraError(UnblurError, ImportError):
    """An optional part of the package that is not installed."""


def missing_extra(user: str, needed: str | None, extras: str) -> MissingExtraError:
    """The error that `user` ("training") needs the package `needed`, which `extras` bring."""
    return MissingExtraError(f"{user} needs {needed}; install it with: {install_command(extras)}")


def install_command(extras: str = "") -> str:
    """What to type here for `extras` of this package, such as "train,export".

    It installs from the checkout, or from what this installation was made of, into the
    environment that runs now.
    """
    options, origin = _find_origin()
    wanted = f"{_seen_from_here(origin)}[{extras}]" if extras else _seen_from_here(origin)
    return shlex.join([_seen_from_here(_find_pip()), "install", *options, wanted])


def _find_pip() -> Path:
    """The pip of the virtual environment that runs now; elsewhere whichever is found."""
    places = (Path(sys.prefix, "bin", "pip"), Path(sys.prefix, "Scripts", "pip.exe"))
    found = [place for place in places if sys.prefix != sys.base_prefix and place.exists()]
    return found[0] if found else Path("pip")


def _find_origin() -> tuple[list[str], Path]:
    """Options of pip, and the file, folder or name that this installation was made of."""
    from importlib import metadata
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file():
        return ["--editable"], checkout
    try:
        record = metadata.distribution("unblur").read_text("direct_url.json")  # PEP 610
    except metadata.PackageNotFoundError:
        record = None
    url = urlsplit(json.loads(record)["url"] if record else "")
    return [], Path(url2pathname(url.path) if url.scheme == "file" else "unblur")


def _seen_from_here(path: Path) -> str:
    """`path` as it is called in the current folder."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


class ComputationError(UnblurError, RuntimeError):
    """A runtime that failed while computing."""


class OutOfMemoryError(ComputationError, MemoryError):
    """A runtime that failed for lack of memory."""


@contextmanager
def unwrap_stops() -> Generator[None]:
    """Raise KeyboardInterrupt in place of an error of the block that has one behind it.

    Ctrl-C during an import may come out as another error: of an extension that could not
    be initialised (ImportError), or of a class that could not be made (RuntimeError).
    """
    try:
        yield
    except Exception as error:
        if _is_stop(error):
            raise KeyboardInterrupt from error
        raise


def _is_stop(error: BaseException | None) -> bool:
    """Whether `error` is Ctrl-C, or was raised because of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
