"""What a file opened with Pillow says beside its pixels, and how it was compressed."""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO
from typing import IO, Any, cast

from PIL import Image, JpegImagePlugin
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from unblur.media._metadata import (
    drop_tiff_layout,
    fitting_profile,
    left_out,
    packed_exif,
    resolution_of,
    upright_exif,
    upright_xmp,
)
from unblur.media._png_chunks import colours_of, texts_of
from unblur.media.picture import PictureFile

_BASELINE_LARGEST_STEP = 255
_LARGEST_SEGMENT = 65533
_SEGMENTS = {"APP1": b"\xff\xe1", "APP13": b"\xff\xed"}
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_RESOLUTION = {282, 283}
"""The tags of a TIFF's resolution across and down."""
_INKS = "its inks (CMYK) became RGB"
_RGB_TRANSFORM = 0
_FINE_QUALITY = 90
_FULL_COLOUR = 0
"""Pillow's number for JPEG chroma of full size (4:4:4)."""


def describe(
    image: ImageFile, exif: Image.Exif, file: IO[bytes], *, is_grey: bool, is_turned: bool
) -> PictureFile:
    """What the loaded `image`, opened from `file`, says of pixels that are upright now.

    `is_turned` says whether that swapped width and height.
    """
    if isinstance(image, TiffImageFile):
        drop_tiff_layout(exif)
    info = image.info
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    resolution = resolution_of(info) if _says_resolution(image) else None
    if resolution and is_turned:
        resolution = resolution[1], resolution[0]
    return PictureFile(
        format="JPEG" if image.format == "MPO" else str(image.format),
        is_grey=is_grey,
        is_palette=image.mode in {"P", "PA"},
        exif=upright_exif(info.get("exif") or packed_exif(exif)),
        xmp=upright_xmp(xmp),
        icc_profile=fitting_profile(info.get("icc_profile"), is_grey=is_grey),
        dpi=resolution,
        save_options=_save_options(image, file),
        left_out=(*left_out(xmp), *((_INKS,) if image.mode == "CMYK" else ())),
    )


def _says_resolution(image: ImageFile) -> bool:
    """Whether the file does; of a TIFF that does not, Pillow says 1 pixel per inch."""
    return not isinstance(image, TiffImageFile) or image.tag_v2.keys() >= _RESOLUTION


def _save_options(image: ImageFile, file: IO[bytes]) -> dict[str, Any]:
    """Options that write the picture in its own format no worse than it was."""
    if isinstance(image, JpegImageFile):
        return _jpeg_options(image)
    if image.format == "WEBP":
        return {"lossless": _is_lossless_webp(file)}
    if isinstance(image, PngImageFile):
        return {"texts": texts_of(image), "colours": colours_of(file)}
    if image.format == "TIFF":
        return {"is_compressed": image.info.get("compression") != "raw"}
    return {}


def _jpeg_options(image: JpegImageFile) -> dict[str, Any]:
    """The file's own quantisation, chroma size, scan order, comment, captions and long XMP.

    Where the file's quantisation is coarse, that of quality 90 stands instead: what was
    restored must not be lost again. Quantisation is left out where it is for other
    components than Y, Cb and Cr.
    """
    options: dict[str, Any] = {"progressive": bool(image.info.get("progressive"))}
    if comment := image.info.get("comment"):
        options["comment"] = comment
    if extra := b"".join(_segment(name, data) for name, data in image.applist):
        options["extra"] = extra
    is_rgb_coded = image.info.get("adobe_transform") == _RGB_TRANSFORM and "jfif" not in image.info
    if image.layers == 1 or (image.layers == 3 and not is_rgb_coded):
        tables = [image.quantization[layer[3]] for layer in image.layer]
        if max(map(max, tables)) <= _BASELINE_LARGEST_STEP:
            options["qtables"] = [
                [min(steps) for steps in zip(table, fine, strict=True)]
                for table, fine in zip(tables, _fine_tables(), strict=False)
            ]
        options["subsampling"] = max(JpegImagePlugin.get_sampling(image), _FULL_COLOUR)
    return options


@cache
def _fine_tables() -> list[list[int]]:
    """The quantisation of quality 90 for Y, Cb and Cr, as Pillow writes it."""
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=_FINE_QUALITY)
    with Image.open(file) as image:
        tables = cast("JpegImageFile", image).quantization
        return [list(tables[0]), list(tables[1]), list(tables[1])]


def _segment(name: str, data: bytes) -> bytes:
    """A JPEG segment around `data` if it holds captions (APP13) or more XMP; else nothing."""
    is_kept = name == "APP13" or (name == "APP1" and data.startswith(_MORE_XMP))
    if not is_kept or len(data) > _LARGEST_SEGMENT:
        return b""
    return _SEGMENTS[name] + struct.pack(">H", len(data) + 2) + data


def _is_lossless_webp(file: IO[bytes]) -> bool:
    """Whether the picture of a WebP file is compressed without loss."""
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        if name in {b"VP8L", b"VP8 "}:
            return name == b"VP8L"
        file.seek(size + size % 2, 1)
    return False
