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
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from unblur.errors import UnblurError
from unblur.evaluation.energy import EnergyMeter
from unblur.evaluation.memory import measure_peak_memory_mb
from unblur.facts import Precision
from unblur.restoration.tiling import restore_any_size
from unblur.runtimes.base import Runtime, RuntimeName, RuntimeOptions
from unblur.runtimes.opening import open_runtime
from unblur.weights.store import Form, StoredModel

_WARM_UP_RUNS = 2


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """How fast one model is on one runtime in one precision at one size.

    A figure that could not be measured is NaN.
    """

    model: str
    runtime: RuntimeName
    precision: Precision
    height: int
    width: int
    thread_count: int
    round_count: int
    median_ms: float = math.nan
    """For one frame, bytes in to bytes out, in the tiles that `unblur restore` cuts."""
    fastest_ms: float = math.nan
    slowest_ms: float = math.nan
    error: str = ""
    """Why there is no figure; empty otherwise."""
    spread_ms: float = math.nan
    """Between the quartiles of the rounds."""
    frames_per_s: float = math.nan
    peak_memory_mb: float = math.nan
    """The most that a process of its own held while it restored two frames."""
    energy_j: float = math.nan
    """Of the processor, for one frame."""
    times_faster: float = math.nan
    """The reference's time over this one's: the median over the rounds."""

    @property
    def megapixels(self) -> float:
        """Of the frame."""
        return self.height * self.width / 1e6


@dataclass(frozen=True, slots=True)
class SpeedRequest:
    """What is to be timed: every combination of these."""

    models: Sequence[StoredModel]
    sizes: Sequence[tuple[int, int]] = ((720, 1280),)
    """(height, width) each."""
    runtimes: Sequence[RuntimeName] = ("openvino",)
    precisions: Sequence[Precision] = ("fp32", "bf16", "int8")
    thread_counts: Sequence[int] = field(default_factory=lambda: [os.cpu_count() or 1])
    rounds: int = 20
    reference: StoredModel | None = None
    """Takes turns with the others, in fp32; theirs are compared with its times."""
    has_memory: bool = False
    """Whether the peak of memory is measured, in a process for each combination."""


Report = Callable[[int, int], None]
"""Is called with the rounds done and their number."""


def benchmark_models(
    request: SpeedRequest, meter: EnergyMeter | None = None, report: Report | None = None
) -> list[SpeedRow]:
    """Time every combination that can be opened, in alternating rounds.

    All of them are open at once, the sizes too, so that growth with the size can be trusted.
    Combinations that do not exist (int8 on PyTorch, a runtime that is not installed) and
    those that fail become rows with an `error`.
    """
    turns, failed = _open_turns(request, meter)
    for done in range(request.rounds):
        for turn in turns:
            turn.take()
        if report is not None:
            report(done + 1, request.rounds)
    return [_summary(turn, turns, request) for turn in turns] + failed


class _Turn:
    """One candidate and the times that its turns took."""

    def __init__(self, row: SpeedRow, file_form: Form, model: StoredModel) -> None:
        self.row = row
        self.file = model.find(file_form)
        options = RuntimeOptions(
            self.file, device="cpu", precision=row.precision, thread_count=row.thread_count
        )
        self._runtime: Runtime = open_runtime(row.runtime, options)
        rng = np.random.default_rng(0)
        self._frame = rng.integers(0, 256, (row.height, row.width, 3), np.uint8)
        self.meter: EnergyMeter | None = None
        self.times_ms: list[float] = []
        self.energies_j: list[float] = []
        for _ in range(_WARM_UP_RUNS):
            restore_any_size(self._frame, self._runtime)

    def take(self) -> None:
        """Restore the frame once more and keep time and energy; an error ends the turns."""
        if self.row.error:
            return
        energy_j = self.meter.read_j() if self.meter else math.nan
        started = time.perf_counter()
        try:
            restore_any_size(self._frame, self._runtime)
        except UnblurError as error:
            self.row = replace(self.row, error=str(error))
            return
        self.times_ms.append(1000 * (time.perf_counter() - started))
        if self.meter:
            self.energies_j.append(self.meter.read_j() - energy_j)


def _open_turns(
    request: SpeedRequest, meter: EnergyMeter | None
) -> tuple[list[_Turn], list[SpeedRow]]:
    """What can be timed, warmed up, and rows for what cannot."""
    turns: list[_Turn] = []
    failed: list[SpeedRow] = []
    for model, row in _combinations(request):
        try:
            turn = _Turn(row, _form_of(row), model)
        except UnblurError as error:
            failed.append(replace(row, error=str(error)))
            continue
        turn.meter = meter
        turns.append(turn)
    return turns, failed


def _combinations(request: SpeedRequest) -> Iterator[tuple[StoredModel, SpeedRow]]:
    """What is to be timed, each with an empty row; the reference is first at every size."""
    for size in request.sizes:
        if request.reference is not None:
            for runtime, threads in itertools.product(request.runtimes, request.thread_counts):
                name = request.reference.name
                row = SpeedRow(name, runtime, "fp32", *size, threads, request.rounds)
                yield request.reference, row
        for model, runtime, precision, threads in itertools.product(
            request.models, request.runtimes, request.precisions, request.thread_counts
        ):
            yield model, SpeedRow(model.name, runtime, precision, *size, threads, request.rounds)


def _form_of(row: SpeedRow) -> Form:
    """The form of a model's file that `row` needs."""
    if row.runtime == "torch":
        return "safetensors"
    return "onnx_int8" if row.precision == "int8" else "onnx"


def _summary(turn: _Turn, turns: Sequence[_Turn], request: SpeedRequest) -> SpeedRow:
    """The row of `turn` with its figures filled in."""
    if turn.row.error:
        return turn.row
    row, times_ms = turn.row, turn.times_ms
    quartiles = statistics.quantiles(times_ms, n=4) if len(times_ms) > 1 else [times_ms[0]] * 3
    memory_mb = math.nan
    if request.has_memory:
        memory_mb = measure_peak_memory_mb(turn.file, row.runtime, row.precision, _size_of(row))
    return replace(
        row,
        median_ms=statistics.median(times_ms),
        fastest_ms=min(times_ms),
        slowest_ms=max(times_ms),
        spread_ms=quartiles[2] - quartiles[0],
        frames_per_s=1000 / statistics.median(times_ms),
        peak_memory_mb=memory_mb,
        energy_j=statistics.fmean(turn.energies_j) if turn.energies_j else math.nan,
        times_faster=_compare(turn, turns, request.reference),
    )


def _size_of(row: SpeedRow) -> tuple[int, int, int]:
    return row.height, row.width, row.thread_count


def _compare(turn: _Turn, turns: Sequence[_Turn], reference: StoredModel | None) -> float:
    """How many times faster than the reference in the same conditions; NaN: unknown."""
    if reference is None:
        return math.nan
    wanted = (reference.name, turn.row.runtime, _size_of(turn.row))
    for other in turns:
        if (other.row.model, other.row.runtime, _size_of(other.row)) == wanted:
            ratios = [
                slow / fast for slow, fast in zip(other.times_ms, turn.times_ms, strict=False)
            ]
            return statistics.median(ratios) if ratios else math.nan
    return math.nan
