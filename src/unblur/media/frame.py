"""One picture of a video and the moment it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One video picture, shown at `pts` ticks of `time_base` seconds; equal to itself alone."""

    pixels: NDArray[Any]
    """(height, width, 3) RGB: uint8, or uint16 (0..65535) where the video has more bits."""
    pts: int
    """Presentation time stamp, in ticks."""
    time_base: Fraction
    """Seconds per tick."""
    alpha: NDArray[Any] | None = None
    """(height, width) of the same dtype: how opaque each pixel is; None: all are."""
    captions: bytes | None = None
    """Closed captions inside the picture, in words of three bytes; None: it has none."""

    @property
    def shown_at_s(self) -> Fraction:
        """The moment the frame is shown, in seconds."""
        return self.pts * self.time_base
