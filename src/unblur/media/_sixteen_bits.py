"""Colour pictures of 16 bits, which Pillow reads as 8: see docs/decisions/sixteen-bits-files.md.

Pillow unpacks one byte of each 16-bit sample. Its raw modes ";16B" and ";16L" take the
first and the second one, so that two passes give the whole samples.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from unblur.media._samples import Samples, bands_of, divide_by_alpha

_BITS_PER_SAMPLE = 258
_PLANAR_CONFIGURATION = 284
_EXTRA_SAMPLES = 338
_SEPARATE_PLANES = 2
_PREMULTIPLIED = (1,)
_FIRST_AND_SECOND_BYTE = ("B", "L")


def holds_sixteen_bit_colours(image: ImageFile) -> bool:
    """Whether the file of `image`, not yet loaded, has several channels of 16 bits."""
    if image.mode not in {"RGB", "RGBA"}:
        return False
    if isinstance(image, PngImageFile):
        return ";16" in _rawmode(image)
    return isinstance(image, TiffImageFile) and 16 in image.tag_v2.get(_BITS_PER_SAMPLE, ())


def holds_sixteen_bit_grey_and_alpha(image: ImageFile) -> bool:
    """Whether the file of `image`, not yet loaded, is a PNG of 16-bit grey with alpha."""
    return isinstance(image, PngImageFile) and _rawmode(image) == "LA;16B"


def has_packed_planes(image: ImageFile) -> bool:
    """Whether the file is a compressed TIFF with one plane for each channel.

    Pillow then gives the first byte of a 16-bit sample only, whatever the raw mode.
    """
    if not isinstance(image, TiffImageFile):
        return False
    is_planar = image.tag_v2.get(_PLANAR_CONFIGURATION) == _SEPARATE_PLANES
    return is_planar and image.tile[0].codec_name == "libtiff"


def sixteen_bit_samples(image: ImageFile, reopen: Callable[[], ImageFile]) -> Samples:
    """The samples of an `image` that holds 16-bit colours and is not yet loaded.

    `reopen` gives the same image again. Grey with alpha has three equal colours.
    """
    if holds_sixteen_bit_grey_and_alpha(image):
        return _grey_and_alpha(image)
    byte_order = _byte_order(image)
    colours, alpha = _both_bytes(image, reopen)
    if byte_order != sys.byteorder:
        colours.byteswap(inplace=True)
        if alpha is not None:
            alpha.byteswap(inplace=True)
    if alpha is None:
        return colours, alpha_of_colour(image, colours)
    if isinstance(image, TiffImageFile) and image.tag_v2.get(_EXTRA_SAMPLES) == _PREMULTIPLIED:
        colours = divide_by_alpha(colours, alpha)
    return colours, alpha


def alpha_of_colour(image: ImageFile, colours: NDArray[Any]) -> NDArray[Any] | None:
    """Alpha that is 0 at the one colour that the PNG says is transparent; None without one."""
    colour = image.info.get("transparency")
    if not isinstance(colour, int | tuple):
        return None
    is_opaque = np.any(colours != np.array(colour, np.uint16), axis=2)
    return is_opaque * np.uint16(65535)


def _both_bytes(image: ImageFile, reopen: Callable[[], ImageFile]) -> Samples:
    """Colours and alpha with the bytes of each sample in the order of the file."""
    width, height = image.size
    colours = np.empty((height, width, 3), np.uint16)
    alpha = np.empty((height, width), np.uint16) if image.mode == "RGBA" else None
    for index, letter in enumerate(_FIRST_AND_SECOND_BYTE):
        pass_image = reopen() if index else image
        _take_byte(pass_image, letter)
        for rows, band in bands_of(pass_image):
            colours.view(np.uint8)[rows, :, index::2] = band[..., :3]
            if alpha is not None:
                alpha.view(np.uint8)[rows, index::2] = band[..., 3]
    return colours, alpha


def _take_byte(image: ImageFile, letter: str) -> None:
    """Let Pillow unpack only the first ("B") or second ("L") byte of each sample."""

    def changed(args: tuple[Any, ...] | str | None) -> tuple[Any, ...] | str:
        rawmode = str(args[0] if isinstance(args, tuple) else args)
        channels = rawmode.split(";")[0].upper()
        wanted = f"{channels};16{letter}"
        return (wanted, *args[1:]) if isinstance(args, tuple) else wanted

    image.tile = [tile._replace(args=changed(tile.args)) for tile in image.tile]


def _grey_and_alpha(image: ImageFile) -> Samples:
    """16-bit grey with alpha (of a PNG): its four bytes fit Pillow's RGBA as they are."""
    image.tile = [tile._replace(args="RGBA") for tile in image.tile]
    width, height = image.size
    colours = np.empty((height, width, 3), np.uint16)
    alpha = np.empty((height, width), np.uint16)
    for rows, band in bands_of(image):
        pairs = np.ascontiguousarray(band).view(">u2")
        colours[rows] = pairs[..., :1]
        alpha[rows] = pairs[..., 1]
    return colours, alpha


def _rawmode(image: ImageFile) -> str:
    """How Pillow is going to unpack the first piece of the file."""
    args = image.tile[0].args if image.tile else ""
    return str(args[0] if isinstance(args, tuple) else args)


def _byte_order(image: ImageFile) -> str:
    """The order, "big" or "little", in which Pillow gets the bytes of a sample."""
    if not isinstance(image, TiffImageFile):
        return "big"
    if image.tile[0].codec_name == "libtiff":
        return sys.byteorder
    return "big" if image.tag_v2.prefix == b"MM" else "little"
