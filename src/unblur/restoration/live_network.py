"""One frame through the network at once, at full resolution or at less."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from unblur.images.arrays import Pixels
from unblur.media.scaling import Scaler
from unblur.restoration.frame_memory import FrameMemory
from unblur.restoration.live_rate import EFFORTS, Effort
from unblur.restoration.restorer import Restorer, is_sharp

_NO_CHANGE = 128
_SMALLEST_PX = 32


class LiveNetwork:
    """Restores frames of one size, each as soon as it comes."""

    def __init__(
        self,
        open_restorer: Callable[[], Restorer],
        height: int,
        width: int,
        efforts: Sequence[Effort] = EFFORTS,
    ) -> None:
        """Prepares every effort: preparing one while frames come would stop them."""
        self._restorers = {effort.resolution: open_restorer() for effort in efforts}
        self._memories = {
            resolution: FrameMemory(restorer.restore_next)
            for resolution, restorer in self._restorers.items()
        }
        self._down, self._up = Scaler(), Scaler()
        for resolution, restorer in self._restorers.items():
            black = np.zeros((*_reduced(height, width, resolution), 3), np.uint8)
            restorer.restore_next(black, None)

    @property
    def description(self) -> str:
        """What computes, for a sentence."""
        each = next(iter(self._restorers.values()))
        return f"{each.model_name} ({each.runtime_name} {each.device} {each.precision})"

    def restore(self, pixels: Pixels, effort: Effort) -> Pixels:
        """The restored picture; `pixels` itself where it is left alone."""
        if effort.skips_sharp and is_sharp(pixels):
            return pixels
        memory = self._memories[effort.resolution]
        if effort.resolution == 1:
            return memory.restore(pixels)
        height, width = pixels.shape[:2]
        small = self._down.scale(pixels, *_reduced(height, width, effort.resolution))
        correction = memory.restore(small).astype(np.int16) - small
        moved = np.clip(correction + _NO_CHANGE, 0, 255).astype(np.uint8)
        return _corrected(pixels, self._up.scale(moved, height, width))


def _reduced(height: int, width: int, resolution: float) -> tuple[int, int]:
    """The size that the network sees, of whole chroma samples."""
    if resolution == 1:
        return height, width
    return (
        max(min(height, _SMALLEST_PX), 2 * round(height * resolution / 2)),
        max(min(width, _SMALLEST_PX), 2 * round(width * resolution / 2)),
    )


def _corrected(pixels: Pixels, moved: Pixels) -> Pixels:
    """`pixels` changed by `moved` - 128."""
    changed = np.add(pixels, moved, dtype=np.int16)
    changed -= _NO_CHANGE
    np.clip(changed, 0, 255, out=changed)
    return changed.astype(np.uint8)
