"""A picture to a file whose ending names the format, no worse than it came."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

from PIL import Image, ImageFile

from unblur.errors import ImageFormatError, OutputError
from unblur.images.arrays import check_samples
from unblur.media import _heif_files, _png_chunks
from unblur.media._deep_writing import write_sixteen_bit_png, write_tiff, write_transparent_bmp
from unblur.media._metadata import fitting_profile
from unblur.media._samples import flatten, to_pillow
from unblur.media.atomic import replacing
from unblur.media.picture import Picture

FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".hif": "HEIF",
    ".bmp": "BMP",
}
"""Pillow's name of the format for each ending that pictures have."""

_BITS = {"JPEG": 8, "WEBP": 8, "BMP": 8, "HEIF": 10}
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_JPEG_BEST: dict[str, Any] = {"quality": 95, "subsampling": 0}
_JPEG_MOST_BYTES_PER_PIXEL = 4
"""Of noise at the best quality."""
_CAPTIONS = b"\xff\xed"
"""How the segment of a JPEG begins that holds them (APP13)."""
_ENDINGS = {"PNG": ".png", "HEIF": ".heic"}
_JPEG_LARGEST_EXIF = 65533
_JPEG_LARGEST_XMP = 65504
_ENCODING_ERRORS = (ValueError, TypeError, RuntimeError, struct.error, OverflowError, SyntaxError)


def write_file(picture: Picture, target: Path) -> None:
    """Write `picture` to `target`; raises OutputError, ImageFormatError."""
    kind = _format_for(target)
    _check_arrays(picture)
    _check_sides(picture, kind, target)
    with replacing(target) as temporary:
        try:
            _WRITERS.get(kind, _write_with_pillow)(picture, temporary)
        except _ENCODING_ERRORS as error:
            detail = " ".join(str(error).split()) or type(error).__name__
            raise OutputError(f"cannot write {target} ({detail}); try another ending") from error


def _check_arrays(picture: Picture) -> None:
    """Raise ImageFormatError for samples or an alpha that are none: they would become noise."""
    samples, alpha = check_samples(picture.samples), picture.alpha
    if alpha is not None and (alpha.shape, alpha.dtype) != (samples.shape[:2], samples.dtype):
        raise ImageFormatError(
            f"expected alpha of shape {samples.shape[:2]} and dtype {samples.dtype}, as the "
            f"samples have, got shape {alpha.shape} and dtype {alpha.dtype}"
        )


def losses(picture: Picture, target: Path) -> tuple[str, ...]:
    """What the format of `target` does not hold of `picture`, as sentences.

    Raises OutputError where it holds no such picture at all.
    """
    kind = _format_for(target)
    _check_sides(picture, kind, target)
    bits = _BITS.get(kind, 16)
    about = picture.file
    is_other = kind != about.format
    names_colours = _heif_files.names_other_colours(about) or _png_chunks.names_other_colours(about)
    exif, xmp = len(about.exif or b""), len(about.xmp or b"")
    told = {
        f"what it says of its colours, which are none of sRGB, is not kept in {kind}: they may "
        f"look paler; the ending that it came with ({_ENDINGS.get(about.format)}) keeps it": (
            is_other and names_colours
        ),
        f"its EXIF is longer than {kind} can hold, and left out": (
            kind == "JPEG" and exif > _JPEG_LARGEST_EXIF
        ),
        f"its XMP is longer than {kind} can hold, and left out": (
            kind == "JPEG" and xmp > _JPEG_LARGEST_XMP
        ),
        f"its captions (IPTC) are not kept in {kind}": (
            is_other and _CAPTIONS in about.save_options.get("extra", b"")
        ),
        f"its metadata (EXIF, XMP, colour profile) are not kept in {kind}": (
            kind == "BMP" and bool(about.exif or about.xmp or about.icc_profile)
        ),
        f"its transparency became white, since {kind} has none": (
            kind == "JPEG" and picture.alpha is not None
        ),
        f"its {picture.bit_depth} bits became {bits}, since {kind} has no more": (
            picture.bit_depth > bits
        ),
    }
    return tuple(sentence for sentence, is_so in told.items() if is_so)


def _format_for(target: Path) -> str:
    """The format that the ending of `target` names."""
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise OutputError(
            f"cannot write {target}: expected a name that ends in one of {', '.join(FORMATS)}"
        )
    return kind


def _check_sides(picture: Picture, kind: str, target: Path) -> None:
    """Raise OutputError for a picture that is too large for the format."""
    height, width = picture.samples.shape[:2]
    longest_px = _LONGEST_SIDE.get(kind)
    if longest_px and max(height, width) > longest_px:
        raise OutputError(
            f"cannot write {target}: it has {width}x{height} pixels and its format takes at most "
            f"{longest_px} on a side; choose .png or .tif"
        )


def _write_png(picture: Picture, path: Path) -> None:
    """Write a PNG file of the picture's depth."""
    write = write_sixteen_bit_png if picture.bit_depth == 16 else _write_with_pillow
    write(picture, path)


def _write_bmp(picture: Picture, path: Path) -> None:
    """Write a BMP file, with alpha if the picture has some."""
    write = _write_with_pillow if picture.alpha is None else write_transparent_bmp
    write(picture, path)


def _write_with_pillow(picture: Picture, path: Path) -> None:
    """Write 8 bits in the format that the ending of `path` names."""
    kind = FORMATS[path.suffix.lower()]
    image = to_pillow(picture)
    quality = _quality(picture, kind)
    if kind == "JPEG":
        image = flatten(image)
    if quality.get("progressive"):
        room = _JPEG_MOST_BYTES_PER_PIXEL * image.width * image.height
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, room)  # it is written all at once
    if kind == "WEBP" and image.mode in {"L", "LA"}:
        image = image.convert("RGBA" if image.mode == "LA" else "RGB")
    with path.open("wb") as file:
        by_python = cast("IO[bytes]", _WrittenByPython(file))
        image.save(by_python, kind, **_metadata(picture, image, kind), **quality)


class _WrittenByPython:
    """A file without a number, to which Pillow cannot write past Python.

    It does so with JPEG and BMP otherwise, and overlooks that a disk is full.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush = file.write, file.flush


def _metadata(picture: Picture, image: Image.Image, kind: str) -> dict[str, Any]:
    """Pillow's options that keep what the file said."""
    about = picture.file
    profile = fitting_profile(about.icc_profile, is_grey=image.mode in {"L", "LA"})
    options: dict[str, Any] = {
        "exif": about.exif,
        "xmp": about.xmp,
        "icc_profile": profile,
        "dpi": about.dpi,
    }
    if kind == "JPEG":
        _drop_too_long(options)
    if kind == "PNG":
        options["pnginfo"] = _png_chunks.chunks_for_png(about)
    return {name: value for name, value in options.items() if value}


def _drop_too_long(options: dict[str, Any]) -> None:
    """Leave out blocks that no JPEG segment holds."""
    if options["exif"] and len(options["exif"]) > _JPEG_LARGEST_EXIF:
        options["exif"] = None
    if options["xmp"] and len(options["xmp"]) > _JPEG_LARGEST_XMP:
        options["xmp"] = None


def _quality(picture: Picture, kind: str) -> dict[str, Any]:
    """Pillow's options that write no worse than the picture came."""
    about = picture.file
    own = about.save_options if about.format == kind else {}
    if kind == "JPEG":
        return {**({} if "qtables" in own else _JPEG_BEST), **own}
    if kind == "WEBP":
        is_lossless = own.get("lossless", about.format in {"PNG", "TIFF", "BMP"})
        return {"lossless": is_lossless, "exact": True, "quality": 75 if is_lossless else 95}
    return {}


_WRITERS: dict[str, Callable[[Picture, Path], None]] = {
    "BMP": _write_bmp,
    "HEIF": _heif_files.write_heif,
    "PNG": _write_png,
    "TIFF": write_tiff,
}
