"""Sharp photos that blur is made from: found in folders and tar archives, cropped as scenes."""

from __future__ import annotations

import logging
import math
import tarfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from unblur.data.blur_synthesis.documents import draw_document
from unblur.data.dead_leaves import draw_dead_leaves
from unblur.errors import InputError, MediaError
from unblur.images.arrays import to_eight_bits
from unblur.media.image_files import read_picture

_HEIF_ENDINGS = frozenset({".heic", ".heif", ".hif"})
"""Of what phones write and OpenCV does not read; such photos are not looked for in archives."""
PHOTO_ENDINGS = _HEIF_ENDINGS | {".webp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"}
"""Endings, in lower case, of the files taken for photos."""
_log = logging.getLogger(__name__)
HELD_OUT_EVERY = 20
"""Every so many photos, by name, one is kept for validation."""
_MOST_DAMAGED = 0.01
_READERS = 4
_SCENE_PX = 600
"""What the shorter side of a scene has, at least."""
_DRAWN_SCENES, _DRAWN_SIZE, _DRAWN_SEED = 32, (512, 640), 20
TRIES = 6
"""How many places are looked at for one with detail."""
_ENOUGH_DETAIL = 9.0
"""Standard deviation of the Laplacian of the green grey levels."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One photo on disk, by itself or inside a tar archive."""

    name: str
    path: Path
    """The file itself, or the archive."""
    offset: int = 0
    """Where in `path` it begins, in bytes."""
    size: int | None = None
    """How many bytes it has; None: all of `path`."""

    def read(self) -> np.ndarray:
        """Its pixels, (H, W, 3) uint8 RGB, upright; raises MediaError when it is no picture."""
        if self.path.suffix.lower() in _HEIF_ENDINGS:
            return to_eight_bits(read_picture(self.path).samples)
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                encoded = np.frombuffer(file.read(-1 if self.size is None else self.size), np.uint8)
        except OSError as error:
            raise MediaError(f"cannot read {self.path}: {error.strerror}") from error
        try:
            decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB) if len(encoded) else None
        except cv2.error:  # it has too many pixels
            decoded = None
        if decoded is None:
            raise MediaError(f"{self.name} in {self.path} is damaged or no picture")
        return np.asarray(decoded, np.uint8)


def find_photos(sources: Sequence[Path]) -> list[PhotoFile]:
    """The photos among `sources`: files, tar archives, and folders of both; sorted by name.

    Raises InputError when a source is not there or an archive cannot be read.
    """
    return sorted(
        (photo for source in sources for photo in _photos_at(source)),
        key=lambda photo: (photo.name, photo.path),
    )


def _photos_at(source: Path) -> Iterator[PhotoFile]:
    """The photos of one file, archive or folder."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.is_file():
                yield from _photos_at(path)
    elif not source.is_file():
        raise InputError(f"there is no file or folder {str(source)!r}")
    elif source.suffix.lower() == ".tar":
        yield from _photos_in_archive(source)
    elif _is_photo(source.name, PHOTO_ENDINGS):
        yield PhotoFile(source.name, source)


def _photos_in_archive(archive: Path) -> Iterator[PhotoFile]:
    """The photos of a tar archive that is not compressed."""
    try:
        with tarfile.open(archive, "r:") as members:
            for member in members:
                if member.isfile() and _is_photo(member.name, PHOTO_ENDINGS - _HEIF_ENDINGS):
                    yield PhotoFile(member.name, archive, member.offset_data, member.size)
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"{archive} is damaged or no tar archive: {error}") from error


def _is_photo(name: str, endings: Collection[str]) -> bool:
    """Whether a name has one of `endings`, and is not hidden."""
    path = Path(name)
    return path.suffix.lower() in endings and not path.name.startswith(".")


@dataclass(frozen=True, slots=True)
class PhotoPool:
    """Sharp pictures in memory: large ones as scenes, small ones as things in front."""

    scenes: list[np.ndarray]
    objects: list[np.ndarray]


PhotoSource = Path | Literal["drawn"]
"""A folder of photos, or scenes that the package draws itself."""


def open_photos(source: PhotoSource, *, held_out: bool = False, scene_px: int = 0) -> PhotoPool:
    """The photos of `source`, for training or `held_out`; crops of `scene_px` fit into scenes.

    Raises as `load_photos`.
    """
    if source == "drawn":
        return draw_photos(held_out=held_out, scene_px=scene_px)
    return load_photos(source, held_out=held_out, scene_px=max(scene_px, _SCENE_PX))


def load_photos(folder: Path, *, held_out: bool = False, scene_px: int = _SCENE_PX) -> PhotoPool:
    """Read the pictures of `folder`, from files and from tar archives in it.

    Every 20th by name is `held_out` for validation; the others are for training.
    Pictures whose shorter side has `scene_px` or more are scenes. Damaged ones are
    left out with a warning. Raises InputError when there is no scene, or when more than
    one picture in a hundred is damaged.
    """
    pool = PhotoPool([], [])
    damaged: list[PhotoFile] = []
    photos = find_photos([folder])
    for photo in _part_of(photos, held_out=held_out):
        try:
            pixels = photo.read()
        except MediaError as error:
            _log.warning("left out: %s", error)
            damaged.append(photo)
            continue
        large = min(pixels.shape[:2]) >= scene_px
        (pool.scenes if large else pool.objects).append(pixels)
    _refuse_unfit(folder, photos, damaged, len(pool.scenes), scene_px, held_out=held_out)
    return pool


def check_photos(folder: Path, *, scene_px: int = 0) -> None:
    """Read the pictures of `folder`, those held out too, without keeping them.

    Raises what `load_photos` raises for either part.
    """
    scene_px = max(scene_px, _SCENE_PX)
    photos = find_photos([folder])
    for held_out in (False, True):
        part = _part_of(photos, held_out=held_out)
        with ThreadPoolExecutor(_READERS) as threads:
            sides_px = list(threads.map(_shorter_side_px, part))
        damaged = [photo for photo, side_px in zip(part, sides_px, strict=True) if side_px == 0]
        scene_count = sum(side_px >= scene_px for side_px in sides_px)
        _refuse_unfit(folder, photos, damaged, scene_count, scene_px, held_out=held_out)


def _part_of(photos: Sequence[PhotoFile], *, held_out: bool) -> list[PhotoFile]:
    """Those of `photos` that are held out, or the others."""
    every = enumerate(photos)
    return [photo for index, photo in every if (index % HELD_OUT_EVERY == 0) == held_out]


def _shorter_side_px(photo: PhotoFile) -> int:
    """The shorter side of a photo; 0 where it is damaged."""
    try:
        return min(photo.read().shape[:2])
    except MediaError:
        return 0


def _refuse_unfit(
    folder: Path,
    photos: Sequence[PhotoFile],
    damaged: Sequence[PhotoFile],
    scene_count: int,
    scene_px: int,
    *,
    held_out: bool,
) -> None:
    """Raise InputError for a part of `photos` that has no scene, or too many `damaged` ones."""
    if len(damaged) > _MOST_DAMAGED * len(photos):
        names = ", ".join(photo.name for photo in damaged[:3])
        raise InputError(
            f"{len(damaged)} of the {len(photos)} pictures in {folder} are damaged, expected at "
            f"most 1 in 100; remove or replace them: {names}"
        )
    if not scene_count:
        part = "held out (every 20th by name, from the first)" if held_out else "trained on"
        raise InputError(
            f"no picture of {scene_px} px or more in {folder} among those that are {part}; "
            "give more sharp photos"
        )


def draw_photos(*, held_out: bool = False, scene_px: int = 0) -> PhotoPool:
    """Scenes that are drawn, for want of photos: other ones where they are `held_out`.

    Of 512x640 pixels, or larger where `scene_px` is.
    """
    height, width = (max(side, scene_px) for side in _DRAWN_SIZE)
    count = _DRAWN_SCENES // 4 if held_out else _DRAWN_SCENES
    seeds = [(_DRAWN_SEED + held_out, index) for index in range(count)]
    scenes = [draw_dead_leaves(np.random.default_rng(seed), (height, width)) for seed in seeds]
    return PhotoPool(scenes, [scene[:256, :256] for scene in scenes])


def random_scene(
    pool: PhotoPool, size_px: int, rng: np.random.Generator, *, document_share: float = 0.0
) -> np.ndarray:
    """A square of `size_px` from a random scene at a random scale, mostly with detail.

    In `document_share` of the cases it is drawn, not photographed.
    """
    if rng.random() < document_share:
        return draw_document(rng, (size_px, size_px))
    crop = _random_crop(pool, size_px, rng)
    for _ in range(TRIES - 1):
        if has_detail(crop) or rng.random() < 0.05:
            break
        crop = _random_crop(pool, size_px, rng)
    return crop


def has_detail(pixels: np.ndarray) -> bool:
    """Whether there is something in a picture that blur would change: not just sky."""
    green = cv2.extractChannel(pixels, 1)
    return float(cv2.Laplacian(green, cv2.CV_32F).std()) > _ENOUGH_DETAIL


def _random_crop(pool: PhotoPool, size_px: int, rng: np.random.Generator) -> np.ndarray:
    """A square of `size_px` from anywhere in a random scene, at 0.45 to 1 of its scale."""
    scene = pool.scenes[int(rng.integers(len(pool.scenes)))]
    smallest = size_px / min(scene.shape[:2])
    scale = float(rng.uniform(max(smallest, 0.45), 1.0))
    side = math.ceil(size_px / scale) if scale < 0.95 else size_px
    top = int(rng.integers(scene.shape[0] - side + 1))
    left = int(rng.integers(scene.shape[1] - side + 1))
    crop = scene[top : top + side, left : left + side]
    if side == size_px:
        return crop
    return cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_AREA)
