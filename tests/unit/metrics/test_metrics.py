"""PSNR and SSIM against numbers worked by hand and against scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unblur.errors import ImageFormatError
from unblur.metrics.psnr import peak_signal_noise_ratio, psnr_gain
from unblur.metrics.ssim import structural_similarity

skimage_metrics = pytest.importorskip("skimage.metrics")


def test_psnr_by_hand() -> None:
    grey = np.full((4, 4, 3), 100, np.uint8)
    one_off = grey.copy()
    one_off[0, 0, 0] = 104  # 16 / 48 = a third
    assert peak_signal_noise_ratio(one_off, grey) == pytest.approx(
        10 * math.log10(255**2 * 3), abs=1e-6
    )
    assert peak_signal_noise_ratio(grey, grey) == math.inf
    assert peak_signal_noise_ratio(np.zeros_like(grey), np.full_like(grey, 255)) == 0


def test_both_agree_with_scikit_image(rng: np.random.Generator) -> None:
    sharp = rng.integers(0, 256, (32, 48, 3), np.uint8)
    noisy = np.clip(sharp + rng.normal(0, 12, sharp.shape), 0, 255).astype(np.uint8)
    assert peak_signal_noise_ratio(noisy, sharp) == pytest.approx(
        skimage_metrics.peak_signal_noise_ratio(sharp, noisy), abs=1e-4
    )
    assert structural_similarity(noisy, sharp) == pytest.approx(
        np.mean(
            [skimage_metrics.structural_similarity(sharp[..., c], noisy[..., c]) for c in range(3)]
        )
    )
    assert structural_similarity(sharp, sharp) == 1


def test_pictures_of_two_sizes_are_refused() -> None:
    small, large = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(ImageFormatError, match=r"of one size, got \(4, 4, 3\) and \(4, 5, 3\)"):
        peak_signal_noise_ratio(small, large)


def test_gains_by_hand() -> None:
    assert psnr_gain(26.0, 24.5) == 1.5
    assert psnr_gain(math.inf, 24.5) == math.inf
    assert psnr_gain(24.5, math.inf) == -math.inf
    assert psnr_gain(math.inf, math.inf) == 0


def test_ssim_of_pictures_smaller_than_its_window_is_refused() -> None:
    small = np.zeros((6, 40, 3), np.uint8)
    with pytest.raises(ImageFormatError, match="SSIM needs two pictures of one size, at least 7x7"):
        structural_similarity(small, small)
