"""How well two maps of classes agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LabelMap = NDArray[np.int64]
"""(height, width): the class of each pixel, 0 or more."""


def mean_intersection_over_union(pairs: Sequence[tuple[LabelMap, LabelMap]]) -> float | None:
    """Mean IoU, 0..1, over the classes that occur in any wanted map; None without maps.

    Each pair is what was found and what was wanted; pixels are counted over all pictures
    (Everingham et al., IJCV 2010). Raises ValueError when two maps differ in size.
    """
    if not pairs:
        return None
    class_count = int(max(labels.max() for pair in pairs for labels in pair)) + 1
    counts = np.zeros((class_count, class_count))
    for found, wanted in pairs:
        if found.shape != wanted.shape:
            raise ValueError(f"expected maps of one size, got {found.shape} and {wanted.shape}")
        cells = wanted.astype(np.int64).ravel() * class_count + found.astype(np.int64).ravel()
        counts += np.bincount(cells, minlength=class_count**2).reshape(counts.shape)
    wanted_pixels, shared = counts.sum(axis=1), np.diag(counts)
    occurs = wanted_pixels > 0
    union = wanted_pixels + counts.sum(axis=0) - shared
    return float(np.mean(shared[occurs] / union[occurs]))
