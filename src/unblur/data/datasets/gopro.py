"""GoPro: frames of 240 fps averaged, 2103 pairs to train on and 1111 to measure with.

Nah, Kim, Lee, "Deep Multi-scale Convolutional Neural Network for Dynamic Scene
Deblurring", CVPR 2017, arXiv:1612.02177. As its authors publish it:

    GOPRO_Large/{train,test}/SCENE/{blur,blur_gamma,sharp}/000001.png

`blur` is the mean of the frames as they are, which papers call the linear subset;
`blur_gamma` is made with a camera response of gamma 2.2 (section 3). Copies that went
round with later networks are flat, with the scene in the name (as the readers of
github.com/swz30/MPRNet and github.com/megvii-research/NAFNet expect them):

    GoPro/{train,test}/{input,target}/GOPR0384_11_00-000001.png
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from unblur.data.datasets.trees import Part, enter, pair_up_in_scenes, require_folder
from unblur.data.pair_files import PairFiles, pair_up

_SCENE = re.compile(r"GOPR\d+_\d+_\d+")


def find_gopro(path: Path, part: Part, *, blurry: str = "blur") -> list[PairFiles]:
    """The pairs of one part; `blurry` is "blur" or "blur_gamma".

    Raises InputError that says what is missing.
    """
    scenes = require_folder(enter(path, "GOPRO_Large") / part, "a folder for each scene")
    if blurry == "blur" and (scenes / "input").is_dir():
        flat = pair_up(scenes / "input", scenes / "target")
        return [replace(pair, scene=_scene_in(pair.name)) for pair in flat]
    return pair_up_in_scenes(scenes, blurry, "sharp")


def _scene_in(name: str) -> str:
    """The scene that the name of a picture begins with, or none."""
    found = _SCENE.match(name)
    return found.group() if found else ""
