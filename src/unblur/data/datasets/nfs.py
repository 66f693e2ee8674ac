"""NFS, "Need for Speed": 100 clips at 240 fps, made for tracking; blur is made of them.

Galoogahi, Fagg, Huang, Ramanan, Lucey, "Need for Speed: A Benchmark for Higher Frame
Rate Object Tracking", ICCV 2017, arXiv:1703.05884. As its authors publish it:

    NFS/SCENE/240/SCENE/00001.jpg

DeblurGAN-v2 (arXiv:1908.03826, section 4.1) raises the rate to 3840 fps by interpolation
before it averages.
"""

from __future__ import annotations

from pathlib import Path

from unblur.data.datasets.clips import FrameClip, find_clip
from unblur.data.datasets.trees import enter
from unblur.data.pair_files import find_folders, name_some
from unblur.errors import InputError

FRAME_RATE = 240


def find_nfs(path: Path) -> list[FrameClip]:
    """The clips at 240 frames per second. Raises InputError that says what is missing."""
    root = enter(path, "NFS")
    scenes = sorted(find_folders(root))
    rate = str(FRAME_RATE)
    lacking = [name for name in scenes if not (root / name / rate / name).is_dir()]
    if not scenes or lacking:
        found = f"{name_some(lacking)} lack it" if lacking else "there are no folders"
        raise InputError(
            f"{root}: expected SCENE/{rate}/SCENE/ with frames for each scene; {found}"
        )
    return [find_clip(root / name / rate / name, FRAME_RATE) for name in scenes]
