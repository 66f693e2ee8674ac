"""What a PNG file says in chunks of its own: texts, how colours are shown, which is no colour."""

from __future__ import annotations

import struct
from typing import IO

from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo

from unblur.media.picture import PictureFile

_XMP = "XML:com.adobe.xmp"
_RAW_PROFILE = "Raw profile type "
"""How ImageMagick begins the keys under which it hides EXIF, XMP and ICC profile."""
_LARGEST_BYTES = 2**20
"""Of keywords and texts together; PNG itself has no bound, and a small file can hold much."""
_LONG_TEXT = 1024
_SCALES_OF_FEW_BITS = {"L;2": 85, "L;4": 17}
"""What Pillow multiplies grey samples of 2 and 4 bits by, but not the transparent one."""
_COLOURS = {b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI"}

_SRGB_CICP = bytes([1, 13])
"""BT.709 primaries and the transfer of sRGB, as H.273 counts them."""
_SRGB_GAMMA = struct.pack(">I", 45455)
_SRGB_CHROMA = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
"""What a PNG file says in these chunks where its colours are sRGB (PNG specification, 11.3.2)."""


def texts_of(image: PngImageFile) -> dict[str, str]:
    """The texts of a loaded `image` by keyword, before and after its samples.

    Without XMP, which is kept elsewhere, and profiles, which would tell of the orientation
    from before; and without those that would make more than a mebibyte together.
    """
    texts: dict[str, str] = {}
    left_bytes = _LARGEST_BYTES
    for key, text in image.text.items():
        size = len(key) + len(text.encode("utf-8", "replace"))
        if key == _XMP or key.startswith(_RAW_PROFILE) or size > left_bytes:
            continue
        texts[key] = text
        left_bytes -= size
    return texts


def scale_transparent_grey(image: ImageFile) -> None:
    """Bring the transparent grey of a PNG of 2 or 4 bits to 8; `image` is not yet loaded."""
    grey = image.info.get("transparency")
    if isinstance(image, PngImageFile) and isinstance(grey, int):
        rawmode = str(image.tile[0].args) if image.tile else ""
        image.info["transparency"] = grey * _SCALES_OF_FEW_BITS.get(rawmode, 1)


def colours_of(file: IO[bytes]) -> list[tuple[bytes, bytes]]:
    """The chunks, (name, data), that say what the samples of an open PNG `file` are as colours."""
    file.seek(8)
    chunks: list[tuple[bytes, bytes]] = []
    while len(header := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", header)
        if name == b"IDAT":
            break
        data = file.read(size + 4)
        if name in _COLOURS:
            chunks.append((name, data[:size]))
    return chunks


def names_other_colours(about: PictureFile) -> bool:
    """Whether a PNG file says, not in an ICC profile, that its colours are none of sRGB."""
    chunks = dict(about.save_options.get("colours", ()))
    if about.format != "PNG" or about.icc_profile or b"sRGB" in chunks:
        return False
    if b"cICP" in chunks:
        return not chunks[b"cICP"].startswith(_SRGB_CICP)
    is_other_gamma = chunks.get(b"gAMA", _SRGB_GAMMA) != _SRGB_GAMMA
    return is_other_gamma or chunks.get(b"cHRM", _SRGB_CHROMA) != _SRGB_CHROMA


def chunks_for_png(about: PictureFile) -> PngInfo:
    """XMP, and the texts and the colours if they come from a PNG file, as Pillow writes them."""
    info = PngInfo()
    if about.xmp:
        info.add_itxt(_XMP, about.xmp.decode("utf-8", "replace"))
    if about.format == "PNG":
        for name, data in about.save_options.get("colours", ()):
            info.add(name, data)
        for key, text in about.save_options.get("texts", {}).items():
            info.add_text(key, text, zip=len(text) > _LONG_TEXT)
    return info
