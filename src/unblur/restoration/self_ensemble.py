"""Self-ensemble: a picture restored in several orientations, and the mean of the results.

Geometric self-ensemble of Lim et al., "Enhanced Deep Residual Networks for Single Image
Super-Resolution" (arXiv:1707.02921). What it gives here: docs/decisions/self-ensemble.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from unblur.facts import NetworkFacts, Precision
from unblur.images.arrays import Pixels
from unblur.images.broken import looks_broken
from unblur.images.state import State
from unblur.runtimes.base import Runtime, WaitForResult

SelfEnsemble = Literal[1, 2, 4, 8]
"""How many orientations of a picture are restored; 1: the picture as it is."""
PICTURE_SELF_ENSEMBLE: SelfEnsemble = 4
"""What is usual for pictures: docs/decisions/self-ensemble.md."""


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
        self.name: str = runtime.name
        self.device: str = runtime.device
        self.precision: Precision = runtime.precision
        self.facts: NetworkFacts = runtime.facts
        self.in_flight_count = 1
        """The orientations of a picture follow one another."""

    def restore(self, pixels: Pixels) -> Pixels:
        """See `Runtime.restore`. Where an orientation comes out broken, that is given as it is."""
        count = len(self._orientations)
        total = np.asarray(count // 2, np.uint16)
        for orientation in self._orientations:
            restored = orientation.turn_back(self._runtime.restore(orientation.turn(pixels)))
            if looks_broken(pixels, restored):
                return np.ascontiguousarray(restored)
            total = total + restored
        return (total // count).astype(np.uint8)

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """See `Runtime.restore_next`; as it is, since a memory is of one orientation."""
        return self._runtime.restore_next(pixels, state)

    def start(self, pixels: Pixels) -> WaitForResult:
        """See `Runtime.start`; computed when it is waited for."""
        return partial(self.restore, pixels)
