"""A look at a list of pairs: how many, how large, and whether blurry ones are blurry."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from unblur.data.pair_files import PairFiles, read_pair
from unblur.images.arrays import Pixels
from unblur.metrics.psnr import peak_signal_noise_ratio


@dataclass(frozen=True, slots=True)
class PairSurvey:
    """What a list of pairs is like; the pictures are judged by an even sample of them."""

    pair_count: int
    scene_count: int
    """A pair without a scene is one of its own."""
    sample_count: int
    sizes: Mapping[str, int]
    """How many of the sample have each size, as "1280x720"."""
    blurry_psnr_db: float | None
    """Mean PSNR of blurry against sharp; None when all are equal."""
    equal_count: int
    """Pairs of the sample whose two pictures are equal."""
    swapped_count: int
    """Pairs of the sample whose blurry picture has more detail than its sharp one."""


def survey_pairs(pairs: Sequence[PairFiles], sample_count: int) -> PairSurvey:
    """Count `pairs`, of which there is one or more, and read at most `sample_count` of them.

    Raises InputError when one of those cannot be read or its pictures differ in size.
    """
    positions = np.linspace(0, len(pairs) - 1, min(sample_count, len(pairs))).round().astype(int)
    sizes: Counter[str] = Counter()
    values: list[float] = []
    swapped_count = 0
    for position in positions:
        blurry, sharp = read_pair(pairs[position])
        sizes[f"{sharp.shape[1]}x{sharp.shape[0]}"] += 1
        values.append(peak_signal_noise_ratio(blurry, sharp))
        swapped_count += _detail(blurry) > _detail(sharp)
    finite = [value for value in values if math.isfinite(value)]
    return PairSurvey(
        pair_count=len(pairs),
        scene_count=len({pair.scene or pair.name for pair in pairs}),
        sample_count=len(positions),
        sizes=dict(sizes.most_common()),
        blurry_psnr_db=fmean(finite) if finite else None,
        equal_count=len(values) - len(finite),
        swapped_count=swapped_count,
    )


def _detail(pixels: Pixels) -> float:
    """Mean absolute difference of neighbouring pixels of the green channel."""
    green = pixels[..., 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())
