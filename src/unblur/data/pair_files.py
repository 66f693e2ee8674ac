"""Blurry and sharp pictures as files: what every data set comes down to.

Where the files of a published data set lie is known to `data.datasets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unblur.errors import InputError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import PICTURE_ENDINGS, read_picture


@dataclass(frozen=True, slots=True)
class PairFiles:
    """One blurry picture and its sharp one, on disk."""

    name: str
    """Unlike that of any other pair of the set."""
    blurry: Path
    sharp: Path
    scene: str = ""
    """What was filmed: pairs of one scene stay on one side of a split."""


def find_folder_pairs(folder: Path) -> list[PairFiles]:
    """The pairs of a folder that holds `blurry/` and `sharp/` with pictures of the same names.

    Raises InputError when there is no pair, or when a partner is missing.
    """
    blurry, sharp = (find_pictures(folder / part) for part in ("blurry", "sharp"))
    if not blurry:
        raise InputError(f"{folder} holds no pairs; expected pictures in blurry/ and sharp/")
    lonely = sorted(set(blurry) ^ set(sharp))
    if lonely:
        raise InputError(
            f"{folder}: {len(lonely)} pictures have no partner in blurry/ or sharp/: "
            f"{', '.join(lonely[:5])}"
        )
    return [PairFiles(name, blurry[name], sharp[name]) for name in sorted(blurry)]


def read_pair(pair: PairFiles) -> tuple[Pixels, Pixels]:
    """The blurry and the sharp picture, (H, W, 3) uint8 RGB each.

    Raises InputError when one cannot be read, or when their sizes differ.
    """
    blurry, sharp = (
        to_eight_bits(read_picture(path).samples) for path in (pair.blurry, pair.sharp)
    )
    if blurry.shape != sharp.shape:
        raise InputError(
            f"{pair.blurry} and {pair.sharp} differ in size: {blurry.shape} and {sharp.shape}"
        )
    return blurry, sharp


def find_pictures(folder: Path) -> dict[str, Path]:
    """The pictures of `folder` by their names without ending; none where there is no folder."""
    if not folder.is_dir():
        return {}
    return {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".")
    }
