"""Small picture files for tests, made with Pillow and PyAV, and what is in them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from unblur.media.picture import Picture, PictureFile

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li>caption \xe2\x98\x83</rdf:li></x:xmpmeta>'
RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = RGB_PROFILE[:16] + b"GRAY" + RGB_PROFILE[20:]
MAKER, ORIENTATION, EXIF_PART, GPS_PART = 271, 274, 34665, 34853
EXPOSURE, MAKER_NOTE, INTEROP_PART = 33434, 37500, 40965


def smooth(height: int = 24, width: int = 40, channels: int = 3) -> NDArray[np.uint8]:
    """(height, width, channels) uint8 whose corners and channels all differ."""
    down, right = np.mgrid[0:height, 0:width]
    planes = [down * (5 - index) + right * (1 + index) + 9 * index for index in range(channels)]
    return np.stack(planes, axis=2).astype(np.uint8)


def deep(height: int = 24, width: int = 40, channels: int = 3, seed: int = 0) -> NDArray[np.uint16]:
    """(height, width, channels) uint16, random, so that both bytes of a sample matter."""
    random = np.random.default_rng(seed)
    return random.integers(0, 65536, (height, width, channels), np.uint16)


def picture_of(samples: NDArray[Any], alpha: NDArray[Any] | None = None, **about: Any) -> Picture:
    """A picture that comes from a PNG file, unless `about` says otherwise."""
    return Picture(samples, alpha, PictureFile(**{"format": "PNG", **about}))


def camera_exif(orientation: int = 1) -> Image.Exif:
    """EXIF as a camera writes it: maker, exposure, a maker's note and a place."""
    exif = Image.Exif()
    exif[MAKER], exif[ORIENTATION] = "Snowman", orientation
    exif[EXIF_PART] = {
        EXPOSURE: 0.25,
        MAKER_NOTE: b"secret\x00\x01",
        INTEROP_PART: {1: "R98"},
    }
    exif[GPS_PART] = {1: "N", 2: (52.0, 30.0, 6.5)}
    as_read = Image.Exif()
    as_read.load(exif.tobytes())
    return as_read


def metadata_of(path: Path) -> tuple[str, float, bytes, str, float]:
    """Maker, exposure, maker's note, colour rule and latitude minutes in the file at `path`."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(path) as image:
        exif = image.getexif()
        part, place = exif.get_ifd(EXIF_PART), exif.get_ifd(GPS_PART)
        rule = exif.get_ifd(INTEROP_PART)[1]
    return exif[MAKER], float(part[EXPOSURE]), part[MAKER_NOTE], rule, float(place[2][1])


def encode_with_ffmpeg(
    samples: NDArray[Any], path: Path, codec: str, pixels: str, **options: str
) -> None:
    """Write `samples`, laid out as FFmpeg's format `pixels` wants, with FFmpeg's encoder."""
    context = av.CodecContext.create(codec, "w")
    context.height, context.width = samples.shape[:2]
    context.pix_fmt, context.time_base, context.options = pixels, 1, options
    frame = av.VideoFrame(context.width, context.height, pixels)
    _fill(frame, samples)
    path.write_bytes(b"".join(bytes(packet) for packet in context.encode(frame)))


def decode_with_ffmpeg(path: Path, pixels: str) -> NDArray[Any]:
    """The samples of the file at `path` in FFmpeg's 16-bit little-endian format `pixels`."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name.rstrip("lbe") == pixels.rstrip("lbe")
        return frame.reformat(format=pixels).to_ndarray()


def _fill(frame: av.VideoFrame, samples: NDArray[Any]) -> None:
    plane = frame.planes[0]
    order = ">" if frame.format.name.endswith("be") else "<"
    rows = samples.astype(samples.dtype.newbyteorder(order)).reshape(len(samples), -1)
    lines = np.zeros((len(samples), plane.line_size), np.uint8)
    lines[:, : rows.shape[1] * rows.itemsize] = rows.view(np.uint8)
    plane.update(lines.tobytes())


def ink_profile() -> bytes:
    """A CMYK profile in which full cyan is pure red, and all else follows lightness.

    Lightness falls with each ink; so no plain formula gives the same colours.
    """
    grid = []
    for corner in np.ndindex(2, 2, 2, 2):
        is_only_cyan = corner == (1, 0, 0, 0)
        lightness = 136 if is_only_cyan else 255 - 60 * sum(corner)
        grid += [lightness, 208 if is_only_cyan else 128, 195 if is_only_cyan else 128]
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + bytes(grid) + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"free\0"
    name = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78)
    return _profile([(b"desc", name), (b"cprt", text), (b"wtpt", white), (b"A2B0", table)])


def _profile(tags: list[tuple[bytes, bytes]]) -> bytes:
    """An ICC profile for CMYK with `tags`."""
    offset = 128 + 4 + 12 * len(tags)
    index, contents = struct.pack(">I", len(tags)), b""
    for signature, data in tags:
        padded = data + bytes(-len(data) % 4)
        index += signature + struct.pack(">II", offset + len(contents), len(data))
        contents += padded
    size = offset + len(contents)
    head = struct.pack(">I4sI", size, b"lcms", 0x02400000) + b"prtrCMYKLab " + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + index + contents
