"""How blurred a picture is, measured in about a hundredth of the time of restoring it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEP_PX = 8
"""Every so many rows and columns are looked at."""
_SMEAR_PX = 9
_BLOCKS = (4, 6)
_TEXTURE_LEVELS = 1.5
"""Mean difference of neighbours, in grey levels of 8 bits, below which a block says nothing."""
_SHARP = 0.42
"""Pictures whose `worst_blur` is less are sharp everywhere: docs/decisions/video-streams.md."""


def is_sharp(pixels: NDArray[Any]) -> bool:
    """Whether a picture, as `worst_blur` takes it, has no blurred part."""
    return worst_blur(pixels) < _SHARP


def worst_blur(pixels: NDArray[Any]) -> float:
    """The blur of the most blurred part of a picture: 0 for none at all, towards 1 for much.

    The picture is looked at in 4x6 blocks, in rows and in columns; flat blocks say
    nothing, and a picture without any other counts as fully blurred. In each: how
    little of the differences between neighbours is lost when it is blurred once more
    (Crete et al. 2007, "The blur effect", doi:10.1117/12.702790).
    `pixels` is (height, width, 3) RGB of 8 or 16 bits.
    """
    scale = 257 if pixels.dtype == np.uint16 else 1
    green = pixels[..., 1]
    rows = green[::_STEP_PX].astype(np.float32) / scale
    columns = green[:, ::_STEP_PX].T.astype(np.float32) / scale
    if min(rows.shape[1], columns.shape[1]) <= _SMEAR_PX + 1:
        return 1.0
    along, across = _BLOCKS
    blurs = [*_blurs(rows, (along, across)), *_blurs(columns, (across, along))]
    return max(blurs, default=1.0)


def _blurs(lines: NDArray[np.floating[Any]], blocks: tuple[int, int]) -> list[float]:
    """Blur along `lines`, (count, length), of each block that is not flat."""
    sums = np.cumsum(lines, axis=1)
    smeared = (sums[:, _SMEAR_PX:] - sums[:, :-_SMEAR_PX]) / _SMEAR_PX
    inner = lines[:, _SMEAR_PX // 2 + 1 :][:, : smeared.shape[1]]
    differences = np.abs(np.diff(inner, axis=1))
    lost = np.maximum(0, differences - np.abs(np.diff(smeared, axis=1)))
    whole, lost_sums = _sum_blocks(differences, blocks), _sum_blocks(lost, blocks)
    sizes = _sum_blocks(np.ones_like(differences), blocks)
    is_telling = whole > _TEXTURE_LEVELS * sizes
    return (1 - lost_sums[is_telling] / whole[is_telling]).tolist()


def _sum_blocks(values: NDArray[np.floating[Any]], blocks: tuple[int, int]) -> NDArray[np.float64]:
    """Sums over a grid of blocks that covers `values`."""
    edges = [
        np.arange(count) * length // count
        for count, length in zip(blocks, values.shape, strict=True)
    ]
    sums = np.add.reduceat(values.astype(np.float64), np.unique(edges[0]), axis=0)
    return np.add.reduceat(sums, np.unique(edges[1]), axis=1)
