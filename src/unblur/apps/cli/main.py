"""The command line: words to commands, errors to sentences and exit codes."""

from __future__ import annotations

import difflib
import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer
from typer.exceptions import TyperException

from unblur._version import __version__
from unblur.apps.cli.commands.ablation import ablation
from unblur.apps.cli.commands.benchmark import benchmark
from unblur.apps.cli.commands.data import data
from unblur.apps.cli.commands.doctor import doctor
from unblur.apps.cli.commands.evaluate import evaluate
from unblur.apps.cli.commands.export import export
from unblur.apps.cli.commands.live import live
from unblur.apps.cli.commands.models import models
from unblur.apps.cli.commands.restore import restore
from unblur.apps.cli.commands.synthesize import synthesize
from unblur.apps.cli.commands.train import train
from unblur.apps.cli.commands.weights import weights
from unblur.apps.cli.output import (
    FAILURE,
    SUCCESS,
    UseError,
    describe_bug,
    exit_code_of,
    print_error,
    print_result,
)
from unblur.apps.cli.stopping import GOES_ON, INTERRUPTED, STOPPED
from unblur.data.stopping import interrupt_on_every_stop
from unblur.errors import UnblurError, unwrap_stops

COMMANDS = (restore, live, models, doctor, benchmark, evaluate, synthesize, train, ablation, export)
GROUPS = {"data": data, "weights": weights}
_GOING_ON = {"restore", "train", "ablation"}
"""Commands that do the rest when they are given again."""
_ROOT_OPTIONS = {"--help", "--version"}
_ALIKE = 0.75
"""How near a word is to a command that it may have been meant for, 0..1 (difflib)."""

app = typer.Typer(
    name="unblur",
    help="Take the motion blur out of photos and video: unblur photo.jpg",
    rich_markup_mode=None,
    add_completion=False,
)
for _command in COMMANDS:
    app.command()(_command)
for _name, _group in GROUPS.items():
    app.add_typer(_group, name=_name)


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the value
    if is_wanted:
        print_result(f"unblur {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (or the command line) ask for; gives the exit code.

    0: all well. 1: something failed. 2: the request was wrong. 130: stopped with Ctrl-C,
    SIGTERM, or by a terminal that closes (SIGHUP).
    """
    is_debugging = os.environ.get("UNBLUR_DEBUG") == "1"
    if arguments is None:
        interrupt_on_every_stop()
    _make_streams_safe()
    logging.basicConfig(
        format="%(message)s", level=logging.DEBUG if is_debugging else logging.ERROR
    )
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with unwrap_stops():
            words = _with_command(words)
            code = _run(words)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (UnblurError, UseError) as error:
        print_error(str(error))
        code = exit_code_of(error)
    except Exception as error:
        if is_debugging:
            raise
        print_error(describe_bug(error))
        code = FAILURE
    if code == INTERRUPTED:
        print_error(STOPPED + (GOES_ON if _GOING_ON.intersection(words[:1]) else ""))
    _flush()
    return code


def _run(words: list[str]) -> int:
    """Run a command; gives its exit code. A wrong option is told with its command."""
    try:
        code: object = app(words, prog_name="unblur", standalone_mode=False)
    except TyperException as error:
        sentence = error.format_message().replace("Value error, ", "").rstrip(".")
        print_error(f"{sentence}; see: unblur {words[0]} --help")
        return error.exit_code
    return code if isinstance(code, int) else SUCCESS


def _with_command(words: list[str]) -> list[str]:
    """`words` with "restore" in front where no command is; without words: the help.

    Raises UseError where the first is no file, and nearly a command.
    """
    if not words:
        return ["--help"]
    known = [*(command.__name__ for command in COMMANDS), *GROUPS]
    if words[0] in known or words[0] in _ROOT_OPTIONS:
        return words
    nearest = difflib.get_close_matches(words[0], known, n=1, cutoff=_ALIKE)
    if nearest and words[0].isalpha() and not os.path.lexists(words[0]):
        raise UseError(
            f"there is no command and no file {words[0]!r}; did you mean: unblur {nearest[0]}?"
        )
    return ["restore", *words]


def _make_streams_safe() -> None:
    """Let the streams write what their encoding cannot say as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Write out stdout, if there is one; where it cannot be written, that was told before."""
    try:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
