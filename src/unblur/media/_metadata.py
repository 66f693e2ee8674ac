"""What a picture file says beside its pixels, brought into the form that is kept."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from PIL import ExifTags, Image

EXIF_PREFIX = b"Exif\x00\x00"
"""What stands before the EXIF block itself, in JPEG files and in `PictureFile.exif`."""

TURNED_BY_A_QUARTER = {5, 6, 7, 8}
"""The EXIF orientations that swap width and height."""
_ORIENTATION = int(ExifTags.Base.Orientation)
_PARTS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_OUTER_WIDTH, _OUTER_HEIGHT = int(ExifTags.Base.ImageWidth), int(ExifTags.Base.ImageLength)
_WIDTH, _HEIGHT = int(ExifTags.Base.ExifImageWidth), int(ExifTags.Base.ExifImageHeight)
_JPEG, _JPEG_BYTES = 513, 514
_SHORT = 3
_ENTRY_BYTES = 12
_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
_PREFIXES = re.compile(b"^(Exif\x00\x00)*")
_XMP_ORIENTATION = re.compile(rb'(tiff:Orientation\s*(?:=\s*["\']|>)\s*)[0-9]')
_MOTION_PHOTO = re.compile(rb'((?:MotionPhoto|MicroVideo)\s*(?:=\s*["\']|>)\s*)1')
_GAIN_MAP = re.compile(rb'\shdrgm:Version\s*=\s*(?:"[^"]*"|\'[^\']*\')')
_LEFT_OUT = {
    _MOTION_PHOTO: "the video of the motion photo is left out",
    _GAIN_MAP: "the gain map is left out: HDR screens show the result in SDR",
}
_FIRST_OF_OTHERS = 0x8000
"""Tags from here on are not about how a TIFF file lays out its samples ..."""
_LAYOUT_OF_OTHERS = {34377, 34675, 37724, 50255}
"""... but these hold Photoshop's layers and previews, and the colour profile."""
_DESCRIPTIVE = {269, 270, 271, 272, 274, 282, 283, 285, 296, 305, 306, 315, 316, 18246, 18249}
"""The tags below that describe a TIFF picture: title, maker, date, resolution, rating, ..."""


def orientation_of(exif: Image.Exif) -> int:
    """The EXIF orientation, 1..8; 1 (upright) where it is missing or damaged."""
    orientation = exif.get(_ORIENTATION, 1)
    return orientation if orientation in range(1, 9) else 1


def upright_exif(block: bytes | None) -> bytes | None:
    """The EXIF block with orientation 1; None where there is none, or a damaged one.

    Its width and height are those of the upright picture. The preview in it, if any, is left
    out: it shows the blurry picture. All else stays as
    and where it is: makers' notes count bytes from the beginning of the block.
    """
    tiff = bytearray(_PREFIXES.sub(b"", block or b""))
    try:
        order = _BYTE_ORDERS[bytes(tiff[:4])]
        places, end = _directory(tiff, order, 4)
        if _ORIENTATION in places:
            _, _, _, orientation = struct.unpack_from(f"{order}HHIH", tiff, places[_ORIENTATION])
            if orientation in TURNED_BY_A_QUARTER:
                _swap_sides(tiff, order, places)
            upright = (_ORIENTATION, _SHORT, 1, 1, 0)
            struct.pack_into(f"{order}HHIHH", tiff, places[_ORIENTATION], *upright)
    except (KeyError, struct.error):
        return None
    with suppress(KeyError, struct.error):
        _drop_preview(tiff, order, end)
    return EXIF_PREFIX + bytes(tiff)


def _directory(tiff: bytearray, order: str, pointer: int) -> tuple[dict[int, int], int]:
    """Where the entry of each tag begins, and where all end; `pointer` says where they are."""
    (begin,) = struct.unpack_from(f"{order}I", tiff, pointer)
    (count,) = struct.unpack_from(f"{order}H", tiff, begin)
    end = begin + 2 + count * _ENTRY_BYTES
    places = range(begin + 2, end, _ENTRY_BYTES)
    return {struct.unpack_from(f"{order}H", tiff, place)[0]: place for place in places}, end


def _swap_sides(tiff: bytearray, order: str, places: Mapping[int, int]) -> None:
    """Let the width and the height that the camera wrote change places, where both are there."""
    with suppress(KeyError, struct.error):
        _swap(tiff, places[_OUTER_WIDTH], places[_OUTER_HEIGHT])
    with suppress(KeyError, struct.error):
        inner, _ = _directory(tiff, order, places[int(ExifTags.IFD.Exif)] + 8)
        _swap(tiff, inner[_WIDTH], inner[_HEIGHT])


def _swap(tiff: bytearray, first: int, second: int) -> None:
    """Let the values of the entries at two places change places, the tags before them not."""
    width, height = (slice(place + 2, place + _ENTRY_BYTES) for place in (first, second))
    tiff[width], tiff[height] = tiff[height], tiff[width]


def _drop_preview(tiff: bytearray, order: str, pointer: int) -> None:
    """Take out the second directory, to which `pointer` leads, and the JPEG file of it."""
    places, _ = _directory(tiff, order, pointer)
    struct.pack_into(f"{order}I", tiff, pointer, 0)
    begin, length = (
        struct.unpack_from(f"{order}I", tiff, places[tag] + 8)[0] for tag in (_JPEG, _JPEG_BYTES)
    )
    preview = tiff[begin : begin + length]
    if preview.startswith(b"\xff\xd8"):
        is_last = begin + length >= len(tiff)
        tiff[begin : begin + length] = b"" if is_last else bytes(len(preview))


class _StoredText(str):
    """A text as Pillow reads it, a byte a character, that it writes as the same bytes."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        del encoding, errors
        return super().encode("latin-1")


def packed_exif(exif: Image.Exif) -> bytes | None:
    """The tags as an EXIF block; None where there are none, or damaged ones.

    Texts in `exif` are then such that they can be written as they were.
    """
    try:
        parts = (exif.get_ifd(part) for part in _PARTS if part in exif)
        for tags in (exif, *parts):
            for tag, value in list(tags.items()):
                tags[tag] = _StoredText(value) if isinstance(value, str) else value
        return exif.tobytes() if exif else None
    except (ValueError, TypeError, LookupError, ArithmeticError, struct.error, SyntaxError):
        return None


def drop_tiff_layout(exif: Image.Exif) -> None:
    """Take out of the tags of a TIFF file those that say how its samples are stored."""
    exif.bigtiff = False
    for tag in list(exif):
        describes = tag in _DESCRIPTIVE or tag >= _FIRST_OF_OTHERS
        if not describes or tag in _LAYOUT_OF_OTHERS:
            del exif[tag]


def upright_xmp(xmp: str | bytes | None) -> bytes | None:
    """The XMP packet with orientation 1; None where there is none.

    It promises nothing of what `left_out` tells.
    """
    raw = xmp.encode() if isinstance(xmp, str) else xmp
    if not raw:
        return None
    raw = _GAIN_MAP.sub(b"", _MOTION_PHOTO.sub(rb"\g<1>0", raw))
    return _XMP_ORIENTATION.sub(rb"\g<1>1", raw)


def left_out(xmp: str | bytes | None) -> tuple[str, ...]:
    """What a file of this XMP holds beside its picture and no result does, as sentences."""
    raw = xmp.encode() if isinstance(xmp, str) else xmp or b""
    return tuple(sentence for pattern, sentence in _LEFT_OUT.items() if pattern.search(raw))


def fitting_profile(profile: object, *, is_grey: bool) -> bytes | None:
    """The ICC profile if it is for such samples; None otherwise.

    Grey samples may have a profile for grey or for RGB, others only one for RGB.
    """
    if not isinstance(profile, bytes):
        return None
    colour_space = profile[16:20]
    return profile if colour_space == b"RGB " or (is_grey and colour_space == b"GRAY") else None


def resolution_of(info: Mapping[Any, Any]) -> tuple[float, float] | None:
    """Pixels per inch, (horizontal, vertical); None where the file does not say."""
    try:
        horizontal, vertical = (float(each) for each in info["dpi"])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    fits = all(math.isfinite(each) and each > 0 for each in (horizontal, vertical))
    return (horizontal, vertical) if fits else None
