"""Small trees of picture files, laid out as published data sets are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def write_files(root: Path, names: Iterable[str]) -> None:
    """Empty files: where only names matter, as they do to finders."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def sharp_pixels(seed: int, height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 noise, unlike that of any other seed."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_pair(blurry: Path, sharp: Path, seed: int = 0) -> None:
    """A sharp picture of noise and the same one blurred."""
    picture = Image.fromarray(sharp_pixels(seed))
    for path, content in ((blurry, picture.filter(ImageFilter.BoxBlur(2))), (sharp, picture)):
        path.parent.mkdir(parents=True, exist_ok=True)
        content.save(path)


def write_folder_pairs(root: Path, names: Iterable[str]) -> None:
    """A folder of pairs, `blurry/NAME.png` and `sharp/NAME.png`, each of its own noise."""
    for seed, name in enumerate(names):
        write_pair(root / "blurry" / f"{name}.png", root / "sharp" / f"{name}.png", seed)
