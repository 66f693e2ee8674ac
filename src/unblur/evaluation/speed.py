"""How long a frame takes, measured so that the figures can be compared.

All candidates take turns, round by round, so that a machine that slows down
slows all of them; each is warmed up first, and the median is what counts. A call
returns when the result is there, so nothing is left to synchronise.
"""

from __future__ import annotations

import itertools
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from unblur.errors import ComputationError, UnblurError
from unblur.facts import Precision
from unblur.images.tiles import read_reflected, whole
from unblur.media.image_files import write_picture
from unblur.media.picture import Picture, PictureFile
from unblur.runtimes.base import Runtime, RuntimeName, RuntimeOptions
from unblur.runtimes.opening import open_runtime
from unblur.weights.store import Form, find_model

_WARM_UP_RUNS = 2


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """How fast one model is on one runtime in one precision at one size."""

    model: str
    runtime: RuntimeName
    precision: Precision
    height: int
    width: int
    thread_count: int
    round_count: int
    median_ms: float = math.nan
    """For one frame, bytes in to bytes out, the padding included; nan if it failed."""
    fastest_ms: float = math.nan
    slowest_ms: float = math.nan
    error: str = ""
    """Why there is no figure; empty otherwise."""


def benchmark_models(
    models: Sequence[str],
    *,
    sizes: Sequence[tuple[int, int]] = ((720, 1280),),
    runtimes: Sequence[RuntimeName] = ("openvino",),
    precisions: Sequence[Precision] = ("fp32", "bf16", "int8"),
    rounds: int = 20,
    thread_count: int | None = None,
    report: Callable[[int, int], None] | None = None,
) -> list[SpeedRow]:
    """Time every combination that can be opened, in alternating rounds.

    `sizes` are (height, width). `report` is called with the rounds done and their
    number. Combinations that do not exist (int8 on PyTorch, a runtime that is not
    installed) become rows with an `error`.
    """
    threads = thread_count or os.cpu_count() or 1
    rows: list[SpeedRow] = []
    for size in sizes:
        turns: list[_Turn] = []
        for model, runtime, precision in itertools.product(models, runtimes, precisions):
            row = SpeedRow(model, runtime, precision, *size, threads, rounds)
            try:
                turns.append(_Turn(row, _open(row)))
            except UnblurError as error:
                rows.append(replace(row, error=str(error)))
        for done in range(rounds):
            for turn in turns:
                turn.take()
            if report is not None:
                report(done + 1, rounds)
        rows += [turn.summary() for turn in turns]
    return rows


def time_image_command(model: str, size: tuple[int, int], rounds: int = 5) -> list[float]:
    """Seconds that `unblur restore` takes for a JPEG of `size`, start-up and all, each round.

    `size` is (height, width). Each round is a process of its own, after one to warm
    the disk's cache. Raises ComputationError when the command fails.
    """
    seconds: list[float] = []
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.jpg"
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (size[0] // 16 + 1, size[1] // 16 + 1, 3), np.uint8)
        pixels = coarse.repeat(16, axis=0).repeat(16, axis=1)[: size[0], : size[1]]
        write_picture(Picture(pixels, None, PictureFile("JPEG")), picture)
        words = [sys.executable, "-m", "unblur", "restore", str(picture), "--model", model]
        for _ in range(rounds + 1):
            started = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own command, on our own file
                [*words, "--overwrite", "--quiet"], check=False, capture_output=True, text=True
            )
            seconds.append(time.perf_counter() - started)
            if done.returncode != 0:
                raise ComputationError(f"`unblur restore` failed: {done.stderr.strip()}")
    return seconds[1:]


class _Turn:
    """One candidate and the times that its turns took."""

    def __init__(self, row: SpeedRow, runtime: Runtime) -> None:
        self._row = row
        self._runtime = runtime
        rng = np.random.default_rng(0)
        picture = rng.integers(0, 256, (row.height, row.width, 3), np.uint8)
        self._frame = picture
        self._times_ms: list[float] = []
        for _ in range(_WARM_UP_RUNS):
            self._restore()

    def take(self) -> None:
        """Restore the frame once more and keep the time."""
        started = time.perf_counter()
        self._restore()
        self._times_ms.append(1000 * (time.perf_counter() - started))

    def summary(self) -> SpeedRow:
        """The row with its figures filled in."""
        return replace(
            self._row,
            median_ms=statistics.median(self._times_ms),
            fastest_ms=min(self._times_ms),
            slowest_ms=max(self._times_ms),
        )

    def _restore(self) -> None:
        tile = whole(self._row.height, self._row.width, self._runtime.facts.size_rule)
        self._runtime.restore(read_reflected(self._frame, tile.rows, tile.columns))


def _open(row: SpeedRow) -> Runtime:
    """The runtime that `row` names; raises UnblurError where there is none."""
    form: Form = "onnx_int8" if row.precision == "int8" else "onnx"
    model = find_model(row.model).find("safetensors" if row.runtime == "torch" else form)
    options = RuntimeOptions(
        model, device="cpu", precision=row.precision, thread_count=row.thread_count
    )
    return open_runtime(row.runtime, options)
