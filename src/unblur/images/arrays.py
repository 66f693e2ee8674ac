"""What an image is in this package, and the conversions between its forms.

Everywhere outside networks: RGB, shape (height, width, 3), uint8, 0..255.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.errors import ImageFormatError

Pixels = NDArray[np.uint8]
"""RGB picture: (height, width, 3), uint8, 0..255."""


def check_pixels(pixels: NDArray[Any]) -> Pixels:
    """Return `pixels` if it is an RGB image as this package passes them round.

    Shape (height, width, 3), uint8, RGB order, at least one pixel.
    Raises ImageFormatError, naming what was got.
    """
    fits = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    if not fits or 0 in pixels.shape:
        raise ImageFormatError(
            "expected RGB pixels of shape (height, width, 3) and dtype uint8, "
            f"got shape {pixels.shape} and dtype {pixels.dtype}"
        )
    return pixels


def to_eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of 8 or 16 bits as 8 bits, rounded to the nearest level.

    Raises ImageFormatError for any other dtype than uint8 and uint16.
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype != np.uint16:
        raise ImageFormatError(f"expected samples of 8 or 16 bits, got dtype {samples.dtype}")
    eight = (samples.astype(np.uint32) + 128) // 257
    return eight.astype(np.uint8)


def add_correction(
    samples: NDArray[Any], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[Any]:
    """`samples` (8 or 16 bits) changed by what turned `before` into `after`.

    All of the same shape, `before` being `to_eight_bits(samples)`. For 8 bits
    this is `after` itself. A 16-bit picture keeps its own fine gradation where
    nothing was restored (docs/decisions/sixteen-bits.md).
    """
    if samples.dtype == np.uint8:
        return after
    correction = (after.astype(np.int32) - before) * 257
    return np.clip(samples + correction, 0, 65535).astype(np.uint16)
