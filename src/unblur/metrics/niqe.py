"""Naturalness of a picture that has no sharp version to compare it with: NIQE.

Mittal, Soundararajan, Bovik, "Making a Completely Blind Image Quality Analyzer",
IEEE Signal Processing Letters 20(3), 2013: how far the statistics of a picture's
blocks are from those of 125 pristine photographs. `niqe_pristine.npz` holds the
authors' published model of these (see NOTICE).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unblur.errors import ImageFormatError, missing_extra
from unblur.images.arrays import Pixels, check_pixels

BLOCK_PX = 96
"""Side of the blocks whose statistics are taken; a picture must hold at least two."""

Plane = NDArray[np.float64]
_LUMINANCE = np.array([65.481, 128.553, 24.966]) / 255
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_SHAPES = np.arange(0.2, 10.001, 0.001)
_PRISTINE = Path(__file__).with_name("niqe_pristine.npz")


def natural_image_quality(pixels: Pixels) -> float:
    """NIQE of an (H, W, 3) uint8 picture, 0 or more; the smaller, the more natural.

    Luminance of ITU-R BT.601 (16..235), blocks of 96x96 at full and at half size, the
    edges that fill no block left out. Pictures from about 3 are photographs of good
    quality. Raises ImageFormatError for a picture that holds fewer than two blocks,
    MissingExtraError when SciPy is not installed.
    """
    check_pixels(pixels)
    rows, columns = (side // BLOCK_PX for side in pixels.shape[:2])
    if rows * columns < 2:
        raise ImageFormatError(
            f"NIQE needs at least two blocks of {BLOCK_PX}x{BLOCK_PX} pixels, "
            f"got a picture of {pixels.shape[1]}x{pixels.shape[0]}"
        )
    luminance = np.rint(pixels @ _LUMINANCE + 16)[: rows * BLOCK_PX, : columns * BLOCK_PX]
    features = np.hstack(
        [_block_features(luminance, BLOCK_PX), _block_features(_halve(luminance), BLOCK_PX // 2)]
    )
    with np.load(_PRISTINE) as pristine:
        mean, covariance = pristine["mean"], pristine["covariance"]
    whole = features[~np.isnan(features).any(axis=1)]
    distance = np.nanmean(features, axis=0) - mean
    spread = np.linalg.pinv((covariance + np.cov(whole, rowvar=False)) / 2)
    return float(np.sqrt(distance @ spread @ distance))


def _block_features(luminance: Plane, block_px: int) -> NDArray[np.float64]:
    """(blocks, 18) features of the normalised luminance."""
    normalised = _normalise(luminance)
    height, width = normalised.shape
    return np.array(
        [
            _features(normalised[top : top + block_px, left : left + block_px])
            for top in range(0, height, block_px)
            for left in range(0, width, block_px)
        ]
    )


def _normalise(luminance: Plane) -> Plane:
    """Luminance less its local mean, over its local deviation plus 1 (equation 1)."""
    convolve = _scipy("ndimage").convolve
    mean = convolve(luminance, _window(), mode="nearest")
    deviation = np.sqrt(np.abs(convolve(luminance**2, _window(), mode="nearest") - mean**2))
    return (luminance - mean) / (deviation + 1)


def _features(block: Plane) -> list[float]:
    """Shape and width of the block's own distribution, and of four products of neighbours."""
    shape, left, right = _fit_asymmetric(block)
    features = [shape, (left + right) / 2]
    for step in _NEIGHBOURS:
        shape, left, right = _fit_asymmetric(block * np.roll(block, step, axis=(0, 1)))
        mean = (right - left) * _gamma(2 / shape) / _gamma(1 / shape)
        features += [shape, mean, left, right]
    return features


def _fit_asymmetric(values: Plane) -> tuple[float, float, float]:
    """Shape, left and right scale of an asymmetric generalised Gaussian, by its moments."""
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (
            np.sqrt(np.sum(side**2) / np.count_nonzero(side))
            for side in (np.minimum(values, 0), np.maximum(values, 0))
        )
        skew = left / right
        ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    wanted = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_ratios() - wanted) ** 2)])
    scale = np.sqrt(_gamma(1 / shape) / _gamma(3 / shape))
    return shape, float(left * scale), float(right * scale)


@cache
def _ratios() -> NDArray[np.float64]:
    """For each shape, the squared mean of absolute values over the mean of squares."""
    inverse = 1 / _SHAPES
    return _gamma(2 * inverse) ** 2 / (_gamma(inverse) * _gamma(3 * inverse))


def _halve(plane: Plane) -> Plane:
    """Half the size, by the antialiased bicubic kernel, the plane mirrored at its edges."""
    image = Image.fromarray(np.pad(plane, 8, mode="symmetric").astype(np.float32))
    size = (image.width // 2, image.height // 2)
    halved = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float64)
    return halved[4:-4, 4:-4]


@cache
def _window() -> Plane:
    """7x7 Gaussian of standard deviation 7/6 that sums to 1.

    Computed as published implementations do, to the last bit: what a flat area gives is
    rounding alone. Two passes of one dimension would be faster, and would round otherwise.
    """
    down, right = np.mgrid[-3:4, -3:4]
    weights = np.exp(-(right**2 + down**2) / (2 * (7 / 6) ** 2))
    return weights / weights.sum()


def _gamma(value: Any) -> Any:
    return _scipy("special").gamma(value)


@cache
def _scipy(part: str) -> Any:
    """A part of SciPy; raises MissingExtraError where it is not installed."""
    import importlib

    try:
        return importlib.import_module(f"scipy.{part}")
    except ModuleNotFoundError as missing:
        raise missing_extra("NIQE", "SciPy", "evaluate") from missing
