"""Files that Pillow cannot write: TIFF of any depth here, PNG of 16 bits, BMP with alpha.

TIFF of 8 bits too, because Pillow's own writer of compressed TIFF does not say that
the disk is full. Samples go out a band at a time. See docs/decisions/sixteen-bits-files.md.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffTags
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from unblur.images.arrays import to_eight_bits
from unblur.media._metadata import EXIF_PREFIX, fitting_profile, packed_exif
from unblur.media._png_chunks import chunks_for_png
from unblur.media._samples import interleave
from unblur.media.picture import Picture

_BAND_BYTES = 2**20
_COMPRESSION_LEVEL = 4
_PNG_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_PNG_UP_FILTER = 2
_INCHES_PER_METRE = 1 / 0.0254
_BMP_HEADER_BYTES = 108
_BMP_MASKS = 3
_DEFLATE, _UNCOMPRESSED = 8, 1
_HORIZONTAL_DIFFERENCES = 2
_BLACK_IS_ZERO, _RGB = 1, 2
_ALPHA = 2
_PER_INCH = 2
_OFFSETS, _BYTE_COUNTS = 273, 279
_INTEROPERABILITY = 40965


def write_sixteen_bit_png(picture: Picture, path: Path) -> None:
    """Write a PNG file of 16 bits per sample."""
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, data in _png_facts(picture):
            PngImagePlugin.putchunk(file, name, data)
        compressor = zlib.compressobj(_COMPRESSION_LEVEL)
        for data in _png_lines(picture):
            PngImagePlugin.putchunk(file, b"IDAT", compressor.compress(data))
        PngImagePlugin.putchunk(file, b"IDAT", compressor.flush())
        PngImagePlugin.putchunk(file, b"IEND")


def write_transparent_bmp(picture: Picture, path: Path) -> None:
    """Write a BMP file with alpha, which needs a header of the fourth version."""
    samples = interleave(picture, keeps_grey=False)
    height, width = samples.shape[:2]
    dpi = picture.file.dpi or (0, 0)
    per_metre = [round(each * _INCHES_PER_METRE) for each in dpi]
    begin = 14 + _BMP_HEADER_BYTES
    with path.open("wb") as file:
        file.write(struct.pack("<2sIII", b"BM", begin + samples.size, 0, begin))
        file.write(struct.pack("<IIIHHI", _BMP_HEADER_BYTES, width, height, 1, 32, _BMP_MASKS))
        file.write(struct.pack("<IIIII", samples.size, *per_metre, 0, 0))
        file.write(struct.pack("<IIII4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs"))
        file.write(bytes(48))
        file.write(to_eight_bits(samples)[::-1, :, [2, 1, 0, 3]].tobytes())


def write_tiff(picture: Picture, path: Path) -> None:
    """Write a TIFF file of 8 or 16 bits per sample.

    Compressed without loss, unless the picture comes from an uncompressed TIFF file.
    """
    options = picture.file.save_options if picture.file.format == "TIFF" else {}
    is_compressed = bool(options.get("is_compressed", True))
    directory = _tiff_directory(picture, is_compressed=is_compressed)
    with path.open("wb") as file:
        begin = directory.save(file)
        sizes = [
            file.write(_tiff_strip(band, is_compressed=is_compressed))
            for band in _bands(picture, keeps_grey=_keeps_grey_in_tiff(picture))
        ]
        _set_strips(directory, sizes)
        file.seek(0)
        if directory.save(file) != begin:
            raise ValueError("the TIFF directory changed its length")


def _bands(picture: Picture, *, keeps_grey: bool = True) -> Iterator[NDArray[Any]]:
    """The picture as bands of (row count, width, channels), from the top."""
    height = len(picture.samples)
    row_count = _rows_per_band(picture)
    for top in range(0, height, row_count):
        yield interleave(picture, slice(top, top + row_count), keeps_grey=keeps_grey)


def _rows_per_band(picture: Picture) -> int:
    height, width = picture.samples.shape[:2]
    return min(height, max(1, _BAND_BYTES // (width * 8)))


def _png_facts(picture: Picture) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the samples."""
    about = picture.file
    height, width, channel_count = interleave(picture, slice(0, 1)).shape
    height = len(picture.samples)
    colour_type = _PNG_COLOUR_TYPES[channel_count]
    yield b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    profile = fitting_profile(about.icc_profile, is_grey=about.is_grey)
    if profile:
        yield b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)
    if about.dpi:
        per_metre = (round(each * _INCHES_PER_METRE) for each in about.dpi)
        yield b"pHYs", struct.pack(">IIB", *per_metre, 1)
    for name, data, _ in chunks_for_png(about).chunks:
        yield name, data
    if about.exif:
        yield b"eXIf", about.exif.removeprefix(EXIF_PREFIX)


def _png_lines(picture: Picture) -> Iterator[bytes]:
    """The samples as PNG compresses them: each byte less the one above it."""
    above: NDArray[np.uint8] | None = None
    for band in _bands(picture):
        lines = band.astype(">u2").view(np.uint8).reshape(len(band), -1)
        if above is None:
            above = np.zeros_like(lines[:1])
        filtered = np.full((len(lines), lines.shape[1] + 1), _PNG_UP_FILTER, np.uint8)
        filtered[:, 1:] = lines - np.concatenate([above, lines[:-1]])
        above = lines[-1:]
        yield filtered.tobytes()


def _keeps_grey_in_tiff(picture: Picture) -> bool:
    """Whether grey is written as grey: Pillow reads no TIFF of 16-bit grey with alpha."""
    return picture.alpha is None or picture.bit_depth == 8


def _tiff_directory(picture: Picture, *, is_compressed: bool) -> ImageFileDirectory_v2:
    """The tags of the file, with places for those about its strips."""
    keeps_grey = _keeps_grey_in_tiff(picture)
    channel_count = interleave(picture, slice(0, 1), keeps_grey=keeps_grey).shape[2]
    height, width = picture.samples.shape[:2]
    is_grey = channel_count < 3
    directory = ImageFileDirectory_v2()
    _add_metadata(directory, picture, is_grey=is_grey)
    tags: dict[int, Any] = {
        256: width,
        257: height,
        258: (picture.bit_depth,) * channel_count,
        259: _DEFLATE if is_compressed else _UNCOMPRESSED,
        262: _BLACK_IS_ZERO if is_grey else _RGB,
        277: channel_count,
        278: _rows_per_band(picture),
        284: 1,
    }
    if is_compressed:
        tags[317] = _HORIZONTAL_DIFFERENCES
    if picture.alpha is not None:
        tags[338] = _ALPHA
    for tag, value in tags.items():
        directory[tag] = value
    _set_strips(directory, [0] * -(-height // _rows_per_band(picture)))
    return directory


def _set_strips(directory: ImageFileDirectory_v2, sizes: list[int]) -> None:
    """Say where the strips begin, from the end of the directory on, and how long they are."""
    directory.tagtype[_OFFSETS] = directory.tagtype[_BYTE_COUNTS] = TiffTags.LONG
    directory[_OFFSETS] = tuple(accumulate(sizes[:-1], initial=0))
    directory[_BYTE_COUNTS] = tuple(sizes)


def _add_metadata(directory: ImageFileDirectory_v2, picture: Picture, *, is_grey: bool) -> None:
    """Put EXIF, XMP, ICC profile and resolution into the tags."""
    about = picture.file
    exif = Image.Exif()
    exif.load(about.exif or b"")
    for tag in exif if packed_exif(exif) else ():
        directory[tag] = _part_of(exif, tag) if tag in TiffTags.TAGS_V2_GROUPS else exif[tag]
    if about.xmp:
        directory[700] = about.xmp
    if profile := fitting_profile(about.icc_profile, is_grey=is_grey):
        directory[34675] = profile
    if about.dpi:
        directory[282], directory[283] = about.dpi
        directory[296] = _PER_INCH


def _part_of(exif: Image.Exif, tag: int) -> dict[int, Any]:
    """The directory of tags that `tag` points to, with the one inside it."""
    part = {**exif.get_ifd(tag)}
    if _INTEROPERABILITY in part:
        part[_INTEROPERABILITY] = exif.get_ifd(_INTEROPERABILITY)
    return part


def _tiff_strip(band: NDArray[Any], *, is_compressed: bool) -> bytes:
    """The bytes of a strip: each sample less the one to its left, compressed."""
    little_endian = band.astype(band.dtype.newbyteorder("<"))
    if not is_compressed:
        return little_endian.tobytes()
    little_endian[:, 1:] -= band[:, :-1]
    return zlib.compress(little_endian.tobytes(), _COMPRESSION_LEVEL)
