"""How steady a video is: warping error and flicker.

Warping error: Lai et al., "Learning Blind Video Temporal Consistency", ECCV 2018: each
frame against the one before, moved along the optical flow, where nothing is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unblur.errors import missing_extra
from unblur.images.arrays import Pixels

_BLOCK_PX = 16


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the pixels of a frame were in the frame before."""

    rows: NDArray[np.float32]
    """(H, W): row in the frame before, for each pixel."""
    columns: NDArray[np.float32]
    is_seen: NDArray[np.bool_]
    """(H, W): whether the pixel is in both frames, as far as flow to and fro agree."""


def estimate_flow(frame: Pixels, frame_before: Pixels) -> Flow:
    """Dense flow between two (H, W, 3) uint8 frames by DIS (arXiv:1603.03590), from OpenCV.

    A pixel counts as seen where flow there and back end within half a pixel or a tenth of
    their lengths (Sundaram et al., ECCV 2010). Raises MissingExtraError without OpenCV.
    """
    cv2 = _opencv()
    grey, grey_before = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (frame, frame_before))
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there = method.calc(grey, grey_before, None)
    back = method.calc(grey_before, grey, None)
    height, width = grey.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    columns, rows = columns + there[..., 0], rows + there[..., 1]
    returned = cv2.remap(back, columns, rows, cv2.INTER_LINEAR)
    gap = ((there + returned) ** 2).sum(axis=2)
    lengths = (there**2).sum(axis=2) + (returned**2).sum(axis=2)
    is_inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    return Flow(rows, columns, is_inside & (gap < 0.01 * lengths + 0.5))


def warping_error(frame: Pixels, frame_before: Pixels, flow: Flow) -> float | None:
    """Root mean square, in grey levels, of a frame less the one before moved along `flow`.

    Over the pixels that are seen in both; None where there are none.
    """
    if not flow.is_seen.any():
        return None
    cv2 = _opencv()
    moved = cv2.remap(frame_before.astype(np.float32), flow.columns, flow.rows, cv2.INTER_LINEAR)
    difference = (frame.astype(np.float32) - moved)[flow.is_seen]
    return float(np.sqrt(np.mean(difference.astype(np.float64) ** 2)))


def block_means(frame: Pixels) -> NDArray[np.float64]:
    """Mean colour of each 16x16 block of an (H, W, 3) frame: (rows, columns, 3), in grey levels.

    Edges that fill no block are left out; a frame smaller than a block is one block.
    """
    height, width = frame.shape[:2]
    down, right = (min(_BLOCK_PX, side) for side in (height, width))
    rows, columns = height // down, width // right
    whole = frame[: rows * down, : columns * right].astype(np.float64)
    return whole.reshape(rows, down, columns, right, 3).mean(axis=(1, 3))


def flicker(added: NDArray[np.float64], added_before: NDArray[np.float64]) -> float:
    """Mean absolute change, in grey levels, of what restoring added to each block.

    Both are `block_means` of a restored frame less those of its input. 0 where restoring
    adds the same to every frame.
    """
    return float(np.mean(np.abs(added - added_before)))


def _opencv() -> Any:
    try:
        import cv2
    except ModuleNotFoundError as missing:
        raise missing_extra("optical flow", "OpenCV", "evaluate") from missing
    return cv2
