"""Blur out of sharp high-rate video: the mean of a few frames, in linear light.

As GoPro (arXiv:1612.02177), DVD, NFS and REDS were made. The blur is that of real
motion; but what is brighter than white has clipped in every frame already, and where
things move several pixels from frame to frame, copies of them show: raise the rate first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import cv2
import numpy as np

from unblur.data.blur_synthesis.degradation import to_grey_levels
from unblur.data.blur_synthesis.pairs import BlurPair
from unblur.errors import ConfigError, InputError
from unblur.images.scene_cuts import is_cut

Interpolate = Callable[[np.ndarray, np.ndarray, int], Sequence[np.ndarray]]
"""Two frames and a count to as many frames between them, evenly spaced in time.

All (H, W, 3) uint8 RGB.
"""

_FLOW_SIDE_PX = 640
_MOVED_SHARE = 0.9


def average_frames(
    frames: Iterable[np.ndarray],
    window: int,
    *,
    gamma: float = 2.2,
    stride: int | None = None,
    interpolate: Interpolate | None = None,
    between_count: int = 0,
) -> Iterator[BlurPair]:
    """Pairs of the mean of `window` frames and the middle one of them.

    Frames are (H, W, 3) uint8 RGB of one size, read one at a time; memory stays flat. A
    window begins at every `stride` frames (`window` where it is not given); a longer stride
    is an exposure shorter than the interval from picture to picture. `interpolate` adds
    `between_count` frames between each two before they are averaged; the sharp one is
    always a frame that was filmed. Windows that hold a cut are left out. `path_px` is
    how far the fastest tenth of the picture moves at least, by optical flow.

    Raises ConfigError for a window that is not an odd number of 3 or more, or a stride
    below it; InputError when there are fewer frames than that or their sizes differ.
    """
    stride = _check_window(window, stride)
    seen_count = 0
    exposure = _Exposure(gamma)
    for index, frame in enumerate(frames):
        seen_count = index + 1
        place = index % stride
        if place == 0:
            exposure = _Exposure(gamma)
        if place >= window:
            continue
        if interpolate is not None and between_count and exposure.last is not None:
            for between in interpolate(exposure.last, frame, between_count):
                exposure.add_light(between)
        exposure.add(frame, is_middle=place == window // 2)
        if place == window - 1 and not exposure.has_cut:
            yield exposure.pair()
    if seen_count < window:
        raise InputError(
            f"expected at least {window} frames to average, got {seen_count}; "
            "choose a smaller window or a longer video"
        )


def _check_window(window: int, stride: int | None) -> int:
    """The stride, if window and stride fit."""
    if window < 3 or window % 2 == 0:
        raise ConfigError(
            f"expected a window of an odd number of frames from 3 on, so that there is a "
            f"middle one, got {window}"
        )
    if stride is not None and stride < window:
        raise ConfigError(f"expected a stride of at least the window, {window}, got {stride}")
    return stride or window


class _Exposure:
    """The sum of the frames of one window so far."""

    def __init__(self, gamma: float) -> None:
        self.has_cut = False
        self.last: np.ndarray | None = None
        self._gamma = gamma
        self._table = ((np.arange(256) / 255) ** gamma).astype(np.float32)
        self._first: np.ndarray | None = None
        self._middle: np.ndarray | None = None
        self._total: np.ndarray | None = None
        self._count = 0

    def add(self, frame: np.ndarray, *, is_middle: bool) -> None:
        """Add a frame that was filmed."""
        if self.last is not None:
            if frame.shape != self.last.shape:
                raise InputError(
                    f"expected frames of one size, got {self.last.shape} and {frame.shape}"
                )
            self.has_cut = self.has_cut or is_cut(self.last, frame)
        if self._first is None:
            self._first = frame
        if is_middle:
            self._middle = frame
        self.last = frame
        self.add_light(frame)

    def add_light(self, frame: np.ndarray) -> None:
        """Add the light of any frame."""
        light = cv2.LUT(frame, self._table)
        if self._total is None:
            self._total = np.zeros_like(light)
        cv2.accumulate(light, self._total)
        self._count += 1

    def pair(self) -> BlurPair:
        """The pair of all frames and the middle one."""
        assert self._total is not None and self._middle is not None  # noqa: S101, PT018
        assert self._first is not None and self.last is not None  # noqa: S101, PT018
        light = self._total * np.float32(1 / self._count)
        return BlurPair(
            blurry=to_grey_levels(light, self._gamma),
            sharp=self._middle,
            path_px=_moved_px(self._first, self.last),
            is_straight=False,
            kind="video",
        )


def _moved_px(first: np.ndarray, last: np.ndarray) -> float:
    """How far what moves fastest (nine tenths move less) came from one frame to the other."""
    scale = min(1.0, _FLOW_SIDE_PX / max(first.shape[:2]))
    small = [
        cv2.resize(
            cv2.cvtColor(each, cv2.COLOR_RGB2GRAY),
            None,
            fx=scale,
            fy=scale,
            interpolation=cv2.INTER_AREA,
        )
        for each in (first, last)
    ]
    if min(small[0].shape) < 16:  # too small for the flow's patches
        return 0.0
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = finder.calc(small[0], small[1], np.zeros((*small[0].shape, 2), np.float32))
    return float(np.quantile(np.linalg.norm(flow, axis=2), _MOVED_SHARE) / scale)
