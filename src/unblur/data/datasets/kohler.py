"""Köhler: 4 photos blurred by 12 recorded camera shakes, each with the trajectory's frames.

Köhler, Hirsch, Mohler, Schölkopf, Harmeling, "Recording and Playback of Camera Shake:
Benchmarking Blind Deconvolution with a Real-World Database", ECCV 2012. As its authors
publish it (BlurryImages.zip, GroundTruth_pngs_Image1.zip to ..._Image4.zip):

    Blurry1_1.png ... Blurry4_12.png            or in BlurryImages/
    Image1/Kernel1/GroundTruth1_1_1.png ... GroundTruth1_1_199.png

A restored picture is measured against every frame of its trajectory, and the best counts:
`unblur.metrics.trajectory`. As a pair, a blurry picture goes with the middle frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from unblur.data.datasets.trees import Part, enter, require_folder
from unblur.data.pair_files import PairFiles, find_pictures
from unblur.errors import InputError

_BLURRY = re.compile(r"Blurry([1-4])_(\d+)$")


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One blurry picture, and the sharp frames along the path of its camera, on disk."""

    name: str
    """Photo and camera shake: "1_12"."""
    scene: str
    """The photo: pairs of one photo stay on one side of a split."""
    blurry: Path
    frames: tuple[Path, ...]
    """In the order of the path; 198 to 200 of them in the published set."""


def find_trajectories(path: Path) -> list[Trajectory]:
    """Every blurry picture with its frames. Raises InputError that says what is missing."""
    root = enter(path, "Kohler")
    blurry_folder = enter(root, "BlurryImages")
    found = [
        (int(match[1]), int(match[2]), picture)
        for name, picture in find_pictures(blurry_folder).items()
        if (match := _BLURRY.match(name))
    ]
    if not found:
        raise InputError(f"{blurry_folder} holds no Blurry1_1.png; unpack BlurryImages.zip there")
    return [
        Trajectory(f"{photo}_{shake}", f"Image{photo}", picture, _frames_along(root, photo, shake))
        for photo, shake, picture in sorted(found)
    ]


def find_kohler(path: Path, _part: Part = "test") -> list[PairFiles]:
    """Each blurry picture with the middle frame of its trajectory."""
    return [
        PairFiles(it.name, it.blurry, it.frames[(len(it.frames) - 1) // 2], it.scene)
        for it in find_trajectories(path)
    ]


def _frames_along(root: Path, photo: int, shake: int) -> tuple[Path, ...]:
    """The frames of one trajectory, in the order of their numbers."""
    archive = f"GroundTruth_pngs_Image{photo}.zip, unpacked,"
    folder = require_folder(root / f"Image{photo}", archive) / f"Kernel{shake}"
    prefix = f"GroundTruth{photo}_{shake}_"
    numbered = {
        int(name.removeprefix(prefix)): picture
        for name, picture in find_pictures(require_folder(folder, archive)).items()
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    }
    if not numbered:
        raise InputError(f"{folder} holds no {prefix}1.png; unpack {archive} again")
    return tuple(numbered[number] for number in sorted(numbered))
