"""What an image is in this package, and the conversions between its forms.

Everywhere outside networks: RGB, shape (height, width, 3), uint8, 0..255.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.errors import ImageFormatError

Pixels = NDArray[np.uint8]
"""RGB picture: (height, width, 3), uint8, 0..255."""

_BAND_SIZE = 2**22


def check_pixels(pixels: NDArray[Any]) -> Pixels:
    """Return `pixels` if it is an RGB image as this package passes them round.

    Shape (height, width, 3), uint8, RGB order, at least one pixel.
    Raises ImageFormatError, naming what was got.
    """
    if not isinstance(pixels, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ImageFormatError(
            f"expected RGB pixels as a NumPy array, got {type(pixels).__name__}; of a Pillow image "
            'they are numpy.asarray(image.convert("RGB"))'
        )
    fits = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    if not fits or 0 in pixels.shape:
        raise ImageFormatError(
            "expected RGB pixels of shape (height, width, 3) and dtype uint8, "
            f"got shape {pixels.shape} and dtype {pixels.dtype}"
        )
    return pixels


def check_one_size(first: NDArray[Any], second: NDArray[Any]) -> None:
    """Raise ImageFormatError, naming both shapes, unless they are the same."""
    if first.shape != second.shape:
        raise ImageFormatError(
            f"expected pictures of one size, got {first.shape} and {second.shape}"
        )


def are_equal(samples: NDArray[Any], others: NDArray[Any]) -> bool:
    """Whether two pictures are the same; those that are not mostly differ in any row."""
    return np.array_equal(samples[::16], others[::16]) and np.array_equal(samples, others)


def row_bands(height: int, row_size: int) -> Iterator[slice]:
    """The rows of a picture in bands of about four million values; one row at least.

    Work that needs temporary arrays is done in them, so that memory stays small.
    """
    rows_per_band = max(1, _BAND_SIZE // max(1, row_size))
    for top in range(0, height, rows_per_band):
        yield slice(top, min(top + rows_per_band, height))


def check_samples(samples: NDArray[Any]) -> NDArray[Any]:
    """Return `samples` if it is RGB as `check_pixels` has it, in 8 or in 16 bits.

    Raises ImageFormatError, naming what was got.
    """
    is_deep = isinstance(samples, np.ndarray) and samples.dtype == np.uint16  # pyright: ignore[reportUnnecessaryIsInstance]
    if is_deep and samples.ndim == 3 and samples.shape[2] == 3 and samples.size:
        return samples
    return check_pixels(samples)


def to_eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of 8 or 16 bits as 8 bits, rounded to the nearest level.

    Raises ImageFormatError for any other dtype than uint8 and uint16.
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype != np.uint16:
        raise ImageFormatError(f"expected samples of 8 or 16 bits, got dtype {samples.dtype}")
    eight = np.empty(samples.shape, np.uint8)
    for rows in row_bands(len(samples), samples[:1].size):
        eight[rows] = (samples[rows].astype(np.uint32) + 128) // 257
    return eight


def add_correction(
    samples: NDArray[Any], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[Any]:
    """`samples` (8 or 16 bits) changed by what turned `before` into `after`.

    All of the same shape, `before` being `to_eight_bits(samples)`. For 8 bits
    this is `after` itself. A 16-bit picture keeps its own fine gradation where
    nothing was restored (docs/decisions/sixteen-bits-files.md).
    """
    if samples.dtype == np.uint8:
        return after
    changed = np.empty_like(samples)
    for rows in row_bands(len(samples), samples[:1].size):
        correction = (after[rows].astype(np.int32) - before[rows]) * 257
        changed[rows] = np.clip(samples[rows] + correction, 0, 65535)
    return changed
