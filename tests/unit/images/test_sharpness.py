"""How blurred a picture is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unblur.images.sharpness import worst_blur


def scene(height: int = 192, width: int = 288) -> np.ndarray:
    """Squares of random colours with hard edges."""
    small = np.random.default_rng(0).integers(0, 256, (height // 4, width // 4, 3))
    return np.kron(small, np.ones((4, 4, 1), int)).astype(np.uint8)


def smear(pixels: np.ndarray, length: int) -> np.ndarray:
    """Horizontal motion blur."""
    shifted = [np.roll(pixels.astype(float), shift, axis=1) for shift in range(length)]
    return np.mean(shifted, axis=0).astype(np.uint8)


def test_blur_grows_with_motion() -> None:
    blurs = [worst_blur(smear(scene(), length)) for length in (1, 3, 5, 9, 13)]
    assert blurs == sorted(blurs)
    assert blurs[0] < 0.3
    assert blurs[2] > 0.42


def test_one_blurred_corner_is_enough() -> None:
    pixels = scene()
    pixels[-48:, -48:] = smear(scene(), 9)[-48:, -48:]
    assert worst_blur(pixels) > worst_blur(scene()) + 0.2


def test_both_directions_and_both_depths_count_the_same() -> None:
    across = smear(scene(), 7)
    along = np.ascontiguousarray(smear(scene(), 7).transpose(1, 0, 2))
    assert abs(worst_blur(across) - worst_blur(along)) < 0.05
    assert abs(worst_blur(across.astype(np.uint16) * 257) - worst_blur(across)) < 1e-5


@given(height=st.integers(1, 40), width=st.integers(1, 40), level=st.integers(0, 255))
def test_a_picture_that_says_nothing_counts_as_blurred(height: int, width: int, level: int) -> None:
    assert worst_blur(np.full((height, width, 3), level, np.uint8)) == 1.0
