"""Self-ensemble: a picture restored in several orientations, and the mean of the results.

Geometric self-ensemble of Lim et al., "Enhanced Deep Residual Networks for Single Image
Super-Resolution" (arXiv:1707.02921). What it gives here: docs/decisions/self-ensemble.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unblur.errors import UnblurError
from unblur.facts import NetworkFacts, Precision
from unblur.images.arrays import Pixels
from unblur.images.state import State
from unblur.runtimes.base import Runtime, WaitForResult

SelfEnsemble = Literal[1, 2, 4, 8]
"""How many orientations of a picture are restored; 1: the picture as it is."""


@dataclass(frozen=True, slots=True)
class _Orientation:
    """One of the eight ways to turn and mirror a picture."""

    row_step: int
    """1 or -1: from the top or from the bottom."""
    column_step: int
    is_transposed: bool

    def turn(self, pixels: Pixels) -> Pixels:
        """The picture in this orientation, (H, W, 3) or (W, H, 3)."""
        turned = pixels[:: self.row_step, :: self.column_step]
        return np.ascontiguousarray(turned.swapaxes(0, 1) if self.is_transposed else turned)

    def turn_back(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """What `turn` was given, from what it gave; a view."""
        upright = pixels.swapaxes(0, 1) if self.is_transposed else pixels
        return upright[:: self.row_step, :: self.column_step]


_ORIENTATIONS = tuple(
    _Orientation(*steps, is_transposed)
    for is_transposed in (False, True)
    for steps in ((1, 1), (-1, -1), (1, -1), (-1, 1))
)
"""The first two are half a turn apart; the first four keep height and width."""


class SelfEnsembleRuntime:
    """A runtime that gives the mean of what another gives for each orientation."""

    def __init__(self, runtime: Runtime, orientation_count: SelfEnsemble) -> None:
        self._runtime = runtime
        self._orientations = _ORIENTATIONS[:orientation_count]

    @property
    def name(self) -> str:
        """See `Runtime.name`."""
        return self._runtime.name

    @property
    def device(self) -> str:
        """See `Runtime.device`."""
        return self._runtime.device

    @property
    def precision(self) -> Precision:
        """See `Runtime.precision`."""
        return self._runtime.precision

    @property
    def facts(self) -> NetworkFacts:
        """See `Runtime.facts`."""
        return self._runtime.facts

    @property
    def in_flight_count(self) -> int:
        """As many pictures as fill the other runtime with their orientations."""
        return -(-self._runtime.in_flight_count // len(self._orientations))

    def restore(self, pixels: Pixels) -> Pixels:
        """See `Runtime.restore`."""
        return self._mean(self._runtime.restore(it.turn(pixels)) for it in self._orientations)

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """See `Runtime.restore_next`; as it is, since a memory is of one orientation."""
        return self._runtime.restore_next(pixels, state)

    def start(self, pixels: Pixels) -> WaitForResult:
        """See `Runtime.start`."""
        waits: list[WaitForResult] = []
        try:
            for orientation in self._orientations:
                waits.append(self._runtime.start(orientation.turn(pixels)))
        except UnblurError:
            _finish(waits)
            raise
        return lambda: self._wait(waits)

    def _wait(self, waits: list[WaitForResult]) -> Pixels:
        """The mean of what is waited for, every bit of it even where one fails."""
        remaining = iter(waits)
        try:
            return self._mean(wait() for wait in remaining)
        finally:
            _finish(remaining)

    def _mean(self, results: Iterable[Pixels]) -> Pixels:
        """The mean of the orientations' results, turned back, rounded to the nearest level."""
        count = len(self._orientations)
        total = np.asarray(count // 2, np.uint16)
        for orientation, restored in zip(self._orientations, results, strict=True):
            total = total + orientation.turn_back(restored)
        return (total // count).astype(np.uint8)


def _finish(waits: Iterable[WaitForResult]) -> None:
    """Wait for results that nobody needs any more."""
    for wait in waits:
        with suppress(UnblurError):
            wait()
