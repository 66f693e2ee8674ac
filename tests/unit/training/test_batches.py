"""What a batch holds as the run goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.training_tools import PAIR_PX, small_run  # noqa: E402
from unblur.data.pair_cache import PairCache, open_pair_cache  # noqa: E402
from unblur.errors import ConfigError  # noqa: E402
from unblur.training.batches import CachedBatches, Moment, draw_crop, load_batches  # noqa: E402
from unblur.training.config import DataOptions  # noqa: E402
from unblur.training.curriculum import Curriculum  # noqa: E402
from unblur.training.device_batches import DeviceBatches  # noqa: E402

pytestmark = pytest.mark.torch


def dataset(tmp_path: Path, **changes: object) -> CachedBatches:
    options = small_run(tmp_path, **changes)
    return CachedBatches(open_pair_cache(options.data.cache / "train"), options)


def test_crops_grow_and_the_work_stays(tmp_path: Path) -> None:
    changes = {"batch_size": 4, "crop_px": 64, "first_crop_px": 32}
    drawn = dataset(tmp_path, **changes)
    curriculum = Curriculum(small_run(tmp_path, **changes))
    assert [curriculum.crop_px(progress) for progress in (0, 0.3, 0.6, 1)] == [32, 32, 64, 64]
    first, last = drawn[Moment(0, 0.0)], drawn[Moment(1, 1.0)]
    assert (first.blurry.shape, last.sharp.shape) == ((16, 3, 32, 32), (4, 3, 64, 64))
    assert (first.blurry.dtype, len(first.pairs)) == (torch.uint8, 16)
    ready = first.to(torch.device("cpu"))
    assert torch.equal(ready.sharp, first.sharp.float() / 255)


def test_crops_grow_by_what_the_network_takes(tmp_path: Path) -> None:
    changes = {"network": "live_large", "crop_px": 192, "first_crop_px": 80}
    data = small_run(tmp_path).data.model_copy(update={"pair_px": 208})
    curriculum = Curriculum(small_run(tmp_path, data=data, **changes))
    sizes = [curriculum.crop_px(progress / 10) for progress in range(8)]
    assert sizes == [64, 96, 96, 128, 128, 160, 192, 192]


def test_a_share_of_a_batch_comes_in_sharp(tmp_path: Path) -> None:
    drawn = dataset(tmp_path, batch_size=4, first_crop_px=None)[Moment(0, 1.0)]
    batch = drawn.to(torch.device("cpu"))
    assert batch.came_sharp().tolist() == [False] * 4
    half = batch.with_sharp(0.5)
    assert half.came_sharp().tolist() == [True, True, False, False]
    assert torch.equal(half.blurry[2:], batch.blurry[2:])
    assert torch.equal(batch.with_sharp(0).blurry, batch.blurry)


def test_the_mixture_comes_in_and_the_paths_grow(tmp_path: Path) -> None:
    drawn = Curriculum(small_run(tmp_path))
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
    batch = CachedBatches(cache, options)[Moment(0, 0.0)]
    assert set(batch.blurry.unique().tolist()) <= {10, 40}
    assert set(batch.pairs) <= {0, 3}


def test_both_pictures_of_a_pair_are_cropped_and_turned_alike() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (40, 40, 3), np.uint8)
    pair = np.stack([picture, 255 - picture])
    seen = set()
    for _ in range(20):
        blurry, sharp = draw_crop(pair.shape[1:3], 16, rng).cut(pair)
        assert np.array_equal(blurry, 255 - sharp)
        seen.add(blurry.tobytes())
    assert len(seen) == 20


def test_the_same_moment_gives_the_same_batch(tmp_path: Path) -> None:
    drawn = dataset(tmp_path)
    first, again = drawn[Moment(3, 1.0)], drawn[Moment(3, 1.0)]
    assert torch.equal(first.blurry, again.blurry)
    for other in (Moment(4, 1.0), Moment(3, 1.0, rank=1)):
        assert not torch.equal(first.blurry, drawn[other].blurry)


def test_workers_draw_what_the_process_itself_would(tmp_path: Path) -> None:
    drawn, device = dataset(tmp_path), torch.device("cpu")
    moments = [Moment(step, step / 8) for step in range(8)]
    alone, ahead = (load_batches(drawn, moments, device, workers) for workers in (0, 1))
    for first, second in zip(alone, ahead, strict=True):
        assert torch.equal(first.blurry, second.blurry)
        assert first.pairs == second.pairs


@pytest.mark.parametrize("frame_count", [1, 3])
def test_a_device_cuts_what_workers_would(tmp_path: Path, frame_count: int) -> None:
    data = {"cache_on_device": True, "frame_count": frame_count, "cache": tmp_path / "wide"}
    run = small_run(tmp_path, batch_size=24, crop_px=32, first_crop_px=16)
    options = run.model_copy(update={"data": run.data.model_copy(update=data)})
    shape = (6, 2, 64, 80, 3) if frame_count == 1 else (6, 2, frame_count, 64, 80, 3)
    pairs = np.random.default_rng(5).integers(0, 256, shape, np.uint8)
    cache = PairCache(pairs, np.arange(6, dtype=np.float32), np.arange(6) < 3)
    drawn, held = CachedBatches(cache, options), DeviceBatches(cache, options)
    assert held.pair_count == drawn.pair_count == 6
    for step, progress in ((0, 0.0), (1, 0.5), (2, 1.0)):
        moment, device = Moment(step, progress), torch.device("cpu")
        wanted, given = drawn[moment].to(device), held[moment].to(device)
        assert torch.equal(given.blurry, wanted.blurry)
        assert torch.equal(given.sharp, wanted.sharp)
        assert given.pairs == wanted.pairs


def test_pairs_that_do_not_fit_on_the_device_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError

    options = small_run(tmp_path)
    held = DeviceBatches(open_pair_cache(options.data.cache / "train"), options)
    chosen = held[Moment(0, 0.0)]
    monkeypatch.setattr(torch, "empty", no_memory)
    with pytest.raises(ConfigError, match=r"the pairs take 0\.0 GB.*set data\.cache_on_device to"):
        chosen.to(torch.device("cpu"))


def test_pairs_made_on_the_way_are_not_held_by_a_device(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds the pairs of the cache.*synthesis is 'workers'"):
        DataOptions(cache=tmp_path, cache_on_device=True, synthesis="workers")


def test_a_cache_of_one_kind_is_enough(tmp_path: Path) -> None:
    options = small_run(tmp_path)
    pairs = np.zeros((2, 2, PAIR_PX, PAIR_PX, 3), np.uint8)
    cache = PairCache(pairs, np.array([30, 40], np.float32), np.array([False, False]))
    assert set(CachedBatches(cache, options)[Moment(0, 0.0)].pairs) == {0}
