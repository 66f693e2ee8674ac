"""A moment written into a picture as black and white cells, and read back.

Whoever sees the picture later, through any number of encoders, knows how old it is.
"""

from __future__ import annotations

import time
from binascii import crc_hqx
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.errors import ImageFormatError

_ROWS, _COLUMNS = 2, 32
"""48 bits of milliseconds, then 16 of checksum."""
_LARGEST_CELL_PX, _SMALLEST_CELL_PX = 16, 4
_BLACK, _WHITE = 16, 235
_MIDDLE, _CLEARLY = 128, 30
"""A cell whose mean is nearer to the middle than this is none."""
_BYTES, _CHECKSUM_BYTES = 6, 2
_START = 0xFFFF


def now_ms() -> int:
    """The wall clock in milliseconds since 1970: comparable between processes."""
    return time.time_ns() // 1_000_000


def draw_moment(pixels: NDArray[np.uint8], moment_ms: int) -> None:
    """Write `moment_ms` into the upper left of `pixels`, in place.

    `pixels` is (height, width, 3) RGB or (height, width) luma, at least 128 wide and 8 high.
    Raises ImageFormatError for a smaller one.
    """
    side = _cell_px(pixels)
    if side < _SMALLEST_CELL_PX:
        raise ImageFormatError(
            f"expected a picture of at least {_COLUMNS * _SMALLEST_CELL_PX}x"
            f"{_ROWS * _SMALLEST_CELL_PX} pixels to write the time into, "
            f"got {pixels.shape[1]}x{pixels.shape[0]}"
        )
    data = moment_ms.to_bytes(_BYTES, "big")
    data += crc_hqx(data, _START).to_bytes(_CHECKSUM_BYTES, "big")
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(_ROWS, _COLUMNS)
    cells = np.where(bits, _WHITE, _BLACK).astype(np.uint8)
    drawn = cells.repeat(side, axis=0).repeat(side, axis=1)
    pixels[: drawn.shape[0], : drawn.shape[1]] = drawn if pixels.ndim == 2 else drawn[..., None]


def read_moment(pixels: NDArray[np.uint8]) -> int | None:
    """The moment that `draw_moment` wrote into `pixels`; None where there is none.

    A picture without one is taken for one with a chance of less than 1 in 65,536.
    """
    side = _cell_px(pixels)
    if side < _SMALLEST_CELL_PX:
        return None
    luma = pixels[: _ROWS * side, : _COLUMNS * side]
    luma = luma if luma.ndim == 2 else luma[..., 1]
    cells = luma.reshape(_ROWS, side, _COLUMNS, side)
    rim = side // 4
    means = cells[:, rim : side - rim, :, rim : side - rim].mean(axis=(1, 3)).ravel()
    if np.abs(means - _MIDDLE).min() < _CLEARLY:
        return None
    data = np.packbits(means > _MIDDLE).tobytes()
    checksum = int.from_bytes(data[_BYTES:], "big")
    if crc_hqx(data[:_BYTES], _START) != checksum:
        return None
    return int.from_bytes(data[:_BYTES], "big")


def _cell_px(pixels: NDArray[Any]) -> int:
    """Side of a cell in a picture of that size."""
    height, width = pixels.shape[:2]
    return min(_LARGEST_CELL_PX, width // _COLUMNS, height // _ROWS)
