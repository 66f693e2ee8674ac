"""Where one scene ends and another begins."""

import numpy as np
import pytest

from unblur.images.scene_cuts import is_cut


def scene(seed, low, high):
    small = np.random.default_rng(seed).integers(low, high, (12, 20, 3))
    return np.kron(small, np.ones((16, 16, 1))).astype(np.uint8)


@pytest.mark.parametrize("depth", [1, 257])
def test_a_pan_is_no_cut_and_another_scene_is_one(depth):
    kind = np.uint8 if depth == 1 else np.uint16
    first, other = (scene(*it).astype(kind) * kind(depth) for it in ((0, 0, 200), (1, 90, 256)))
    assert not is_cut(first, np.roll(first, 40, axis=1))
    assert not is_cut(first, first)
    assert is_cut(first, other)


def test_small_frames_can_be_compared():
    assert is_cut(np.zeros((2, 3, 3), np.uint8), np.full((2, 3, 3), 90, np.uint8))
