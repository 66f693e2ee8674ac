"""DVD, or "Deep Video Deblurring": frames of 240 fps averaged, 71 scenes.

Su, Delbracio, Wang, Sapiro, Heidrich, Wang, "Deep Video Deblurring for Hand-held
Cameras", CVPR 2017, arXiv:1611.08387. As its authors publish it:

    DeepVideoDeblurring_Dataset/quantitative_datasets/SCENE/{input,GT}/00000.jpg

The archive does not say which scenes are for testing; the ten below are the authors'
(github.com/shuochsu/DeepVideoDeblurring, issue 2). The counts are those of
github.com/cszn/KAIR, scripts/data_preparation/prepare_DVD.py.
"""

from __future__ import annotations

from pathlib import Path

from unblur.data.datasets.trees import Part, enter, pair_up_in_scenes
from unblur.data.pair_files import PairFiles
from unblur.errors import InputError

TEST_SCENES = frozenset(
    {
        *("720p_240fps_2", "IMG_0003", "IMG_0021", "IMG_0030", "IMG_0031"),
        *("IMG_0032", "IMG_0033", "IMG_0037", "IMG_0039", "IMG_0049"),
    }
)


def find_dvd(path: Path, part: Part) -> list[PairFiles]:
    """The pairs of one part. Raises InputError that says what is missing."""
    root = enter(enter(path, "DeepVideoDeblurring_Dataset"), "quantitative_datasets")
    pairs = [
        pair
        for pair in pair_up_in_scenes(root, "input", "GT")
        if (pair.scene in TEST_SCENES) == (part == "test")
    ]
    if not pairs:
        wanted = ", ".join(sorted(TEST_SCENES)) if part == "test" else "any but the test scenes"
        raise InputError(f"{root} holds no {part} scene; expected {wanted}")
    return pairs
