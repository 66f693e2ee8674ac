"""REDS: 300 clips of 120 fps, interpolated and averaged, by scene of 100 frames.

Nah, Baik, Hong, Moon, Son, Timofte, Lee, "NTIRE 2019 Challenge on Video Deblurring and
Super-Resolution: Dataset and Study", CVPR Workshops 2019. As its authors publish it
(seungjunnah.github.io/Datasets/reds), each archive on its own:

    {train,val}/{train,val}_{blur,sharp}/000/00000000.png
    {train,val}/{train,val}_blur_comp/...       compressed as MPEG-4
    {train,val}/{train,val}_blur_jpeg/...       compressed as JPEG
    {train,val}/{train,val}_{blur,sharp}_bicubic/X4/...   a quarter of the size

The sharp test frames were never published: "test" is the validation part, 3000 pairs,
which is what papers report.
"""

from __future__ import annotations

from pathlib import Path

from unblur.data.datasets.trees import Part, enter, pair_up_scenes, require_folder
from unblur.data.pair_files import PairFiles


def find_reds(
    path: Path, part: Part, *, blurry: str = "blur", sharp: str = "sharp"
) -> list[PairFiles]:
    """The pairs of one part; `blurry` and `sharp` are what the folders' names end in.

    Raises InputError that says what is missing.
    """
    split = "train" if part == "train" else "val"
    root = enter(enter(path, "REDS"), split)
    folders = [
        enter(require_folder(root / f"{split}_{kind}", f"{split}_{kind}.zip, unpacked,"), "X4")
        for kind in (blurry, sharp)
    ]
    return pair_up_scenes(folders[0], folders[1])
