"""`unblur benchmark`: how long a frame takes, for each model, runtime and precision."""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import (
    SUCCESS,
    print_json,
    print_note,
    print_result,
    print_table,
)

if TYPE_CHECKING:
    from unblur.evaluation.speed import SpeedRow
    from unblur.runtimes.base import RuntimeName

_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)")


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of a text such as "1280x720", width first; raises typer.BadParameter."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a width and a height such as 1280x720")
    return int(match[2]), int(match[1])


def _check_sizes(texts: list[str] | None) -> list[str] | None:
    """`texts` when each is a size; raises typer.BadParameter."""
    for text in texts or ():
        parse_size(text)
    return texts


def _check_runtimes(names: list[str] | None) -> list[str] | None:
    """`names` when each is a runtime; raises typer.BadParameter."""
    known = get_args(options.RuntimeChoice)
    for name in names or ():
        if name not in known:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(known)}")
    return names


Models = Annotated[
    list[str] | None, typer.Option("--model", help="A model; repeat for several; else all bundled.")
]
Runtimes = Annotated[
    list[str] | None,
    typer.Option(
        "--runtime",
        help="A runtime; repeat for several; else every installed one.",
        callback=_check_runtimes,
    ),
]
Sizes = Annotated[
    list[str] | None,
    typer.Option("--size", metavar="WxH", help="Frame size, width first.", callback=_check_sizes),
]
Rounds = Annotated[int, typer.Option(min=1, help="How often each is timed; they take turns.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; else one per core.")]


def benchmark(
    *,
    model: Models = None,
    runtime: Runtimes = None,
    size: Sizes = None,
    rounds: Rounds = 20,
    threads: Threads = None,
    json: options.Json = False,
) -> int:
    """Time a frame on each model and runtime.

    The figures are of alternating rounds, each candidate warmed up before them.
    """
    from unblur.evaluation.speed import benchmark_models
    from unblur.weights.store import find_model, list_models

    names = model or [each.name for each in list_models()]
    for name in names:
        find_model(name)
    rows = benchmark_models(
        names,
        sizes=[parse_size(text) for text in size or ["1280x720"]],
        runtimes=_pick_runtimes(runtime or ["auto"]),
        rounds=rounds,
        thread_count=threads,
    )
    if json:
        for row in rows:
            print_json(_without_nan(row))
    else:
        _print_rows(rows)
    _time_commands(names, is_json=json)
    return SUCCESS


def _time_commands(names: list[str], *, is_json: bool) -> None:
    """Time the whole command for a picture with each model, and print it."""
    from unblur.evaluation.speed import time_image_command

    for name in names:
        median_s = statistics.median(time_image_command(name, (720, 1280)))
        if is_json:
            print_json({"model": name, "command": "restore", "median_s": median_s})
        else:
            print_result(f"unblur restore of a 1280x720 JPEG with {name}: {median_s:.2f} s all in")


def _pick_runtimes(names: list[str]) -> list[RuntimeName]:
    """The runtimes called `names`; "auto" stands for every one that is installed."""
    from unblur.runtimes.opening import RUNTIMES, report_runtimes

    if "auto" in names:
        return [report.name for report in report_runtimes() if report.is_available]
    return [name for name in RUNTIMES if name in names]


def _without_nan(row: SpeedRow) -> dict[str, object]:
    """The fields of `row`; figures of what could not be timed are None, as JSON knows no NaN."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in asdict(row).items()
    }


def _print_rows(rows: list[SpeedRow]) -> None:
    """Print what was timed as a table, then what could not be timed."""
    timed = [row for row in rows if not row.error]
    heading = ("model", "runtime", "precision", "size", "median ms", "fastest", "slowest")
    lines = [
        (
            row.model,
            row.runtime,
            row.precision,
            f"{row.width}x{row.height}",
            f"{row.median_ms:.1f}",
            f"{row.fastest_ms:.1f}",
            f"{row.slowest_ms:.1f}",
        )
        for row in timed
    ]
    if timed:
        print_table([heading, *lines])
        print_result(f"{timed[0].round_count} alternating rounds, {timed[0].thread_count} threads")
    for row in rows:
        if row.error:
            print_note(f"not timed: {row.model} {row.runtime} {row.precision}: {row.error}")
