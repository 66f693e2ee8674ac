"""Pairs made once and read many times."""

import multiprocessing
import shutil
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from unblur.data.blur_synthesis import BlurOptions  # noqa: E402
from unblur.data.pair_cache import (  # noqa: E402
    build_pair_cache,
    open_pair_cache,
)
from unblur.errors import InputError, OutputError  # noqa: E402

pytestmark = pytest.mark.torch
_FEW: dict[str, Any] = {"pair_count": 1, "size_px": 16, "options": BlurOptions(), "seed": 1}


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
    with pytest.raises(InputError, match=r"no p\w+ .*in .*photos among "):
        build_pair_cache(
            tmp_path / "photos",
            tmp_path / "cache",
            pair_count=1,
            size_px=16,
            options=BlurOptions(),
            seed=1,
            processes=1,
        )
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("name", "held_out"), [("00.png", False), ("01.png", True)])
def test_a_damaged_photo_of_the_other_part_is_told_before_anything_is_made(
    photos: Path, tmp_path: Path, name: str, held_out: bool
) -> None:
    (photos / name).write_bytes(b"rubbish")
    with pytest.raises(InputError, match=rf"1 of the 22 pictures .* are damaged.*{name}"):
        build_pair_cache(photos, tmp_path / "cache", **_FEW, held_out=held_out, processes=1)
    assert not (tmp_path / "cache").exists()


def test_a_folder_of_photos_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=r"there is no file or folder '.*nowhere'"):
        build_pair_cache(tmp_path / "nowhere", tmp_path / "cache", **_FEW)
    assert not (tmp_path / "cache").exists()


def test_pairs_larger_than_the_photos_are_refused(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no picture of 632 px or more in .*photos"):
        build_pair_cache(photos, tmp_path / "cache", **_FEW | {"size_px": 600}, processes=1)


def test_drawn_scenes_are_as_large_as_their_pairs_need(tmp_path: Path) -> None:
    build_pair_cache("drawn", tmp_path, **_FEW | {"size_px": 620}, held_out=True, processes=1)
    assert open_pair_cache(tmp_path).pairs.shape == (1, 2, 620, 620, 3)


def test_a_folder_that_cannot_be_made_is_told(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*file.train: Not a dir"):
        build_pair_cache(photos, tmp_path / "file" / "train", **_FEW)


def test_a_stop_while_workers_begin_leaves_none_behind(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = BaseProcess.start

    def begin_and_stop(process: BaseProcess) -> None:
        begin(process)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(BaseProcess, "start", begin_and_stop)
    with pytest.raises(KeyboardInterrupt):
        build_pair_cache(photos, tmp_path / "cache", processes=1, **_FEW)
    left = multiprocessing.active_children()
    for process in left:
        process.kill()
    assert left == []
    assert not (tmp_path / "cache" / "pairs.npy").exists()


def test_a_disk_that_is_too_full_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2_000_000))
    few = _FEW | {"pair_count": 3000}
    with pytest.raises(OutputError, match=r"would take 41\.5 GB, and 2\.0 MB are free"):
        build_pair_cache("drawn", tmp_path / "train", **few | {"size_px": 1518})


@pytest.mark.parametrize("name", ["pairs.npy", "path_px.npy", "is_straight.npy"])
@pytest.mark.parametrize("left", [0, 100, 140])
def test_a_damaged_cache_is_named(tmp_path: Path, name: str, left: int) -> None:
    np.save(tmp_path / "pairs.npy", np.zeros((20, 2, 16, 16, 3), np.uint8))
    np.save(tmp_path / "path_px.npy", np.zeros(20, np.float32))
    np.save(tmp_path / "is_straight.npy", np.zeros(20, bool))
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:left])
    with pytest.raises(InputError, match=r"the pairs in .* are damaged: .*; delete that folder"):
        open_pair_cache(tmp_path)
