"""What is measured: named sets of blurry pictures, most with their sharp ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unblur.data.datasets import DATASETS, open_dataset
from unblur.data.datasets.kohler import find_trajectories
from unblur.data.pair_files import (
    FOLDER_NAMES,
    PairFiles,
    find_folders,
    find_pictures,
    is_folder_of_pairs,
    name_some,
    read_pair,
)
from unblur.errors import InputError, UnblurError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import read_picture
from unblur.metrics.psnr import peak_signal_noise_ratio
from unblur.metrics.trajectory import best_trajectory_psnr


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture to restore, on disk."""

    name: str
    blurry: Path
    sharp: Path | None = None
    """None where there is no sharp version."""
    frames: tuple[Path, ...] = ()
    """All moments of the exposure, where any of them is right (Köhler's data set)."""

    def psnr_db(self, pixels: Pixels, sharp: Pixels) -> float:
        """PSNR of `pixels` against `sharp`, or against the best of `frames`, aligned to each.

        Raises InputError when a frame cannot be read.
        """
        if not self.frames:
            return peak_signal_noise_ratio(pixels, sharp)
        frames = (to_eight_bits(read_picture(path).samples) for path in self.frames)
        return best_trajectory_psnr(pixels, frames)

    def read(self) -> tuple[Pixels, Pixels | None]:
        """The blurry picture and the sharp one, (H, W, 3) uint8 RGB each.

        Raises InputError when one cannot be read, or when their sizes differ.
        """
        if self.sharp is not None:
            return read_pair(PairFiles(self.name, self.blurry, self.sharp))
        return to_eight_bits(read_picture(self.blurry).samples), None


@dataclass(frozen=True, slots=True)
class PictureSet:
    """A named set of samples, and what is wrong with it, one sentence each."""

    name: str
    samples: tuple[Sample, ...]
    faults: tuple[str, ...] = ()


def open_data(name: str, path: Path, limit: int | None = None) -> PictureSet:
    """The test part of the data set called `name`, or the pictures of a folder.

    A folder of pairs is read as such, whatever its name says; so is a folder of pictures that
    is no copy of the data set. Only the first `limit` are taken. What a copy lacks is a fault.
    """
    if name not in DATASETS or is_folder_of_pairs(path):
        return open_picture_set(name, path, limit)
    try:
        return PictureSet(name, tuple(_samples_of(name, path)[:limit]))
    except UnblurError as error:
        found = open_picture_set(name, path, limit)
        return found if found.samples else PictureSet(name, (), (str(error),))


def _samples_of(name: str, path: Path) -> list[Sample]:
    """The test part of a data set; those of Köhler's with all frames of their trajectories."""
    pairs = open_dataset(name, path, "test")
    frames = {it.name: it.frames for it in find_trajectories(path)} if name == "kohler" else {}
    return [Sample(pair.name, pair.blurry, pair.sharp, frames.get(pair.name, ())) for pair in pairs]


def open_picture_set(name: str, folder: Path, limit: int | None = None) -> PictureSet:
    """The pictures of `folder`, of which only the first `limit` are taken.

    Pairs lie in `blurry/` and `sharp/` (see `find_folder_pairs` for other names and scenes)
    under the same names; pictures without a sharp version lie in `blurry/` alone, or in
    `folder` itself. Missing partners and an empty folder become faults.
    """
    if not is_folder_of_pairs(folder):
        alone = find_pictures(folder / "blurry") or find_pictures(folder)
        samples = [Sample(each, alone[each]) for each in sorted(alone)]
        return _set_of(name, folder, samples, limit, [])
    blurry, sharp = next(
        (folder / one, folder / other)
        for one, other in FOLDER_NAMES
        if (folder / one).is_dir() and (folder / other).is_dir()
    )
    samples, faults = _pair_up(blurry, sharp, "")
    for scene in sorted(find_folders(blurry) | find_folders(sharp)):
        more, lacking = _pair_up(blurry / scene, sharp / scene, f"{scene}/")
        samples, faults = samples + more, faults + lacking
    return _set_of(name, folder, samples, limit, faults)


def _pair_up(blurry: Path, sharp: Path, prefix: str) -> tuple[list[Sample], list[str]]:
    """The pictures of both folders under the same names, and what either lacks."""
    ours, theirs = find_pictures(blurry), find_pictures(sharp)
    samples = [
        Sample(prefix + each, ours[each], theirs[each]) for each in sorted(set(ours) & set(theirs))
    ]
    faults = [
        *_name_lonely(sharp, set(ours) - set(theirs)),
        *_name_lonely(blurry, set(theirs) - set(ours)),
    ]
    return samples, faults


def _set_of(
    name: str, folder: Path, samples: list[Sample], limit: int | None, faults: list[str]
) -> PictureSet:
    """The first `limit` samples as a set; that there are none is a fault too."""
    if not samples:
        faults = [*faults, f"{folder} holds no pairs; expected pictures in blurry/ and sharp/"]
    return PictureSet(name, tuple(samples[:limit]), tuple(faults))


def check_not_all_empty(sets: Sequence[PictureSet]) -> None:
    """Raise InputError, with every fault, where no set holds anything to measure."""
    if not any(each.samples for each in sets):
        raise InputError("; ".join(fault for each in sets for fault in each.faults))


def _name_lonely(folder: Path, names: set[str]) -> list[str]:
    """A sentence on the pictures that `folder` lacks; none where it lacks none."""
    if not names:
        return []
    shown = name_some(sorted(names))
    return [f"{folder} lacks the partners of {len(names)} pictures, left out here: {shown}"]
