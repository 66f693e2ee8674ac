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
    sharp = _pictures(sharp_folder)
    folders = [root / "train"] if part == "train" else [root / "test" / it for it in test_folders]
    pairs: list[PairFiles] = []
    for folder in folders:
        blurry = _pictures(require_folder(folder, "blurry pictures"))
        if not blurry:
            raise InputError(f"{folder} holds no pictures; expected the blurry ones in it")
        check_partners(blurry, folder, set(sharp), sharp_folder)
        pairs += [
            PairFiles(name, blurry[name], sharp[name], name.partition("from")[2]) for name in blurry
        ]
    return pairs


def _pictures(folder: Path) -> dict[str, Path]:
    """The pictures of `folder` by their names without any ending."""
    return {name.removesuffix(".MP4"): path for name, path in find_pictures(folder).items()}
