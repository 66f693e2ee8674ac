"""One frame through the network at once, at full resolution or at less."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from unblur.images.arrays import Pixels
from unblur.images.sharpness import is_sharp
from unblur.media.scaling import Scaler
from unblur.restoration.frame_memory import FrameMemory
from unblur.restoration.live_rate import EFFORTS, REDUCED, Effort
from unblur.restoration.restorer import Restorer

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
        *,
        open_reduced: Callable[[], Restorer] | None = None,
    ) -> None:
        """Prepares every effort: preparing one while frames come would stop them.

        `open_reduced` gives what takes whole frames and itself sees `REDUCED` of their height
        and width; else they are scaled for what `open_restorer` gives.
        """
        self._unscaled = {1.0} if open_reduced is None else {1.0, REDUCED}
        openers = {REDUCED: open_reduced or open_restorer}
        self._restorers = {
            resolution: openers.get(resolution, open_restorer)()
            for resolution in dict.fromkeys(effort.resolution for effort in efforts)
        }
        self._memories = {
            resolution: FrameMemory(restorer.restore_next)
            for resolution, restorer in self._restorers.items()
        }
        self._down, self._up = Scaler(), Scaler()
        for resolution, restorer in self._restorers.items():
            black = np.zeros((*self._seen(height, width, resolution), 3), np.uint8)
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
        if effort.resolution in self._unscaled:
            return memory.restore(pixels)
        height, width = pixels.shape[:2]
        small = self._down.scale(pixels, *self._seen(height, width, effort.resolution))
        correction = memory.restore(small).astype(np.int16) - small
        moved = np.clip(correction + _NO_CHANGE, 0, 255).astype(np.uint8)
        return _corrected(pixels, self._up.scale(moved, height, width))

    def _seen(self, height: int, width: int, resolution: float) -> tuple[int, int]:
        """The size of what a restorer is given, of whole chroma samples."""
        if resolution in self._unscaled:
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
