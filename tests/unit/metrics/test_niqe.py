"""NIQE against the figures of a published implementation."""

from __future__ import annotations

import numpy as np
import pytest

from unblur.errors import ImageFormatError
from unblur.metrics.niqe import natural_image_quality

pytest.importorskip("scipy")


def clouds(noise: float = 2) -> np.ndarray:
    """(200, 300, 3) uint8 pixels of smooth hills with some noise."""
    rng = np.random.default_rng(7)
    hills = rng.normal(size=(200, 300, 3)).cumsum(0).cumsum(1)
    levels = 255 * (hills - hills.min()) / (hills.max() - hills.min())
    return (levels + rng.normal(0, noise, levels.shape)).clip(0, 255).astype(np.uint8)


def test_niqe_is_that_of_basicsr() -> None:
    # basicsr 1.4.2, with the pristine model in its wheel:
    #   y = np.round(clouds() @ [65.481, 128.553, 24.966] / 255 + 16)
    #   basicsr.metrics.niqe.niqe(y, mu_pris_param, cov_pris_param, gaussian_window)
    assert natural_image_quality(clouds()) == pytest.approx(8.676852058450196, rel=1e-4)


def test_noise_is_less_natural() -> None:
    assert natural_image_quality(clouds(noise=40)) > natural_image_quality(clouds()) + 3


def test_a_picture_of_less_than_two_blocks_is_refused() -> None:
    natural_image_quality(clouds()[:96, :192])
    with pytest.raises(ImageFormatError, match=r"two blocks of 96x96 pixels, got .* 191x96"):
        natural_image_quality(clouds()[:96, :191])
