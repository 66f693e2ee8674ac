"""Pairs made once and read many times."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from unblur.data.blur_synthesis import BlurOptions  # noqa: E402
from unblur.data.pair_cache import (  # noqa: E402
    build_pair_cache,
    open_pair_cache,
)
from unblur.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(22):
        rng = np.random.default_rng(index)
        small = rng.integers(0, 256, (76, 80, 3), np.uint8)
        picture = cv2.resize(small, (640, 608), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{index:02}.png"), picture)
    return folder


def test_a_cache_is_the_same_with_one_process_and_two(photos, tmp_path):
    for processes in (1, 2):
        build_pair_cache(
            photos,
            tmp_path / str(processes),
            pair_count=6,
            size_px=48,
            options=BlurOptions(),
            seed=3,
            processes=processes,
        )
    first, second = open_pair_cache(tmp_path / "1"), open_pair_cache(tmp_path / "2")
    assert first.pairs.shape == (6, 2, 48, 48, 3)
    assert np.array_equal(first.pairs, second.pairs)
    assert np.array_equal(first.path_px, second.path_px)
    assert not np.array_equal(first.pairs[:, 0], first.pairs[:, 1])


def test_an_unfinished_cache_is_not_opened(tmp_path):
    with pytest.raises(InputError, match="holds no finished pair cache"):
        open_pair_cache(tmp_path)


def test_photos_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(InputError, match=r"no p\w+ .*in .*photos; "):
        build_pair_cache(
            tmp_path / "photos",
            tmp_path / "cache",
            pair_count=1,
            size_px=16,
            options=BlurOptions(),
            seed=1,
            processes=1,
        )
