"""Clips of high rate, and the windows of frames that are averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pair_trees import sharp_pixels, write_files
from unblur.data.datasets import DATASETS
from unblur.data.datasets.clips import FrameClip, find_clip, frame_windows
from unblur.data.datasets.nfs import find_nfs
from unblur.errors import ConfigError, InputError


def nfs(root: Path, frame_count: int = 12) -> None:
    for scene in ("airboard_1", "basketball_2"):
        names = [f"{scene}/{number:05}.jpg" for number in range(1, frame_count + 1)]
        write_files(root / "NFS" / scene / "240", [*names, f"{scene}.txt"])
        write_files(root / "NFS" / scene / "30", names[::8])


def test_the_clips_of_nfs_are_those_at_240_frames_per_second(tmp_path: Path) -> None:
    nfs(tmp_path)
    clips = find_nfs(tmp_path)
    assert [(clip.name, len(clip.frames), clip.frame_rate) for clip in clips] == [
        ("airboard_1", 12, 240),
        ("basketball_2", 12, 240),
    ]
    assert DATASETS["nfs"].find_clips is find_nfs


def test_a_scene_without_its_frames_is_named(tmp_path: Path) -> None:
    nfs(tmp_path)
    write_files(tmp_path / "NFS" / "zebra" / "30" / "zebra", ["00001.jpg"])
    with pytest.raises(InputError, match=r"expected SCENE/240/SCENE/ .*; zebra lack it"):
        find_nfs(tmp_path)
    with pytest.raises(InputError, match="there are no folders"):
        find_nfs(tmp_path / "NFS" / "zebra" / "30" / "zebra")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "holds no frames"),
        (["00001.jpg", "00002.jpg", "00005.jpg"], r"after 00002\.jpg comes number 5; expected"),
        (["first.jpg"], "the frame first has no number"),
    ],
)
def test_what_is_no_whole_clip_is_named(tmp_path: Path, names: list[str], sentence: str) -> None:
    write_files(tmp_path, names)
    with pytest.raises(InputError, match=sentence):
        find_clip(tmp_path, 240)


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write_files(tmp_path, [f"frame{number}.jpg" for number in (8, 9, 10, 11)])
    frames = find_clip(tmp_path, 240).frames
    assert [path.stem for path in frames] == ["frame8", "frame9", "frame10", "frame11"]


def clip_of(count: int) -> FrameClip:
    return FrameClip("clip", tuple(Path(f"{number:05}.jpg") for number in range(count)), 240)


def test_windows_touch_and_have_their_sharp_frame_in_the_middle() -> None:
    windows = frame_windows(clip_of(17), 5)
    assert [window.name for window in windows] == ["clip/00002", "clip/00007", "clip/00012"]
    assert [path.stem for path in windows[1].frames] == [
        "00005",
        "00006",
        "00007",
        "00008",
        "00009",
    ]
    assert all(window.sharp.stem == window.name.split("/")[1] for window in windows)
    assert {window.scene for window in windows} == {"clip"}


def test_a_step_lets_windows_overlap() -> None:
    windows = frame_windows(clip_of(9), 5, step=2)
    assert [window.sharp.stem for window in windows] == ["00002", "00004", "00006"]


@pytest.mark.parametrize("window", [1, 4, 19])
def test_a_window_without_a_middle_or_too_long_is_refused(window: int) -> None:
    with pytest.raises(ConfigError, match="odd number of frames, from 3 to 17 for the clip clip"):
        frame_windows(clip_of(17), window)


def test_the_frames_of_a_window_are_read_one_by_one(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(sharp_pixels(number)).save(tmp_path / f"{number}.png")
    (window,) = frame_windows(find_clip(tmp_path, 240), 3)
    frames = window.read_frames()
    assert np.array_equal(next(frames), sharp_pixels(0))
    assert [np.array_equal(it, sharp_pixels(at)) for at, it in enumerate(frames, 1)] == [True, True]
