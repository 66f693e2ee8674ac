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

from collections.abc import Generator
from contextlib import contextmanager


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


class ConfigError(UnblurError, ValueError):
    """Options that do not fit."""


class MissingExtraError(UnblurError, ImportError):
    """An optional part of the package that is not installed."""


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
