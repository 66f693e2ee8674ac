"""What a batch holds as the run goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.training_tools import PAIR_PX, small_run  # noqa: E402
from unblur.data.pair_cache import PairCache, open_pair_cache  # noqa: E402
from unblur.training.batches import BatchSampler, random_crop  # noqa: E402

pytestmark = pytest.mark.torch


def sampler(tmp_path: Path, **changes: object) -> BatchSampler:
    options = small_run(tmp_path, **changes)
    return BatchSampler(open_pair_cache(options.data.cache / "train"), options)


def test_crops_grow_and_the_work_stays(tmp_path: Path) -> None:
    drawn = sampler(tmp_path, batch_size=4, crop_px=32, first_crop_px=16)
    assert [drawn.crop_px(progress) for progress in (0, 0.3, 0.6, 1)] == [16, 16, 32, 32]
    first, _ = drawn.draw(0, np.random.default_rng(0))
    last, _ = drawn.draw(1, np.random.default_rng(0))
    assert (first.shape, last.shape) == ((16, 3, 16, 16), (4, 3, 32, 32))
    assert 0 <= float(first.min()) < float(first.max()) <= 1


def test_the_mixture_comes_in_and_the_paths_grow(tmp_path: Path) -> None:
    drawn = sampler(tmp_path)
    assert [drawn.mixture_share(at) for at in (0, 0.02, 0.3, 1)] == pytest.approx(
        [0, 0, 0.92, 0.92]
    )
    assert drawn.path_limit_px(0) == 6
    assert drawn.path_limit_px(0.175) == pytest.approx(35)
    assert drawn.path_limit_px(0.35) == float("inf")


def test_at_the_start_only_short_straight_blur_comes(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    pairs = np.zeros((4, 2, PAIR_PX, PAIR_PX, 3), np.uint8)
    pairs += np.array([10, 20, 30, 40], np.uint8)[:, None, None, None, None]
    cache = PairCache(
        pairs, np.array([3, 30, 2, 5], np.float32), np.array([True, True, False, True])
    )
    blurry, _ = BatchSampler(cache, options).draw(0, np.random.default_rng(1))
    assert set((blurry * 255).round().unique().tolist()) <= {10, 40}


def test_both_pictures_of_a_pair_are_cropped_and_turned_alike() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (40, 40, 3), np.uint8)
    pair = np.stack([picture, 255 - picture])
    seen = set()
    for _ in range(20):
        blurry, sharp = random_crop(pair, 16, rng)
        assert np.array_equal(blurry, 255 - sharp)
        seen.add(blurry.tobytes())
    assert len(seen) == 20


def test_the_same_chance_gives_the_same_batch(tmp_path: Path) -> None:
    drawn = sampler(tmp_path)
    first, again, other = (drawn.draw(1, np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
