"""What is measured: named sets of blurry pictures, most with their sharp ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unblur.data.pair_files import PairFiles, find_pictures, read_pair
from unblur.errors import InputError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import read_picture


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture to restore, on disk."""

    name: str
    blurry: Path
    sharp: Path | None = None
    """None where there is no sharp version."""

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


def open_picture_set(name: str, folder: Path, limit: int | None = None) -> PictureSet:
    """The pictures of `folder`, of which only the first `limit` are taken.

    Pairs lie in `blurry/` and `sharp/` under the same names; pictures without a sharp
    version lie in `blurry/` alone, or in `folder` itself. Missing partners and an empty
    folder become faults.
    """
    blurry, sharp = (find_pictures(folder / part) for part in ("blurry", "sharp"))
    if not sharp:
        alone = blurry or find_pictures(folder)
        samples = [Sample(each, alone[each]) for each in sorted(alone)]
    else:
        both = sorted(set(blurry) & set(sharp))
        samples = [Sample(each, blurry[each], sharp[each]) for each in both]
    faults = [
        *_name_lonely(folder / "sharp", set(blurry) - set(sharp) if sharp else set()),
        *_name_lonely(folder / "blurry", set(sharp) - set(blurry)),
    ]
    if not samples:
        faults.append(f"{folder} holds no pairs; expected pictures in blurry/ and sharp/")
    return PictureSet(name, tuple(samples[:limit]), tuple(faults))


def set_of_pairs(name: str, pairs: Sequence[PairFiles], limit: int | None = None) -> PictureSet:
    """The pairs of a data set, of which only the first `limit` are taken."""
    samples = tuple(Sample(pair.name, pair.blurry, pair.sharp) for pair in pairs[:limit])
    return PictureSet(name, samples, () if samples else (f"{name} holds no pairs",))


def check_not_all_empty(sets: Sequence[PictureSet]) -> None:
    """Raise InputError, with every fault, where no set holds anything to measure."""
    if not any(each.samples for each in sets):
        raise InputError("; ".join(fault for each in sets for fault in each.faults))


def _name_lonely(folder: Path, names: set[str]) -> list[str]:
    """A sentence on the pictures that `folder` lacks; none where it lacks none."""
    if not names:
        return []
    shown = ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "")
    return [f"{folder} lacks the partners of {len(names)} pictures, left out here: {shown}"]
