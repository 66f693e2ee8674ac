"""A model's gain over the blurry input on a folder of pairs.

A folder of pairs holds `blurry/` and `sharp/` with pictures of the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from unblur.errors import InputError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import PICTURE_ENDINGS, read_picture
from unblur.metrics.psnr import peak_signal_noise_ratio
from unblur.metrics.ssim import structural_similarity


class RestoresPixels(Protocol):
    """Whatever restores a picture: `Restorer`, for one."""

    def restore(self, pixels: Pixels) -> Pixels:
        """The restored picture, of the same shape."""
        ...


@dataclass(frozen=True, slots=True)
class PairScore:
    """What restoring did to one pair, in dB and SSIM."""

    name: str
    blurry_psnr_db: float
    restored_psnr_db: float
    blurry_ssim: float
    restored_ssim: float
    sharp_kept_psnr_db: float
    """PSNR of the restored sharp picture against itself: how little harm is done."""

    @property
    def gain_db(self) -> float:
        """How much nearer to the sharp picture the restored one is, in dB."""
        return self.restored_psnr_db - self.blurry_psnr_db


def find_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """The blurry and the sharp file of each pair, by name.

    Raises InputError when there is no pair, or when a partner is missing.
    """
    names = {part: _pictures_in(folder / part) for part in ("blurry", "sharp")}
    if not names["blurry"]:
        raise InputError(f"{folder} holds no pairs; expected pictures in blurry/ and sharp/")
    lonely = sorted(set(names["blurry"]) ^ set(names["sharp"]))
    if lonely:
        raise InputError(
            f"{folder}: {len(lonely)} pictures have no partner in blurry/ or sharp/: "
            f"{', '.join(lonely[:5])}"
        )
    return [(names["blurry"][name], names["sharp"][name]) for name in sorted(names["blurry"])]


def score_pairs(restorer: RestoresPixels, folder: Path) -> Iterator[PairScore]:
    """Scores of every pair of `folder`, one at a time."""
    for blurry_path, sharp_path in find_pairs(folder):
        blurry = to_eight_bits(read_picture(blurry_path).samples)
        sharp = to_eight_bits(read_picture(sharp_path).samples)
        if blurry.shape != sharp.shape:
            raise InputError(
                f"{blurry_path} and {sharp_path} differ in size: {blurry.shape} and {sharp.shape}"
            )
        restored = restorer.restore(blurry)
        yield PairScore(
            blurry_path.stem,
            peak_signal_noise_ratio(blurry, sharp),
            peak_signal_noise_ratio(restored, sharp),
            structural_similarity(blurry, sharp),
            structural_similarity(restored, sharp),
            peak_signal_noise_ratio(restorer.restore(sharp), sharp),
        )


def mean_score(scores: Sequence[PairScore], name: str) -> PairScore:
    """The mean of each figure over `scores`, called `name`."""
    rows = [asdict(score) for score in scores]
    figures = [key for key in rows[0] if key != "name"]
    return PairScore(name, **{key: fmean(row[key] for row in rows) for key in figures})


def _pictures_in(folder: Path) -> dict[str, Path]:
    """The pictures of `folder` by their names without ending."""
    if not folder.is_dir():
        return {}
    return {
        path.stem: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".")
    }
