"""A model's gain over the blurry input on a folder of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from unblur.data.pair_files import find_folder_pairs, read_pair
from unblur.images.arrays import Pixels
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


def score_pairs(restorer: RestoresPixels, folder: Path) -> Iterator[PairScore]:
    """Scores of every pair of `folder`, one at a time."""
    for pair in find_folder_pairs(folder):
        blurry, sharp = read_pair(pair)
        restored = restorer.restore(blurry)
        yield PairScore(
            pair.name,
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
