"""RGB pictures made smaller and larger."""

from __future__ import annotations

import av
from av.video.reformatter import Interpolation, VideoReformatter

from unblur.images.arrays import Pixels, check_pixels


class Scaler:
    """Scales pictures; one for each pair of sizes keeps FFmpeg's tables."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scale(self, pixels: Pixels, height: int, width: int) -> Pixels:
        """`pixels`, (H, W, 3) uint8 RGB, bilinearly scaled to (height, width, 3)."""
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        scaled = self._reformatter.reformat(
            frame, width=width, height=height, interpolation=Interpolation.BILINEAR, threads=1
        )
        return check_pixels(scaled.to_ndarray())
