"""Words on the screen: results on stdout, everything else on stderr, any file name printable."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from unblur.errors import ConfigError, OutputError, UnblurError, UnknownNameError

if TYPE_CHECKING:
    from unblur.restoration.file_jobs import FileReport

SUCCESS, FAILURE, USE_ERROR = 0, 1, 2
"""The exit codes, but for `stopping.INTERRUPTED`."""

_ZERO_WIDTH_JOINER = "\u200d"


class UseError(Exception):
    """The request itself is wrong; nothing was started. Exit code 2."""


@contextmanager
def use_errors() -> Generator[None]:
    """Turn errors of this package into `UseError`: around what comes before the work."""
    try:
        yield
    except UnblurError as error:
        raise UseError(str(error)) from error


def exit_code_of(error: Exception) -> int:
    """2 when the request was wrong, 1 when the work failed."""
    is_use_error = isinstance(error, (UseError, ConfigError, UnknownNameError))
    return USE_ERROR if is_use_error else FAILURE


def describe_bug(error: Exception) -> str:
    """A sentence about an error that is a fault of ours."""
    return (
        f"unexpected {type(error).__name__}: {error}; this is a fault in unblur: please report it, "
        "with what UNBLUR_DEBUG=1 prints"
    )


def printable(text: str) -> str:
    """`text` on one line: control characters and undecodable bytes of names are escaped."""
    return "".join(
        each
        if each.isprintable() or each == _ZERO_WIDTH_JOINER
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def print_result(text: str) -> None:
    """Print one line on stdout, at once; raises OutputError where it cannot be written."""
    _write(printable(text))


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object as one line of ASCII on stdout; raises as `print_result` does."""
    _write(json.dumps(values))


def _write(line: str) -> None:
    """`line` on stdout, at once. That nobody reads it any more is for `main` to know."""
    try:
        print(line, flush=True)  # noqa: T201 - this is where the command line prints
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot print what was done: {error.strerror or error}") from error


def print_note(text: str) -> None:
    """Print one line on stderr, if anybody reads it: a terminal that is gone does not."""
    with suppress(OSError):
        print(printable(text), file=sys.stderr, flush=True)  # noqa: T201


def print_error(text: str) -> None:
    """Print one sentence that says what went wrong, on stderr."""
    print_note(f"unblur: {text}")


def print_table(rows: Iterable[tuple[str, ...]], indent: str = "") -> None:
    """Print rows on stdout, each column as wide as its widest text."""
    table = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print_result(indent + "  ".join(cells).rstrip())


def describe(report: FileReport) -> str:
    """What became of a file, on one line."""
    if report.status != "restored":
        reason = report.error or "; ".join(report.notes)
        is_named = str(report.input) in reason
        where = "" if is_named else f"{report.input}: "
        return f"{report.status}: {where}{reason}"
    frames = "" if report.frame_count is None else f"{_describe_frames(report)}, "
    count = report.self_ensemble
    means = f", self-ensemble {count}" if count is not None and count > 1 else ""
    made_by = f"{report.model} ({report.runtime} {report.device} {report.precision}{means})"
    return (
        f"{report.input} -> {report.output}  "
        f"{report.width}x{report.height}, {frames}{describe_seconds(report.seconds)}, {made_by}"
    )


def _describe_frames(report: FileReport) -> str:
    """How many frames a video has, and how many of them were not computed."""
    kinds = {"repeated": report.repeated_count, "sharp already": report.sharp_count}
    skipped = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return f"{report.frame_count} frames{f' ({skipped})' if skipped else ''}"


def describe_seconds(seconds: float) -> str:
    """A time as people say it: "0.8 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def describe_counts(counts: Counter[str]) -> str:
    """How many files of each status: "3 restored, 1 failed, 2 skipped"."""
    others = [f", {counts[status]} {status}" for status in ("failed", "skipped") if counts[status]]
    return f"{counts['restored']} restored{''.join(others)}"
