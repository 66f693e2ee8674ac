"""The same crop for the same number, broken pairs left out, and limits told."""

from __future__ import annotations

import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pair_trees import sharp_pixels, write_folder_pairs
from unblur.data.pair_files import PairFiles, find_folder_pairs
from unblur.data.pair_reader import PairReader
from unblur.errors import ConfigError, InputError


@pytest.fixture
def pairs(tmp_path: Path) -> list[PairFiles]:
    write_folder_pairs(tmp_path, ["a", "b", "c", "d", "e"])
    return find_folder_pairs(tmp_path)


def many(pairs: list[PairFiles], broken: PairFiles | None = None) -> list[PairFiles]:
    """A hundred pairs on the same few files, the 40th of them perhaps `broken`."""
    hundred = [
        PairFiles(f"{index}", pair.blurry, pair.sharp)
        for index, pair in enumerate(pairs * (100 // len(pairs)))
    ]
    if broken is not None:
        hundred[40] = broken
    return hundred


def test_a_crop_is_the_same_place_of_both_pictures(pairs: list[PairFiles]) -> None:
    sharp_ones = [sharp_pixels(seed) for seed in range(5)]
    blurry_ones = [np.asarray(Image.open(pair.blurry)) for pair in pairs]
    for blurry, sharp in PairReader(pairs, 16, seed=1):
        assert blurry.shape == sharp.shape == (16, 16, 3)
        (place,) = [
            (index, top, left)
            for index, whole in enumerate(sharp_ones)
            for top in range(25)
            for left in range(45)
            if np.array_equal(whole[top : top + 16, left : left + 16], sharp)
        ]
        index, top, left = place
        assert np.array_equal(blurry_ones[index][top : top + 16, left : left + 16], blurry)


def test_a_number_gives_the_same_crop_whatever_was_read_before(pairs: list[PairFiles]) -> None:
    reader = PairReader(pairs, 16, seed=1)
    numbers = [0, 3, 7, 12, 123_456_789]
    first = [reader[number] for number in numbers]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(reader.__getitem__, numbers))
    sent = pickle.loads(pickle.dumps(reader))
    backwards = [PairReader(pairs, 16, seed=1)[number] for number in numbers[::-1]][::-1]
    for other in (threaded, [sent[number] for number in numbers], backwards):
        assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_each_pass_shows_every_pair_once_in_another_order(pairs: list[PairFiles]) -> None:
    reader = PairReader(pairs, 40, seed=0)
    wide = [sharp_pixels(seed) for seed in range(5)]

    def seed_of(crop: np.ndarray) -> int:
        starts = range(21)
        return next(
            seed
            for seed, whole in enumerate(wide)
            if any(np.array_equal(whole[:, left : left + 40], crop) for left in starts)
        )

    passes = [[seed_of(reader[turn * 5 + at][1]) for at in range(5)] for turn in range(4)]
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in passes)
    assert len({tuple(order) for order in passes}) > 1


def test_another_seed_gives_other_crops(pairs: list[PairFiles]) -> None:
    first, second = (PairReader(pairs, 16, seed) for seed in (1, 2))
    assert not all(np.array_equal(first[at][1], second[at][1]) for at in range(5))


@pytest.mark.parametrize("damage", ["cut", "unequal", "gone"])
def test_a_broken_pair_is_named_left_out_and_replaced_by_the_next(
    tmp_path: Path, pairs: list[PairFiles], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "broken.png"
    Image.fromarray(sharp_pixels(9, height=30)).save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "gone":
        path.unlink()
    bad = PairFiles("bad one", path, pairs[0].sharp)
    hundred = many(pairs, bad)
    reader, whole = PairReader(hundred, 16, seed=4), PairReader(many(pairs), 16, seed=4)
    with caplog.at_level(logging.WARNING):
        crops = list(reader)
    (warning,) = caplog.records
    assert "bad one" in warning.getMessage()
    assert str(path) in warning.getMessage()
    assert list(reader.broken) == [bad]
    differ = [not np.array_equal(a, b) for a, b in zip(crops, whole, strict=True)]
    assert sum(differ) == 1
    at = differ.index(True)
    again = PairReader(hundred, 16, seed=4)
    assert np.array_equal(crops[at], again[at])


def test_more_than_one_percent_broken_is_fatal(tmp_path: Path, pairs: list[PairFiles]) -> None:
    hundred = many(pairs, PairFiles("x", tmp_path / "x.png", pairs[0].sharp))
    hundred[41] = PairFiles("y", tmp_path / "y.png", pairs[0].sharp)
    reader = PairReader(hundred, 16)
    with pytest.raises(InputError, match=r"2 of 100 pairs are broken, more than 1 %.*x\.png"):
        list(reader)


def test_a_set_that_is_all_broken_ends_whatever_is_allowed(
    tmp_path: Path, pairs: list[PairFiles]
) -> None:
    gone = [PairFiles(pair.name, tmp_path / "gone.png", pair.sharp) for pair in pairs]
    with pytest.raises(InputError, match="5 of 5 pairs are broken"):
        _ = PairReader(gone, 16, broken_limit=10)[0]


def test_a_crop_larger_than_a_picture_names_it_and_both_sizes(pairs: list[PairFiles]) -> None:
    with pytest.raises(ConfigError, match=r"crop of 48x48 pixels from .*\.png, which is 60x40;"):
        _ = PairReader(pairs, 48)[0]


def test_no_pairs_are_refused() -> None:
    with pytest.raises(InputError, match="got none"):
        PairReader([], 16)


def test_numbers_begin_at_zero(pairs: list[PairFiles]) -> None:
    with pytest.raises(IndexError):
        _ = PairReader(pairs, 16)[-1]
