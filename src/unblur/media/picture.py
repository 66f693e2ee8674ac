"""A still picture with everything its file said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PictureFile:
    """What a file knew beside the pixels, so that the restored one can say the same."""

    format: str
    """Pillow's name of the format: "JPEG", "PNG", "WEBP", "TIFF", "HEIF", "BMP"."""
    is_grey: bool = False
    """Whether the file holds one channel; `Picture.samples` then has three equal ones."""
    is_palette: bool = False
    """Whether the file's colours were a palette; it is written with full colours."""
    exif: bytes | None = None
    """EXIF block whose orientation is 1 (the pixels are upright already)."""
    xmp: bytes | None = None
    """XMP packet, upright like the EXIF block."""
    icc_profile: bytes | None = None
    """Profile of the colours in `Picture.samples`: for RGB, or for grey if `is_grey`."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch, (horizontal, vertical), of the upright picture."""
    save_options: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the writer of the same `format` needs to write no worse than the file was.

    JPEG: `qtables`, `subsampling`, `progressive`, `comment`, `extra`, as in Pillow;
    PNG: `texts` by keyword, `colours` as chunks; WEBP: `lossless`; TIFF: `is_compressed`;
    HEIF: `chroma` and how colours are shown.
    """
    left_out: tuple[str, ...] = ()
    """What the file holds beside the picture that no result does, as sentences."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An upright still picture; equal to itself alone.

    `samples` is (height, width, 3) RGB, uint8 or uint16 (0..255 or 0..65535);
    `alpha` is (height, width) of the same dtype, or None.
    """

    samples: NDArray[Any]
    alpha: NDArray[Any] | None
    file: PictureFile

    @property
    def bit_depth(self) -> int:
        """8 or 16."""
        return 16 if self.samples.dtype == np.uint16 else 8
