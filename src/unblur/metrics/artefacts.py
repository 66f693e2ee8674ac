"""What a restoration adds that the scene does not have: other colours, a grid, too much edge."""

from __future__ import annotations

import cv2
import numpy as np

from unblur.errors import ImageFormatError
from unblur.images.arrays import Pixels, check_one_size

_WINDOW_PX = 7
GRID_PX = 16
"""The coarsest grid that the live networks work on, and a multiple of their finer ones."""


def colour_shift(restored: Pixels, sharp: Pixels) -> float:
    """How far the mean of a channel is from that of the sharp picture, in grey levels.

    Of the channel that is furthest off; (H, W, 3) uint8 both. Raises ImageFormatError for two
    sizes.

    >>> grey = np.full((2, 2, 3), 100, np.uint8)
    >>> colour_shift(grey + np.array([0, 3, 0], np.uint8), grey)
    3.0
    """
    check_one_size(restored, sharp)
    means = (pixels.mean((0, 1), dtype=np.float64) for pixels in (restored, sharp))
    return float(np.abs(np.subtract(*means)).max())


def grid_pattern(restored: Pixels, blurry: Pixels, period_px: int = GRID_PX) -> float:
    """How strongly what was added repeats with a grid (a checkerboard), in grey levels.

    The standard deviation, over the places in a cell of `period_px` squared, of the mean
    correction at that place. Corrections that know no grid give their own standard deviation
    over the root of the number of cells. Raises ImageFormatError for two sizes, or pictures
    smaller than a cell.
    """
    check_one_size(restored, blurry)
    rows, columns = (side // period_px for side in blurry.shape[:2])
    if 0 in {rows, columns}:
        raise ImageFormatError(f"expected pictures of {period_px} px or more, got {blurry.shape}")
    height, width = rows * period_px, columns * period_px
    correction = (restored.astype(np.float32) - blurry).mean(axis=2)[:height, :width]
    cells = correction.reshape(rows, period_px, columns, period_px)
    return float(cells.mean(axis=(0, 2), dtype=np.float64).std())


def overshoot(restored: Pixels, sharp: Pixels) -> float:
    """How far pixels are outside what the sharp picture has around them (ringing, halos).

    In grey levels, the mean over all pixels and channels of what is above the greatest or below
    the least value of the sharp picture in a 7x7 window. Raises ImageFormatError for two sizes.
    """
    check_one_size(restored, sharp)
    window = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)
    above = cv2.subtract(restored, cv2.dilate(sharp, window))  # saturates at 0
    below = cv2.subtract(cv2.erode(sharp, window), restored)
    return float(above.mean(dtype=np.float64) + below.mean(dtype=np.float64))
