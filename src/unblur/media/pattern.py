"""A moving picture with the time in it, in real time: what to try and to measure with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from unblur.errors import MediaError
from unblur.images.picture_clock import draw_moment, now_ms
from unblur.media.colours import Colours
from unblur.media.live_frames import LIVE_TIME_BASE, LiveClock, LiveFacts, LiveFrame
from unblur.media.video_reader import open_video

_GREY = 128
_PICTURES = 45
"""So many different ones, forth and back."""
_BLOCK_PX = 8
_STEP_PX = 6


class Pattern:
    """Pictures of `height` x `width` that follow each other for ever, each with its moment."""

    def __init__(self, height: int = 720, width: int = 1280, clip: Path | None = None) -> None:
        """Of `clip` the first pictures are shown; without one, blocks that move sideways."""
        pictures = _drawn(height, width) if clip is None else _of_clip(clip, height, width)
        self._pictures = [*pictures, *pictures[-2:0:-1]]
        self._count = 0
        self._last_ms = 0

    def next_picture(self) -> av.VideoFrame:
        """The next picture, yuv420p, with this very moment written into it.

        Of two within a millisecond the second is given the next one: no two are alike.
        """
        picture = self._pictures[self._count % len(self._pictures)]
        self._count += 1
        self._last_ms = max(now_ms(), self._last_ms + 1)
        draw_moment(luma_of(picture), self._last_ms)
        return picture


def luma_of(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """The luma of a planar picture, (height, width), to be read and written in place."""
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width]


class PatternSource:
    """The pattern as a live source, 1280x720 at 30 frames a second."""

    lost_count = 0

    def __init__(self, height: int = 720, width: int = 1280, rate: int = 30) -> None:
        self.facts = LiveFacts(height, width, Fraction(rate), Colours())
        self._pattern = Pattern(height, width)

    def events(self, is_stopping: threading.Event) -> Iterator[LiveFrame]:
        """A frame at each beat of the rate, until `is_stopping` is set."""
        clock = LiveClock()
        beat = round(1 / self.facts.rate / LIVE_TIME_BASE)
        pts = 0
        while not is_stopping.wait(max(0.0, clock.wait_s(pts))):
            # The picture is made anew: the one before may still be on its way.
            shown = av.VideoFrame.from_ndarray(self._pattern.next_picture().to_ndarray(), "yuv420p")
            yield LiveFrame(shown, pts, time.monotonic())
            pts += beat


def _drawn(height: int, width: int) -> list[av.VideoFrame]:
    """Random blocks of grey, blurred along their way."""
    rng = np.random.default_rng(0)
    shape = (-(-height // _BLOCK_PX), -(-width // _BLOCK_PX))
    blocks = rng.integers(40, 200, shape).astype(np.float32)
    blocks = blocks.repeat(_BLOCK_PX, axis=0).repeat(_BLOCK_PX, axis=1)[:height, :width]
    blurred = sum(np.roll(blocks, shift, axis=1) for shift in range(_STEP_PX)) / _STEP_PX
    luma = np.asarray(blurred).astype(np.uint8)
    return [_grey_picture(np.roll(luma, _STEP_PX * index, axis=1)) for index in range(_PICTURES)]


def _grey_picture(luma: NDArray[np.uint8]) -> av.VideoFrame:
    """A yuv420p picture without colour."""
    height, width = luma.shape
    picture = av.VideoFrame(width, height, "yuv420p")
    luma_of(picture)[:] = luma
    for plane in picture.planes[1:]:
        np.frombuffer(memoryview(plane), np.uint8)[:] = _GREY
    return picture


def _of_clip(clip: Path, height: int, width: int) -> list[av.VideoFrame]:
    """The first pictures of a clip, scaled."""
    pictures: list[av.VideoFrame] = []
    with open_video(clip) as reader:
        for frame in reader.frames():
            rgb = av.VideoFrame.from_ndarray(frame.pixels.astype(np.uint8), "rgb24")
            pictures.append(rgb.reformat(width, height, "yuv420p"))
            if len(pictures) == _PICTURES:
                break
    if len(pictures) < 2:
        raise MediaError(f"{clip} is too short: two frames are needed")
    return pictures
