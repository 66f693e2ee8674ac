"""HIDE: people in the street, 11 frames of 240 fps averaged.

Shen, Wang, Lu, Shen, Ling, Xu, Shao, "Human-Aware Motion Deblurring", ICCV 2019,
arXiv:2001.06816. As its authors publish it (github.com/joanshen0508/HA_deblur):

    HIDE_dataset/train/1fromGOPR1037.MP4.png
    HIDE_dataset/test/{test-close-ups,test-long-shot}/1fromGOPR0950.png
    HIDE_dataset/GT/                            the sharp ones of both parts

The name says from which video a frame is: that is the scene. In some copies ".MP4" is in
the names of one side only.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from unblur.data.datasets.trees import Part, enter, require_folder
from unblur.data.pair_files import PairFiles, check_partners, find_pictures
from unblur.errors import InputError

TEST_FOLDERS = ("test-close-ups", "test-long-shot")


def find_hide(
    path: Path, part: Part, *, test_folders: tuple[str, ...] = TEST_FOLDERS
) -> list[PairFiles]:
    """The pairs of one part; `test_folders` are those of the test part that are wanted.

    Raises InputError that says what is missing.
    """
    root = enter(path, "HIDE_dataset")
    sharp_folder = require_folder(root / "GT", "the sharp pictures of both parts")
    sharp = find_pictures(sharp_folder)
    folders = [root / "train"] if part == "train" else [root / "test" / it for it in test_folders]
    pairs: list[PairFiles] = []
    for folder in folders:
        blurry = find_pictures(require_folder(folder, "blurry pictures"))
        if not blurry:
            raise InputError(f"{folder} holds no pictures; expected the blurry ones in it")
        partners = {name: sharp[other] for name in blurry if (other := _partner(name, sharp))}
        check_partners(blurry, folder, set(partners), sharp_folder)
        pairs += [PairFiles(name, blurry[name], partners[name], _scene_of(name)) for name in blurry]
    return pairs


def _partner(name: str, sharp: Container[str]) -> str | None:
    """The name in `sharp` of the picture called `name`, which may have ".MP4" or not."""
    known = (name, name.removesuffix(".MP4"), f"{name}.MP4")
    return next((each for each in known if each in sharp), None)


def _scene_of(name: str) -> str:
    """The video that a frame is from: "GOPR1037" of "1fromGOPR1037.MP4"."""
    return name.removesuffix(".MP4").partition("from")[2]
