"""Crops of pairs in the form of the pair cache."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("cv2")

from tests.pair_trees import write_folder_pairs, write_pair
from unblur.data.packing import UNKNOWN_PATH_PX, pack_pairs
from unblur.data.pair_cache import open_pair_cache
from unblur.data.pair_files import PairFiles, find_folder_pairs
from unblur.data.pair_reader import PairReader
from unblur.errors import ConfigError, InputError, OutputError

pytestmark = pytest.mark.torch


@pytest.fixture
def pairs(tmp_path: Path) -> list[PairFiles]:
    write_folder_pairs(tmp_path / "data", [f"{index:02}" for index in range(20)])
    return find_folder_pairs(tmp_path / "data")


def test_packed_crops_are_those_of_the_reader(tmp_path: Path, pairs: list[PairFiles]) -> None:
    told: list[tuple[int, int]] = []
    left_out = pack_pairs(
        pairs,
        tmp_path / "packed",
        size_px=16,
        crops_per_pair=3,
        seed=5,
        report=lambda done, of: told.append((done, of)),
    )
    cache = open_pair_cache(tmp_path / "packed")
    assert cache.pairs.shape == (60, 2, 16, 16, 3)
    reader = PairReader(pairs, 16, seed=5)
    wanted = [crop for number in range(20) for crop in reader.crops(number, 3)]
    assert np.array_equal(cache.pairs, np.array(wanted))
    assert not left_out
    assert told[-1] == (20, 20)


def test_path_lengths_say_blurred_or_sharp(tmp_path: Path, pairs: list[PairFiles]) -> None:
    sharp = [PairFiles("sharp", pairs[0].sharp, pairs[0].sharp)]
    pack_pairs(pairs[:3] + sharp, tmp_path / "out", size_px=16, crops_per_pair=1)
    cache = open_pair_cache(tmp_path / "out")
    assert sorted(cache.path_px) == [0, *[UNKNOWN_PATH_PX] * 3]
    assert not cache.is_straight.any()


def test_a_broken_pair_is_told_and_the_number_of_crops_kept(
    tmp_path: Path, pairs: list[PairFiles]
) -> None:
    hundred = [PairFiles(f"{at}", it.blurry, it.sharp) for at, it in enumerate(pairs * 5)]
    hundred[7] = PairFiles("bad", tmp_path / "bad.png", pairs[0].sharp)
    left_out = pack_pairs(hundred, tmp_path / "out", size_px=16, crops_per_pair=2)
    assert list(left_out) == [hundred[7]]
    assert "bad.png" in left_out[hundred[7]]
    assert len(open_pair_cache(tmp_path / "out").pairs) == 200


def test_a_failure_leaves_nothing_behind(tmp_path: Path, pairs: list[PairFiles]) -> None:
    missing = PairFiles("gone", tmp_path / "gone.png", tmp_path / "gone.png")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="are broken"):
        pack_pairs([*pairs, missing], tmp_path / "out", size_px=16, crops_per_pair=2)
    with pytest.raises(ConfigError, match="crop of 64x64"):
        pack_pairs(pairs, tmp_path / "out", size_px=64, crops_per_pair=2)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_there_is_kept(tmp_path: Path, pairs: list[PairFiles]) -> None:
    with pytest.raises(OutputError, match="is there already"):
        pack_pairs(pairs, tmp_path / "data", size_px=16, crops_per_pair=1)


def test_a_folder_above_that_is_missing_is_told(tmp_path: Path, pairs: list[PairFiles]) -> None:
    with pytest.raises(OutputError, match="there is no folder .*new; make it first"):
        pack_pairs(pairs, tmp_path / "new" / "out", size_px=16, crops_per_pair=1)


def test_a_disk_that_is_too_full_is_told_before_the_work(
    tmp_path: Path, pairs: list[PairFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2_000_000_000))
    with pytest.raises(OutputError, match=r"would take 393\.2 GB, and 2\.0 GB are free"):
        pack_pairs(pairs, tmp_path / "out", size_px=256, crops_per_pair=50_000)
    assert not (tmp_path / "out").exists()


def test_pairs_of_unlike_sizes_go_into_one_file(tmp_path: Path) -> None:
    write_folder_pairs(tmp_path, ["small"])
    write_pair(tmp_path / "blurry" / "other.jpg", tmp_path / "sharp" / "other.png", 3)
    pack_pairs(find_folder_pairs(tmp_path), tmp_path / "out", size_px=40, crops_per_pair=1)
    assert open_pair_cache(tmp_path / "out").pairs.shape == (2, 2, 40, 40, 3)
