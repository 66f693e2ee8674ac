"""The texts in a PNG file, such as Title, Author and Software."""

from __future__ import annotations

from PIL.PngImagePlugin import PngImageFile, PngInfo

from unblur.media.picture import PictureFile

_XMP = "XML:com.adobe.xmp"
_RAW_PROFILE = "Raw profile type "
"""How ImageMagick begins the keys under which it hides EXIF, XMP and ICC profile."""
_LARGEST_BYTES = 2**20
"""Of keywords and texts together; PNG itself has no bound, and a small file can hold much."""
_LONG_TEXT = 1024


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


def texts_for_png(about: PictureFile) -> PngInfo:
    """XMP, and the texts if they come from a PNG file, as Pillow writes them."""
    info = PngInfo()
    if about.xmp:
        info.add_itxt(_XMP, about.xmp.decode("utf-8", "replace"))
    if about.format == "PNG":
        for key, text in about.save_options.get("texts", {}).items():
            info.add_text(key, text, zip=len(text) > _LONG_TEXT)
    return info
