"""Where one scene of a video ends and another begins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.images.arrays import to_eight_bits

_CUT = 12.0
"""Mean difference of two frames' sorted grey levels from which on they are different scenes."""
_SAMPLES = 64


def is_cut(before: NDArray[Any], after: NDArray[Any]) -> bool:
    """Whether two frames that follow one another are of different scenes.

    (H, W, 3) uint8 or uint16 RGB each. Sorted, the grey levels of a scene stay what they
    are, however fast it moves.
    """
    first, second = (_sorted_levels(frame) for frame in (before, after))
    return float(np.abs(first - second).mean()) > _CUT


def _sorted_levels(frame: NDArray[Any]) -> NDArray[np.int16]:
    """The grey levels of about 64 x 64 places all over a frame, each channel in order."""
    rows, columns = (max(1, side // _SAMPLES) for side in frame.shape[:2])
    places = np.ascontiguousarray(frame[rows // 2 :: rows, columns // 2 :: columns])
    levels = np.sort(to_eight_bits(places).reshape(-1, 3), axis=0)
    return levels.astype(np.int16)
