"""Still pictures as people have them: JPEG, PNG, WebP, TIFF, HEIC and BMP, to and fro.

Keeps orientation, EXIF, XMP, ICC profile, resolution, alpha, greyness, depth and
quality. Knows nothing of networks.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from unblur.errors import ImageFormatError
from unblur.media._image_reading import read_file
from unblur.media._image_writing import FORMATS, losses, write_file
from unblur.media.picture import Picture

PICTURE_ENDINGS: frozenset[str] = frozenset(FORMATS)
"""The endings, in lower case and with the dot, of files that can be read and written."""


def read_picture(path: str | Path) -> Picture:
    """The picture in the file at `path`, upright, in RGB, with 8 or 16 bits.

    What it is is told by its contents, not by its ending. CMYK becomes sRGB, through
    its ICC profile if it has one; other profiles are kept and samples left as they are.

    Raises MediaError, in a sentence that names the file, for one that is missing, no
    picture, damaged, animated, deeper than 16 bits or larger than 400 megapixels.
    """
    return read_file(Path(path))


def write_picture(picture: Picture, target: str | Path) -> None:
    """Write `picture` to `target`, whose ending names the format.

    The file appears when it is complete, and replaces what was there. In the format it
    came in, a picture is written in the quality it had, or better; 16 bits become 8
    where the format has no more (HEIC: 10), and transparency becomes white in JPEG.

    Raises OutputError for an unknown ending, a picture too large for the format and a
    file that cannot be written; ImageFormatError for arrays that are not as `Picture` has them.
    """
    write_file(picture, Path(target))


def lost_in(picture: Picture, target: str | Path) -> tuple[str, ...]:
    """What writing `picture` to `target` loses by the format, as sentences.

    Raises OutputError for an unknown ending, and for a picture too large for the format.
    """
    return losses(picture, Path(target))


def side_by_side(before: Picture, after: Picture) -> Picture:
    """`before` on the left and `after` on the right, with the file facts of `after`.

    Raises ImageFormatError unless both have the same size, depth and kind of alpha.
    """
    has_alpha = [picture.alpha is not None for picture in (before, after)]
    is_alike = before.samples.shape == after.samples.shape
    if not is_alike or before.samples.dtype != after.samples.dtype or len(set(has_alpha)) > 1:
        raise ImageFormatError(
            "expected two pictures of the same size and depth, got "
            f"{before.samples.shape} {before.samples.dtype} and "
            f"{after.samples.shape} {after.samples.dtype}"
        )
    alpha = None
    if before.alpha is not None and after.alpha is not None:
        alpha = np.hstack([before.alpha, after.alpha])
    return replace(after, samples=np.hstack([before.samples, after.samples]), alpha=alpha)
