"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np

from unblur.images.arrays import Pixels, check_one_size


def peak_signal_noise_ratio(restored: Pixels, sharp: Pixels) -> float:
    """PSNR in dB of two (H, W, 3) uint8 pictures; infinite for equal ones.

    10 log10(255^2 / MSE), the mean over all pixels and channels.
    Raises ImageFormatError when their shapes differ.

    >>> grey = np.full((2, 2, 3), 100, np.uint8)
    >>> round(peak_signal_noise_ratio(grey, grey + 1), 2)
    48.13
    """
    check_one_size(restored, sharp)
    mse = float(np.mean((restored.astype(np.float32) - sharp.astype(np.float32)) ** 2))
    return math.inf if mse == 0 else 10 * math.log10(255**2 / mse)


def psnr_gain(after_db: float, before_db: float) -> float:
    """How much nearer a picture has come, in dB; 0 where nothing changed, infinite ones too."""
    return 0.0 if after_db == before_db else after_db - before_db
