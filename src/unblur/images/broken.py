"""Results that arithmetic has spoilt."""

from __future__ import annotations

from math import isqrt

import numpy as np

from unblur.images.arrays import Pixels

_BROKEN_SHARE = 0.01
_CLEARLY_LIT = 64
_LOOKED_AT = 20_000


def looks_broken(pixels: Pixels, restored: Pixels) -> bool:
    """Whether a result is black, or flat white, where the picture clearly is neither.

    NaN and overflow become 0 or 255 in all channels when they are cast to bytes.
    A grid of about 20,000 pixels is looked at: all of them would take twice as long
    as the network itself.
    """
    height, width = pixels.shape[:2]
    step = max(1, isqrt(height * width // _LOOKED_AT))
    before = pixels[::step, ::step].reshape(-1, 3).T
    after = restored[::step, ::step].reshape(-1, 3).T
    black = (np.maximum.reduce(after) == 0) & (np.maximum.reduce(before) >= _CLEARLY_LIT)
    white = (np.minimum.reduce(after) == 255) & (np.minimum.reduce(before) < 255 - _CLEARLY_LIT)
    return bool(np.mean(black | white) > _BROKEN_SHARE)
