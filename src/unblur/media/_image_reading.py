"""A picture file, read with Pillow, and what goes wrong with it as a sentence."""

from __future__ import annotations

import errno
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from unblur.errors import MediaError
from unblur.media._heif_files import is_heif, read_heif
from unblur.media._image_facts import describe
from unblur.media._limits import check_size, check_still
from unblur.media._metadata import TURNED_BY_A_QUARTER, orientation_of
from unblur.media._png_chunks import scale_transparent_grey
from unblur.media._samples import Samples, is_grey, samples_of, simplify, turn_upright
from unblur.media._sixteen_bits import (
    alpha_of_colour,
    has_packed_planes,
    holds_sixteen_bit_colours,
    holds_sixteen_bit_grey_and_alpha,
    sixteen_bit_samples,
)
from unblur.media.picture import Picture

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
_KNOWN = "JPEG, PNG, WebP, TIFF, HEIC or BMP"
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"RIFF": "WebP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"BM": "BMP",
}
_HEAD_BYTES = 32
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow and pillow-heif raise for files that are damaged."""
_DEEP_MODES = {"I", "F"}
_NEW_SUBFILE_TYPE, _BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 254, 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
_opening = threading.Lock()
logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_file(path: Path) -> Picture:
    """The picture in the file at `path`; raises MediaError."""
    with _explained(path), path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise MediaError(f"{path} is empty (0 bytes); expected a picture: {_KNOWN}")
        with _damage_explained(path, head):
            return read_heif(file, path) if is_heif(head) else _read_with_pillow(file, path)


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """MediaError in place of what opening a file at `path` raises."""
    try:
        if not path.is_file():
            kind = "is not a file" if path.exists() else "does not exist"
            what = "is a folder" if path.is_dir() else kind
            raise MediaError(f"{path} {what}; expected a picture file")
        yield
    except PermissionError as error:
        raise MediaError(f"not allowed to read {path}; change its permissions first") from error
    except MemoryError as error:
        raise MediaError(f"not enough memory to read {path}; close other programs") from error
    except OSError as error:
        raise MediaError(f"cannot read {path}: {error.strerror or error}") from error


@contextmanager
def _damage_explained(path: Path, head: bytes) -> Generator[None]:
    """MediaError in place of what Pillow raises for contents it cannot use; no warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno in {errno.EIO, errno.EACCES}:
            raise
        raise MediaError(_why_unreadable(path, head, error)) from error


def _why_unreadable(path: Path, head: bytes, error: Exception) -> str:
    """What is wrong with the contents of a file, in a sentence."""
    begins_like = [name for beginning, name in _BEGINNINGS.items() if head.startswith(beginning)]
    if is_heif(head):
        begins_like = ["HEIC"]
    if not begins_like:
        return f"{path} is not a picture that unblur reads; expected {_KNOWN}"
    if isinstance(error, UnidentifiedImageError):
        return (
            f"{path} begins like a {begins_like[0]} file but is truncated, damaged or of a rare "
            "kind; get a whole copy or save it again with another program"
        )
    detail = " ".join(str(error).split()) or type(error).__name__
    return f"{path} is truncated or damaged ({detail}); get a whole copy of it"


def _read_with_pillow(file: IO[bytes], path: Path) -> Picture:
    """The picture in an open file of any format but HEIC."""
    image = _open_picture(file, path)
    _check(image, path)
    stores_grey = is_grey(image) or holds_sixteen_bit_grey_and_alpha(image)
    turned_by_pillow = _orientation_of_tiff(image)
    colours, alpha = _read_samples(image, file)
    exif = image.getexif()
    orientation = 1 if isinstance(image, TiffImageFile) else orientation_of(exif)
    is_turned = bool({orientation, turned_by_pillow} & TURNED_BY_A_QUARTER)
    about = describe(image, exif, file, is_grey=stores_grey, is_turned=is_turned)
    image.close()
    if alpha is not None:
        alpha = turn_upright(alpha, orientation)
    return Picture(turn_upright(colours, orientation), alpha, about)


def _orientation_of_tiff(image: ImageFile) -> int:
    """The orientation of a TIFF image, which Pillow turns while it loads; 1 for others."""
    if not isinstance(image, TiffImageFile):
        return 1
    return orientation_of(image.getexif())


def _open(file: IO[bytes], page: int = 0) -> ImageFile:
    """The image in `file`, opened but not loaded, of whatever size."""
    file.seek(0)
    with _opening:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            image = Image.open(file, formats=_FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    image.seek(page)
    return image


def _open_picture(file: IO[bytes], path: Path) -> ImageFile:
    """The only picture in `file`, as `_open` gives it; raises MediaError when there are more."""
    image = _open(file)
    pages = _pages(image)
    check_still(len(pages), path)
    image.seek(min(pages, default=0))
    return image


def _check(image: ImageFile, path: Path) -> None:
    """Raise MediaError for pictures that are too large or too deep."""
    check_size(image.size, path)
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    bits = max(tags.get(_BITS_PER_SAMPLE, (32 if image.mode in _DEEP_MODES else 8,)))
    if image.mode in _DEEP_MODES or bits == 12:
        kind = "signed " if _SIGNED in tags.get(_SAMPLE_FORMAT, ()) else ""
        raise MediaError(
            f"{path} has {kind}samples of {bits} bits; save it with unsigned ones of 8 or 16 first"
        )
    if holds_sixteen_bit_colours(image) and has_packed_planes(image):
        raise MediaError(
            f"{path} keeps each colour of 16 bits in a plane of its own; "
            "save it with interleaved colours first"
        )


def _pages(image: ImageFile) -> list[int]:
    """The pictures that the file shows, by number; previews and gain maps beside one are none."""
    if image.format == "MPO":
        return [0]
    numbers = [*range(int(getattr(image, "n_frames", 1)))]
    if len(numbers) == 1 or not isinstance(image, TiffImageFile):
        return numbers
    pages: list[int] = []
    for number in numbers:
        image.seek(number)
        if not int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & 1:
            pages.append(number)
    return pages


def _read_samples(image: ImageFile, file: IO[bytes]) -> Samples:
    """Colours and alpha as they are stored; `image` is loaded then."""
    if holds_sixteen_bit_colours(image):
        return sixteen_bit_samples(image, lambda: _open(file, image.tell()))
    scale_transparent_grey(image)
    image.load()
    colours, alpha = samples_of(simplify(image))
    if colours.dtype != np.uint16:
        return colours, alpha
    if isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        np.subtract(65535, colours, out=colours)
    return colours, alpha_of_colour(image, colours)
