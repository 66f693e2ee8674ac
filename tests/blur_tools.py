"""Scenes and options for tests of blur synthesis."""

from __future__ import annotations

from typing import Any

import numpy as np

from unblur.data.blur_synthesis import BlurOptions

SHARES = [name for name in BlurOptions.model_fields if name.endswith("_share")]


def scene(height: int = 128, seed: int = 0, width: int | None = None) -> np.ndarray:
    """Squares of 8 px in random colours."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (-(-height // 8), -(-(width or height) // 8), 3), np.uint8)
    return np.kron(small, np.ones((8, 8, 1), np.uint8))[:height, : width or height]


def only(**shares: Any) -> BlurOptions:
    """Options with every share at zero but those given."""
    return BlurOptions(**(dict.fromkeys(SHARES, 0.0) | shares))
