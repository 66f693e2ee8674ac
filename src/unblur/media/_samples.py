"""Pillow's pixels as arrays, and the other way: band by band, without needless copies."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from unblur.images.arrays import row_bands, to_eight_bits
from unblur.media.picture import Picture

Samples = tuple[NDArray[Any], NDArray[Any] | None]
"""(height, width, 3) colours and (height, width) alpha or None, uint8 or uint16."""

_cms: Any = ImageCms
_SRGB = ImageCms.ImageCmsProfile(_cms.createProfile("sRGB"))
_UPRIGHT: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored[::-1].swapaxes(0, 1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: stored[:, ::-1].swapaxes(0, 1),
}


def turn_upright(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """`stored`, (height, width, ...), as it is to be seen by its EXIF orientation 1..8."""
    turn = _UPRIGHT.get(orientation)
    return stored if turn is None else np.ascontiguousarray(turn(stored))


def bands_of(image: Image.Image) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The pixels of `image` as (rows, (row count, width, channels) array), from the top.

    Pillow makes two more copies when it gives a whole picture as an array.
    """
    width, height = image.size
    for rows in row_bands(height, width):
        band = np.asarray(image.crop((0, rows.start, width, rows.stop)))
        yield rows, band.reshape(len(band), width, -1)


def samples_of(image: Image.Image) -> Samples:
    """The samples of an `image` that `simplify` gave."""
    width, height = image.size
    dtype = np.uint16 if image.mode.startswith("I;16") else np.uint8
    colours = np.empty((height, width, 3), dtype)
    alpha = np.empty((height, width), dtype) if image.mode in {"LA", "RGBA"} else None
    for rows, band in bands_of(image):
        colours[rows] = band[..., :3] if image.mode in {"RGB", "RGBA"} else band[..., :1]
        if alpha is not None:
            alpha[rows] = band[..., -1]
    return colours, alpha


def is_grey(image: Image.Image) -> bool:
    """Whether the image holds one channel of brightness."""
    return image.mode in {"1", "L", "LA", "La"} or image.mode.startswith("I;16")


def simplify(image: Image.Image) -> Image.Image:
    """`image` as 8-bit grey or RGB, with alpha where it has some, or as 16-bit grey.

    The modes are "L", "LA", "RGB", "RGBA" and "I;16...".
    """
    if image.mode.startswith("I;16"):
        return image
    if image.mode == "CMYK":
        return _cmyk_to_rgb(image)
    mode = "L" if is_grey(image) else "RGB"
    if image.has_transparency_data:
        mode += "A"
    return image if image.mode == mode else image.convert(mode)


def divide_by_alpha(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by their alpha, as they were before; same dtype."""
    top = np.iinfo(colours.dtype).max
    divisor = np.maximum(alpha, 1).astype(np.uint32)[..., np.newaxis]
    divided = (colours.astype(np.uint32) * top + divisor // 2) // divisor
    return np.minimum(divided, top).astype(colours.dtype)


def _cmyk_to_rgb(image: Image.Image) -> Image.Image:
    """Inks as RGB: through their ICC profile to sRGB, or by the plain formula without one.

    The result's `info["icc_profile"]` is that of sRGB, or is missing.
    """
    profile = image.info.pop("icc_profile", None)
    if isinstance(profile, bytes) and profile[16:20] == b"CMYK":
        try:
            converted = ImageCms.profileToProfile(
                image,
                io.BytesIO(profile),
                _SRGB,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except ImageCms.PyCMSError:
            return image.convert("RGB")
        if converted is not None:
            image.info["icc_profile"] = _SRGB.tobytes()
            return converted
    return image.convert("RGB")


def interleave(
    picture: Picture, rows: slice = slice(None), *, keeps_grey: bool = True
) -> NDArray[Any]:
    """Rows of the picture as (row count, width, channels), contiguous.

    Channels: grey (if the file was grey and `keeps_grey`) or RGB, then alpha if there is one.
    """
    channel_count = 1 if picture.file.is_grey and keeps_grey else 3
    colours = picture.samples[rows, :, :channel_count]
    if picture.alpha is None:
        return np.ascontiguousarray(colours)
    return np.concatenate([colours, picture.alpha[rows, :, np.newaxis]], axis=2)


def to_pillow(picture: Picture) -> Image.Image:
    """The picture in 8 bits as Pillow has it: mode L, LA, RGB or RGBA."""
    colours = picture.samples[..., 0] if picture.file.is_grey else picture.samples
    image = Image.fromarray(to_eight_bits(np.ascontiguousarray(colours)))
    if picture.alpha is not None:
        image.putalpha(Image.fromarray(to_eight_bits(picture.alpha)))
    return image


def flatten(image: Image.Image) -> Image.Image:
    """`image` laid on white where it is transparent, without alpha."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    mode = image.mode.removesuffix("A")
    flat = Image.new(mode, image.size, "white")
    flat.paste(image.convert(mode), mask=image.getchannel("A"))
    return flat
