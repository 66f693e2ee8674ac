"""Synthetic blur: reproducible, aligned, and of the kinds that are asked for."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from unblur.data.blur_synthesis import (
    BlurOptions,
    random_camera_path,
    synthesize_pair,
)

pytestmark = pytest.mark.torch


def scene(side=128, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    return np.kron(small, np.ones((8, 8, 1), np.uint8))


def only(**shares):
    """Options with every share at zero but those given."""
    names = [name for name in BlurOptions.model_fields if name.endswith("_share")]
    return BlurOptions(**(dict.fromkeys(names, 0.0) | shares))


def test_the_same_seed_gives_the_same_pair():
    pairs = [synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(pairs[0].blurry, pairs[1].blurry)
    assert np.array_equal(pairs[0].sharp, pairs[1].sharp)


def test_a_sharp_pair_is_two_equal_pictures():
    pair = synthesize_pair(scene(), [], np.random.default_rng(0), only(sharp_share=1.0))
    assert np.array_equal(pair.blurry, pair.sharp)
    assert np.array_equal(pair.sharp, scene()[16:-16, 16:-16])
    assert pair.path_px == 0


@pytest.mark.parametrize("seed", range(8))
def test_blurry_and_sharp_are_aligned(seed):
    """No shift of the blurry picture by a pixel or two fits the sharp one better."""
    rng = np.random.default_rng(seed)
    pair = synthesize_pair(scene(seed=seed), [], rng, only(straight_share=1.0))
    blurry, sharp = pair.blurry.astype(float), pair.sharp.astype(float)

    def error(down, right):
        shifted = np.roll(blurry, (down, right), axis=(0, 1))
        return ((shifted - sharp)[4:-4, 4:-4] ** 2).mean()

    here = error(0, 0)
    assert all(here <= error(*s) for s in [(2, 0), (-2, 0), (0, 2), (0, -2), (2, 2), (-2, -2)])
    assert pair.is_straight
    assert here > 0


def test_longer_paths_blur_more():
    def error(mean_path_px):
        options = only(mean_path_px=mean_path_px, maximum_path_px=60)
        pairs = [
            synthesize_pair(scene(seed=seed), [], np.random.default_rng(seed), options)
            for seed in range(12)
        ]
        return np.mean([((p.blurry.astype(float) - p.sharp) ** 2).mean() for p in pairs])

    assert error(3) < error(8) < error(24)


@pytest.mark.parametrize("share", ["defocus_share", "layer_share", "highlight_share", "jpeg_share"])
def test_every_kind_gives_a_pair_that_differs_from_plain_blur(share):
    plain = synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(3), only())
    pair = synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(3), only(**{share: 1.0}))
    assert pair.blurry.shape == pair.sharp.shape == (96, 96, 3)
    assert pair.blurry.dtype == np.uint8
    assert not np.array_equal(pair.blurry, plain.blurry)


def test_nothing_moves_at_the_middle_of_the_exposure():
    path = random_camera_path(np.random.default_rng(0), length_px=20, size_px=100)
    assert np.allclose(path.at(0.0, 100, 100), [[1, 0, 0], [0, 1, 0]])


def test_a_straight_path_is_as_long_as_it_says():
    path = random_camera_path(np.random.default_rng(0), length_px=20, size_px=100, straight=True)
    ends = path.at(1.0, 100, 100) - path.at(-1.0, 100, 100)
    assert np.linalg.norm(ends[:, 2]) == pytest.approx(20)
    assert path.length_px(100, 100) == pytest.approx(20)
