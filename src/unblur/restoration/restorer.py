"""The main object: a model, opened once, that restores pictures and frames."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from unblur._version import __version__
from unblur.errors import (
    ComputationError,
    ConfigError,
    OutOfMemoryError,
    UnblurError,
    check_is,
    check_known,
)
from unblur.facts import NetworkFacts, Precision
from unblur.images.arrays import (
    Pixels,
    add_correction,
    are_equal,
    check_pixels,
    check_samples,
    row_bands,
    to_eight_bits,
)
from unblur.images.broken import looks_broken
from unblur.images.sharpness import is_sharp
from unblur.images.state import State
from unblur.images.tiles import keep, read_reflected, whole
from unblur.media.frame import Frame
from unblur.media.picture import Picture
from unblur.restoration.frame_memory import FrameMemory
from unblur.restoration.self_ensemble import (
    PICTURE_SELF_ENSEMBLE,
    SelfEnsemble,
    SelfEnsembleRuntime,
)
from unblur.restoration.tiling import (
    ReportProgress,
    TileSize,
    fits_at_once,
    ignore_progress,
    restore_any_size,
)
from unblur.runtimes.base import Device, Runtime, RuntimeName, RuntimeOptions
from unblur.runtimes.opening import open_runtime
from unblur.weights.store import Form, StoredModel, find_model

DEFAULT_MODEL = "live"
_SMALLEST_TILE_PX = 16
_Wait = Callable[[], NDArray[Any]]


class Restorer:
    """Restores pictures with one model.

    `precision` "auto" is fp32, or int8 for a model file that has nothing else; video is
    well served by "int8", which is faster.
    `tile_px` bounds the side of the pieces that large pictures are cut into.
    `self_ensemble` is how many orientations of each picture are restored, in as many times
    the time; their mean is nearer to sharp (`unblur.restoration.self_ensemble`). "auto" is 4,
    but 1 of weights that a discriminator trained: a mean has less of the detail that they add.
    It computes on `thread_count` threads of the CPU; None: as many as the runtime finds good.
    Not safe to call from several threads at once; a process that is forked opens its own.

    Raises UnknownNameError, ModelError, ConfigError or MissingExtraError when the
    model cannot be opened as asked.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        device: Device = "auto",
        runtime: RuntimeName | Literal["auto"] = "auto",
        precision: Precision | Literal["auto"] = "auto",
        tile_px: TileSize = "auto",
        self_ensemble: SelfEnsemble | Literal["auto"] = 1,
        thread_count: int | None = None,
    ) -> None:
        check_known("precision", precision, ("auto", *get_args(Precision)))
        check_known("runtime", runtime, ("auto", *get_args(RuntimeName)))
        check_known("device", device, get_args(Device))
        if self_ensemble not in {"auto", *get_args(SelfEnsemble)}:
            raise ConfigError(f"self_ensemble must be 1, 2, 4, 8 or 'auto', got {self_ensemble}")
        for name, number, least in (
            ("tile_px", None if tile_px == "auto" else tile_px, _SMALLEST_TILE_PX),
            ("thread_count", thread_count, 1),
        ):
            if number is not None and not (isinstance(number, int) and number >= least):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ConfigError(f"{name} must be a whole number, {least} or more, got {number!r}")
        self._process_id = os.getpid()
        self._stored = find_model(model)
        self._tile_px: TileSize = tile_px
        self._runtime_name: RuntimeName | Literal["auto"] = runtime
        if precision == "auto":
            precision = "int8" if set(self._stored.files) == {"onnx_int8"} else "fp32"
        self._options = RuntimeOptions(
            model=_file_for(self._stored, runtime, precision),
            device=device,
            precision=precision,
            thread_count=thread_count,
        )
        plain = open_runtime(self._runtime_name, self._options)
        if self_ensemble == "auto":
            is_judged = plain.facts.aim == "perceptual"
            self_ensemble = 1 if is_judged else PICTURE_SELF_ENSEMBLE
        self.self_ensemble: SelfEnsemble = self_ensemble
        """How many orientations of each picture are restored."""
        self._runtime = self._turning(plain)
        self._exact: Runtime | None = None
        self.notes: list[str] = []
        """What the user should know of the restoring so far, one sentence each."""
        self.counts: Counter[str] = Counter()
        """How many of the last row of frames were "repeated" or "sharp", so not computed."""

    @property
    def facts(self) -> NetworkFacts:
        """What the model needs and promises."""
        return self._runtime.facts

    @property
    def model_name(self) -> str:
        """The network's name in the catalog, and its weights' aim where that is not fidelity."""
        return self.facts.model_name

    @property
    def runtime_name(self) -> str:
        """The runtime that computes."""
        return self._runtime.name

    @property
    def device(self) -> str:
        """The device it computes on."""
        return self._runtime.device

    @property
    def precision(self) -> Precision:
        """The arithmetic it computes in."""
        return self._runtime.precision

    @property
    def identity(self) -> dict[str, str]:
        """What every result depends on beside the picture: the same texts, the same results."""
        return {
            "unblur": __version__,
            "model": hashlib.sha256(self._options.model.read_bytes()).hexdigest(),
            "runtime": self.runtime_name,
            "device": self.device,
            "precision": self.precision,
            "self_ensemble": str(self.self_ensemble),
        }

    def restore(self, pixels: Pixels, report_progress: ReportProgress = ignore_progress) -> Pixels:
        """The restored picture: (height, width, 3) uint8 RGB in, the same out.

        `report_progress` is told how many tiles are done, after each.

        A result that is broken (black where the picture is not, as overflow and
        NaN give) is computed again in fp32, with a note. Raises ImageFormatError
        for other arrays, ComputationError when the fp32 result is broken too.
        """
        self._check_process()
        check_pixels(pixels)
        restored = restore_any_size(pixels, self._runtime, self._tile_px, report_progress)
        return self._mend(pixels, restored, report_progress)

    def restore_picture(
        self, picture: Picture, report_progress: ReportProgress = ignore_progress
    ) -> Picture:
        """The restored picture with the same file facts, alpha restored on its own.

        16-bit samples keep their own gradation: see `images.arrays.add_correction`.
        """
        check_is(picture, Picture, "arrays are what `restore` takes")
        restored = self._restore_samples(picture.samples, report_progress)
        if picture.file.is_grey:
            restored = _grey_of(restored)
        alpha = picture.alpha
        if alpha is not None and alpha.min() != alpha.max():
            alpha = self._restore_samples(np.repeat(alpha[..., np.newaxis], 3, axis=2))
            alpha = np.ascontiguousarray(_grey_of(alpha)[..., 0])
        return replace(picture, samples=restored, alpha=alpha)

    @property
    def has_memory(self) -> bool:
        """Whether the model restores a frame of a video with what it saw before."""
        return bool(self.facts.state_maps)

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State | None]:
        """As `restore`, for the next frame of a video; gives the state for the one after it.

        `state` is what the frame before gave; None for the first of a scene. Frames that
        need tiles are restored by themselves. Raises as `restore` does.
        """
        self._check_process()
        check_pixels(pixels)
        if not (self.has_memory and fits_at_once(pixels, self._runtime, self._tile_px)):
            return self.restore(pixels), None
        tile = whole(pixels.shape[0], pixels.shape[1], self.facts.size_rule)
        padded = read_reflected(pixels, tile.rows, tile.columns)
        try:
            restored, after = self._runtime.restore_next(padded, state)
        except OutOfMemoryError:
            return self.restore(pixels), None
        kept = keep(restored, tile)
        mended = self._mend(pixels, kept)
        return mended, after if mended is kept else None

    def restore_frames(
        self,
        frames: Iterable[Frame],
        *,
        skips_sharp: bool = False,
        forgets_every: int | None = None,
    ) -> Iterator[Frame]:
        """Each frame restored, at its own moment and in order, as they are asked for.

        As many are in flight as the runtime computes best at once, no more. A frame
        that equals the one before is not computed again, nor is, with `skips_sharp`, one
        without a blurred part; `counts` says how many. One array may be filled again
        and again. Frames of 16 bits keep their own gradation: see
        `images.arrays.add_correction`. Raises as `restore` does.

        A model with a memory sees one frame after the other; it forgets where a scene ends
        and, so that a video can be gone on with, after each `forgets_every` frames.
        """
        self.counts.clear()
        memory = FrameMemory(self.restore_next) if self.has_memory else None
        if memory is not None and self.self_ensemble > 1:
            self._note(f"{self.model_name} has a memory, so each frame was restored once only")
        in_flight_count = self._runtime.in_flight_count if memory is None else 1
        pending: deque[tuple[Frame, _Wait]] = deque()
        last: tuple[NDArray[Any], _Wait] | None = None
        try:
            for number, frame in enumerate(frames):
                if memory is not None and forgets_every and number % forgets_every == 0:
                    memory.forget()
                    last = None
                check_is(frame, Frame, "make one with unblur.Frame(pixels, pts, time_base)")
                pixels = check_samples(frame.pixels).copy()  # callers may fill it again
                wait = self._wait_for(pixels, last, memory, skips_sharp=skips_sharp)
                is_repeated = last is not None and wait is last[1]
                last = (pixels, wait)
                pending.append((frame, partial(_copied, wait) if is_repeated else wait))
                if len(pending) >= in_flight_count:
                    yield _finish(*pending.popleft())
            while pending:
                yield _finish(*pending.popleft())
        finally:
            for _, wait in pending:
                with suppress(UnblurError):
                    wait()

    def close(self) -> None:
        """Let go of nothing that outlives the object; there for `with`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _wait_for(
        self,
        samples: NDArray[Any],
        last: tuple[NDArray[Any], _Wait] | None,
        memory: FrameMemory | None,
        *,
        skips_sharp: bool,
    ) -> _Wait:
        """What gives the result of a frame, computed only where it has to be."""
        if last is not None and are_equal(samples, last[0]):
            self.counts["repeated"] += 1
            return last[1]
        if skips_sharp and is_sharp(samples):
            self.counts["sharp"] += 1
            if memory is not None:
                memory.forget()
            return lambda: samples
        if memory is None:
            return cache(self._start(samples))
        pixels = to_eight_bits(samples)
        restored = add_correction(samples, pixels, memory.restore(pixels))
        return lambda: restored

    def _start(self, samples: NDArray[Any]) -> _Wait:
        """Begin to restore one picture of many; those that need tiles are done when waited for."""
        self._check_process()
        if not fits_at_once(samples, self._runtime, self._tile_px):
            return partial(self._restore_samples, samples)
        pixels = to_eight_bits(samples)
        tile = whole(pixels.shape[0], pixels.shape[1], self.facts.size_rule)
        wait = self._runtime.start(read_reflected(pixels, tile.rows, tile.columns))

        def finish() -> NDArray[Any]:
            try:
                restored = self._mend(pixels, keep(wait(), tile))
            except OutOfMemoryError:
                restored = self.restore(pixels)
            return add_correction(samples, pixels, restored)

        return finish

    def _mend(
        self,
        pixels: Pixels,
        restored: Pixels,
        report_progress: ReportProgress = ignore_progress,
    ) -> Pixels:
        """`restored`, computed again in fp32 where it is broken."""
        if not looks_broken(pixels, restored):
            return restored
        if self.precision != "fp32":
            exact = self._exact_runtime()
            restored = restore_any_size(pixels, exact, self._tile_px, report_progress)
            self._note(f"the {self.precision} result was broken and was recomputed in fp32")
        if looks_broken(pixels, restored):
            raise ComputationError(
                f"{self.model_name} gives a black or broken picture: its weights are damaged; "
                "choose another --model"
            )
        return restored

    def _restore_samples(
        self, samples: NDArray[Any], report_progress: ReportProgress = ignore_progress
    ) -> NDArray[Any]:
        """(H, W, 3) samples of 8 or 16 bits, restored."""
        before = to_eight_bits(samples)
        return add_correction(samples, before, self.restore(before, report_progress))

    def _exact_runtime(self) -> Runtime:
        """The same model in fp32, opened when it is first needed."""
        if self._exact is None:
            model = _file_for(self._stored, self._runtime_name, "fp32")
            options = replace(self._options, model=model, precision="fp32")
            self._exact = self._turning(open_runtime(self._runtime_name, options))
        return self._exact

    def _turning(self, runtime: Runtime) -> Runtime:
        """`runtime` for as many orientations as are wanted."""
        if self.self_ensemble == 1:
            return runtime
        return SelfEnsembleRuntime(runtime, self.self_ensemble)

    def _check_process(self) -> None:
        """Raise ComputationError in a fork: runtimes wait there for threads that it lacks."""
        if os.getpid() != self._process_id:
            raise ComputationError("a Restorer does not outlive a fork; open one in each process")

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def _copied(wait: _Wait) -> NDArray[Any]:
    """A result of its own, for a frame that equals the one before."""
    return wait().copy()


def _finish(frame: Frame, wait: _Wait) -> Frame:
    """The frame with its result, which is waited for."""
    return replace(frame, pixels=wait())


def _file_for(
    stored: StoredModel, runtime: RuntimeName | Literal["auto"], precision: Precision
) -> Path:
    """The form of the model that this runtime computes this precision from."""
    only_torch = set(stored.files) == {"safetensors"}
    if runtime == "torch" or (runtime == "auto" and only_torch):
        return stored.find("safetensors")
    form: Form = "onnx_int8" if precision == "int8" else "onnx"
    return stored.find(form)


def _grey_of(samples: NDArray[Any]) -> NDArray[Any]:
    """The mean of three channels in each of the three, same shape and dtype."""
    grey = np.empty_like(samples)
    for rows in row_bands(len(samples), samples[:1].size):
        mean = samples[rows].mean(axis=2, dtype=np.float32)
        grey[rows] = np.rint(mean)[..., np.newaxis]
    return grey
