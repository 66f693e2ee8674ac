"""Köhler's protocol: the best frame counts, after scaling and a whole-pixel shift."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from unblur.errors import ImageFormatError, InputError
from unblur.metrics.trajectory import aligned_psnr, best_trajectory_psnr


@pytest.fixture
def scene(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (48, 64, 3), np.uint8)


@pytest.mark.parametrize("shift", [(0, 0), (3, -5), (-7, 2), (10, 10), (-1, 0)])
def test_a_shift_by_whole_pixels_costs_nothing(
    scene: NDArray[np.uint8], shift: tuple[int, int]
) -> None:
    down, right = shift
    bright = 200 + scene // 8
    sharp = bright[12:36, 12:52]
    moved = bright[12 - down : 36 - down, 12 - right : 52 - right]
    assert aligned_psnr(moved, sharp) > 50
    assert aligned_psnr(sharp, sharp) == math.inf


def test_brightness_is_scaled_away(scene: NDArray[np.uint8]) -> None:
    half = (scene // 2).astype(np.uint8)
    assert aligned_psnr(half, scene) > 48


def test_the_figure_is_that_of_the_luma_of_the_whole_picture() -> None:
    """Worked by hand: four pixels, red and blue differ, the scale 1 by choice of signs."""
    sharp = np.full((2, 2, 3), 100, np.uint8)
    restored = sharp.copy()
    restored[0, 0] = (110, 100, 100)
    restored[1, 1] = (90, 100, 100)
    given, wanted = restored.astype(float), sharp.astype(float)
    scale = (given * wanted).sum() / (given**2).sum()
    luma = (wanted - scale * given) @ [0.299, 0.587, 0.114]
    assert aligned_psnr(restored, sharp) == pytest.approx(
        10 * math.log10(255**2 / (luma**2).mean())
    )


def test_what_a_shift_leaves_open_counts_as_equal() -> None:
    """All that lies over one another is equal but for the scale, settled before the shift."""
    sharp = np.full((16, 16, 3), 100, np.uint8)
    sharp[5, 6] = 250
    restored = np.full((16, 16, 3), 100, np.uint8)
    restored[7, 7] = 250
    restored[1, 9] = 0
    wanted, given = sharp.astype(float), restored.astype(float)
    scale = (given * wanted).sum() / (given**2).sum()
    error = ((1 - scale) * wanted[:14, :15, 0]) ** 2
    assert aligned_psnr(restored, sharp) == pytest.approx(
        10 * math.log10(255**2 / (error.sum() / 256))
    )


def test_the_best_frame_of_the_trajectory_counts(
    scene: NDArray[np.uint8], rng: np.random.Generator
) -> None:
    def noisy(amount: int) -> NDArray[np.uint8]:
        noise = rng.integers(-amount, amount + 1, scene.shape)
        return np.clip(scene.astype(int) + noise, 0, 255).astype(np.uint8)

    frames = [noisy(60), noisy(10), noisy(30)]
    best = best_trajectory_psnr(scene, iter(frames))
    assert best == max(aligned_psnr(scene, frame) for frame in frames)
    assert best == aligned_psnr(scene, frames[1])
    assert best > aligned_psnr(scene, frames[2]) + 5


def test_a_black_picture_has_a_figure(scene: NDArray[np.uint8]) -> None:
    assert 0 < aligned_psnr(np.zeros_like(scene), scene) < 10


def test_unequal_sizes_and_no_frames_are_refused(scene: NDArray[np.uint8]) -> None:
    with pytest.raises(ImageFormatError, match="expected pictures of one size"):
        best_trajectory_psnr(scene, [scene[:-1]])
    with pytest.raises(InputError, match="got none"):
        best_trajectory_psnr(scene, [])
