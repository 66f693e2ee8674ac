"""HEIC files to pictures and back, 8 bits or more: the only file that knows pillow-heif."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray

from unblur.media._limits import check_size, check_still
from unblur.media._metadata import fitting_profile, left_out, upright_exif, upright_xmp
from unblur.media._samples import Samples, divide_by_alpha, interleave
from unblur.media.picture import Picture, PictureFile

_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_KEPT = {
    "chroma",
    "nclx_profile",
    "content_light_level",
    "mastering_display_colour_volume",
    "ambient_viewing_environment",
    "nominal_diffuse_white_luminance",
    "pixel_aspect_ratio",
}
"""What is handed on from a file to its result: how its colours are stored and shown."""
_SRGB_PRIMARIES, _HDR_TRANSFERS = {None, 1, 2}, {16, 18}
"""Of H.273: BT.709 or not named; PQ and HLG."""
_QUALITY = 95
_library: Any = pillow_heif
"""The library has no types for its arguments."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def is_heif(head: bytes) -> bool:
    """Whether a file that begins with `head` (12 bytes or more) is a HEIC file."""
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def read_heif(file: IO[bytes], path: Path) -> Picture:
    """The picture in an open HEIC `file`; more than 8 bits come as 16.

    Turned and mirrored as the file says. Raises MediaError for several pictures or
    one that is too large, and what pillow-heif raises for damaged files.
    """
    heif = _library.open_heif(file, convert_hdr_to_8bit=False)
    check_still(len(heif), path)
    check_size(heif.size, path)
    stored: NDArray[Any] = np.asarray(heif)
    mode = str(heif.mode)
    info: dict[str, Any] = heif.info
    is_grey = mode.startswith(("L", "I"))
    colours, alpha = _split(stored, is_premultiplied=bool(heif.premultiplied_alpha))
    kept = {name: value for name, value in info.items() if name in _KEPT}
    about = PictureFile(
        format="HEIF",
        is_grey=is_grey,
        exif=upright_exif(info.get("exif")),
        xmp=upright_xmp(info.get("xmp")),
        icc_profile=fitting_profile(info.get("icc_profile"), is_grey=is_grey),
        save_options=kept,
        left_out=left_out(info.get("xmp")),
    )
    return Picture(colours, alpha, about)


def names_other_colours(about: PictureFile) -> bool:
    """Whether a HEIC file says, not in an ICC profile, that its colours are none of sRGB."""
    named = about.save_options.get("nclx_profile") if about.format == "HEIF" else None
    if not named or about.icc_profile:
        return False
    is_wide = named.get("color_primaries") not in _SRGB_PRIMARIES
    return is_wide or named.get("transfer_characteristics") in _HDR_TRANSFERS


def write_heif(picture: Picture, path: Path) -> None:
    """Write a HEIC file: 8 bits for a picture of 8, 10 bits for one of 16."""
    samples = interleave(picture)
    height, width, channel_count = samples.shape
    mode = _MODES[channel_count] + (";16" if picture.bit_depth == 16 else "")
    about = picture.file
    options = about.save_options if about.format == "HEIF" else {}
    profile = fitting_profile(about.icc_profile, is_grey=about.is_grey)
    heif = _library.from_bytes(mode, (width, height), samples.tobytes())
    metadata = {"exif": about.exif, "xmp": about.xmp, "icc_profile": profile}
    heif.save(path, quality=_QUALITY, **options, **metadata)


def _split(stored: NDArray[Any], *, is_premultiplied: bool) -> Samples:
    """Colours and alpha of (height, width[, channels]) samples."""
    channels = stored.reshape(*stored.shape[:2], -1)
    channel_count = channels.shape[2]
    if channel_count in {3, 4}:
        colours: NDArray[Any] = np.ascontiguousarray(channels[..., :3])
    else:
        colours = np.repeat(channels[..., :1], 3, axis=2)
    if channel_count in {1, 3}:
        return colours, None
    alpha = np.ascontiguousarray(channels[..., -1])
    return (divide_by_alpha(colours, alpha) if is_premultiplied else colours), alpha
