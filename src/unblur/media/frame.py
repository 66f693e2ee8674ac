"""One picture of a video and the moment it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from unblur.images.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Frame:
    """One video picture, shown at `pts` ticks of `time_base` seconds."""

    pixels: Pixels
    """(height, width, 3) uint8 RGB."""
    pts: int
    """Presentation time stamp, in ticks."""
    time_base: Fraction
    """Seconds per tick."""

    @property
    def shown_at_s(self) -> Fraction:
        """The moment the frame is shown, in seconds."""
        return self.pts * self.time_base
