"""Crops of pairs in the form of the pair cache."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("cv2")

from tests.pair_trees import write_folder_pairs, write_pair
from unblur.data.packing import UNKNOWN_PATH_PX, pack_pairs, pack_split
from unblur.data.pair_cache import open_pair_cache
from unblur.data.pair_files import PairFiles, find_folder_pairs
from unblur.data.pair_reader import PairReader
from unblur.data.splits import split_by_scene
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


def test_whole_scenes_are_held_out_with_one_crop_of_each_pair(
    tmp_path: Path, pairs: list[PairFiles]
) -> None:
    scenes = [
        PairFiles(it.name, it.blurry, it.sharp, f"scene {at // 4}") for at, it in enumerate(pairs)
    ]
    told: list[tuple[int, int]] = []
    target = tmp_path / "packed"
    numbers = {"size_px": 40, "crops_per_pair": 2, "held_out_share": 0.3, "seed": 1}
    pack_split(scenes, target, **numbers, report=lambda done, of: told.append((done, of)))
    train, held_out = (open_pair_cache(target / part).pairs for part in ("train", "held_out"))
    assert (len(train), len(held_out)) == (24, 8)
    assert (told[0][1], told[-1]) == (20, (20, 20))
    assert told == sorted(told)
    expected = PairReader(split_by_scene(scenes, 0.3, seed=1)[1], 40, seed=1)
    assert np.array_equal(held_out, np.array(list(expected)))


def test_a_share_of_nothing_holds_nothing_out(tmp_path: Path, pairs: list[PairFiles]) -> None:
    target = tmp_path / "packed"
    pack_split(pairs, target, size_px=16, crops_per_pair=1, held_out_share=0)
    assert [path.name for path in target.iterdir()] == ["train"]


def test_one_percent_is_of_the_whole_set_not_of_what_is_held_out(
    tmp_path: Path, pairs: list[PairFiles]
) -> None:
    hundred = [PairFiles(f"{at}", it.blurry, it.sharp) for at, it in enumerate(pairs * 5)]
    bad = split_by_scene(hundred, 0.05, seed=0)[1][0]
    place = hundred.index(bad)
    hundred[place] = PairFiles(bad.name, tmp_path / "bad.png", bad.sharp)
    options = {"size_px": 16, "crops_per_pair": 1, "held_out_share": 0.05}
    assert list(pack_split(hundred, tmp_path / "out", **options)) == [hundred[place]]
    hundred[place - 1] = PairFiles("other", tmp_path / "bad.png", bad.sharp)
    with pytest.raises(InputError, match="more than 1 % of the set"):
        pack_split(hundred, tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


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
    with pytest.raises(OutputError, match=r"there is no folder .*new; make it first"):
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
