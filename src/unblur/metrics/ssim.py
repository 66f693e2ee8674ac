"""Structural similarity, as scikit-image defines it."""

from __future__ import annotations

from typing import Any

from unblur.errors import ImageFormatError, missing_extra
from unblur.images.arrays import Pixels

_WINDOW_PX = 7


def structural_similarity(restored: Pixels, sharp: Pixels) -> float:
    """SSIM of two (H, W, 3) uint8 pictures of at least 7x7, at most 1.

    scikit-image's definition with its defaults: a uniform 7x7 window, sample
    covariance, data range 255, the mean over the three channels.
    Raises ImageFormatError for smaller pictures and for two sizes, MissingExtraError when
    scikit-image is not installed.
    """
    if restored.shape != sharp.shape or min(sharp.shape[:2]) < _WINDOW_PX:
        raise ImageFormatError(
            f"SSIM needs two pictures of one size, at least {_WINDOW_PX}x{_WINDOW_PX} pixels, "
            f"got {restored.shape} and {sharp.shape}"
        )
    try:
        from skimage import metrics
    except ModuleNotFoundError as missing:
        raise missing_extra("SSIM", "scikit-image", "evaluate") from missing
    value: Any = metrics.structural_similarity(restored, sharp, channel_axis=2, data_range=255)
    return float(value)
