"""Frames between two frames by optical flow: enough to average, without a network.

A learned interpolator, given to `average_frames` in its place, draws what was hidden
better; in a mean over many frames that hardly shows.
"""

from __future__ import annotations

import cv2
import numpy as np


def interpolate_by_flow(before: np.ndarray, after: np.ndarray, count: int) -> list[np.ndarray]:
    """`count` frames between two, evenly spaced in time; all (H, W, 3) uint8 RGB.

    The flows from a moment t to both frames are combined from those between the frames,
    and both frames are warped to t and blended (Super SloMo, arXiv:1712.00080,
    equations 4 and 1, without its networks). OpenCV's DIS finds the flow (arXiv:1603.03590).
    """
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (before, after)]
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    start = np.zeros((*grey[0].shape, 2), np.float32)
    forth = finder.calc(grey[0], grey[1], start.copy())
    back = finder.calc(grey[1], grey[0], start.copy())
    return [_at(before, after, forth, back, index / (count + 1)) for index in range(1, count + 1)]


def _at(
    before: np.ndarray, after: np.ndarray, forth: np.ndarray, back: np.ndarray, moment: float
) -> np.ndarray:
    """The frame at `moment`, 0 being `before` and 1 `after`."""
    rest = 1 - moment
    to_before = np.float32(moment) * (np.float32(moment) * back - np.float32(rest) * forth)
    to_after = np.float32(rest) * (np.float32(rest) * forth - np.float32(moment) * back)
    return cv2.addWeighted(_warped(before, to_before), rest, _warped(after, to_after), moment, 0)


def _warped(frame: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What `frame` has at each pixel moved by `flow` (H, W, 2), x and y."""
    height, width = flow.shape[:2]
    columns = flow[..., 0] + np.arange(width, dtype=np.float32)
    rows = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(frame, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
