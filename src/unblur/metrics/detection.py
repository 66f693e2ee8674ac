"""How well two sets of detected boxes agree: average precision and recall.

Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010: a box is
right when it overlaps a wanted one of its class by at least half (IoU 0.5), each wanted
one counting once; average precision is the area under the precision that is reached at
each recall or beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU = 0.5
"""From what overlap on two boxes count as one."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes found in one picture."""

    boxes: NDArray[np.float64]
    """(count, 4): left, top, right, bottom, in pixels."""
    scores: NDArray[np.float64]
    """(count,): 0..1."""
    labels: tuple[str, ...]

    def of_class(self, label: str, least_score: float = 0) -> Detections:
        """Those called `label` that score at least so much, the best first."""
        order = [
            int(index)
            for index in np.argsort(-self.scores, kind="stable")
            if self.labels[index] == label and self.scores[index] >= least_score
        ]
        return Detections(self.boxes[order], self.scores[order], (label,) * len(order))

    def at_least(self, score: float) -> Detections:
        """Those that score at least so much."""
        kept = np.flatnonzero(self.scores >= score)
        labels = tuple(self.labels[index] for index in kept)
        return Detections(self.boxes[kept], self.scores[kept], labels)


Pair = tuple[Detections, Detections]
"""What was found and what was wanted in one picture."""


def average_precision(pairs: Sequence[Pair]) -> float | None:
    """Mean over classes of AP at IoU 0.5, 0..1, over all pictures; None: nothing was wanted."""
    labels = sorted({label for _, wanted in pairs for label in wanted.labels})
    if not labels:
        return None
    return float(np.mean([_average_precision_of(label, pairs) for label in labels]))


def recall(pairs: Sequence[Pair], least_score: float) -> float | None:
    """Share of the wanted boxes that were found with at least that score; None: none wanted."""
    wanted_count = sum(len(wanted.labels) for _, wanted in pairs)
    if not wanted_count:
        return None
    hits = 0
    for found, wanted in pairs:
        for label in set(wanted.labels):
            hits += int(match(found.of_class(label, least_score), wanted.of_class(label)).sum())
    return hits / wanted_count


def match(found: Detections, wanted: Detections) -> NDArray[np.bool_]:
    """Which of `found`, taken in turn, hits a wanted box that none before it has hit."""
    overlaps = intersection_over_union(found.boxes, wanted.boxes)
    is_free = np.ones(len(wanted.labels), bool)
    hits = np.zeros(len(found.labels), bool)
    for index, row in enumerate(overlaps):
        best = int(np.argmax(np.where(is_free, row, -1))) if row.size else -1
        if best >= 0 and is_free[best] and row[best] >= IOU:
            is_free[best], hits[index] = False, True
    return hits


def intersection_over_union(
    boxes: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(count, other count) overlaps, 0..1, of boxes given as left, top, right, bottom."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas, other_areas = (np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others))
    union = areas[:, None] + other_areas[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _average_precision_of(label: str, pairs: Sequence[Pair]) -> float:
    """Area under the best precision at each recall."""
    scores: list[float] = []
    hits: list[bool] = []
    wanted_count = 0
    for found, wanted in pairs:
        ours, theirs = found.of_class(label), wanted.of_class(label)
        scores += ours.scores.tolist()
        hits += match(ours, theirs).tolist()
        wanted_count += len(theirs.labels)
    if not scores:
        return 0.0
    in_order = np.array(hits)[np.argsort(-np.array(scores), kind="stable")]
    right = np.cumsum(in_order)
    precision = right / np.arange(1, len(right) + 1)
    best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(best_beyond[in_order]) / wanted_count)
