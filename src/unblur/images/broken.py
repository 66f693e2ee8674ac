"""Results that arithmetic has spoilt."""

from __future__ import annotations

from functools import reduce
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.images.arrays import Pixels

_BROKEN_SHARE = 0.01
_CLEARLY_LIT = 64
_LOOKED_AT = 20_000
_BLOCK, _BLOCK_PX = 8, 16
"""A block has so many of the pixels looked at on a side, and spans so many at least."""


def looks_broken(pixels: Pixels, restored: Pixels) -> bool:
    """Whether a result is black, or flat white, where the picture clearly is neither.

    NaN and overflow become 0 or 255 in all channels when they are cast to bytes. So do
    grey pixels beside an edge when it becomes sharp, but not whole blocks of them: those
    are as bright, on the whole, as they were.
    A grid of about 20,000 pixels is looked at: all of them would take twice as long
    as the network itself.
    """
    height, width = pixels.shape[:2]
    step = max(1, isqrt(height * width // _LOOKED_AT))
    side = max(_BLOCK, _BLOCK_PX // step)
    before, after = (_channels(it[::step, ::step]) for it in (pixels, restored))
    over_lit = reduce(np.maximum, before).astype(int) - _CLEARLY_LIT
    over_white = reduce(np.minimum, before).astype(int) - (255 - _CLEARLY_LIT)
    is_black = _in_blocks(np.maximum, reduce(np.maximum, after), side) == 0
    is_white = _in_blocks(np.minimum, reduce(np.minimum, after), side) == 255
    is_black &= _in_blocks(np.add, over_lit, side) >= 0
    is_white &= _in_blocks(np.add, over_white, side) < 0
    return bool(np.mean(is_black | is_white) > _BROKEN_SHARE)


def _channels(pixels: Pixels) -> NDArray[Any]:
    """Red, green and blue of (H, W, 3), each in a piece: (3, H, W)."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _in_blocks(function: np.ufunc, values: NDArray[Any], side: int) -> NDArray[Any]:
    """`function` over each block of `side` x `side` of `values`, or what is left at the ends."""
    rows, columns = (np.arange(0, length, side) for length in values.shape)
    return function.reduceat(function.reduceat(values, rows, axis=0), columns, axis=1)
