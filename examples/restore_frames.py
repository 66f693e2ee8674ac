"""Restore frames as they come; each keeps its own moment."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

import unblur


def camera() -> Iterator[unblur.Frame]:
    """Three grey frames, a twenty-fifth of a second apart."""
    for index in range(3):
        pixels = np.full((90, 160, 3), 60 + 40 * index, np.uint8)
        yield unblur.Frame(pixels, pts=index, time_base=Fraction(1, 25))


with unblur.Restorer(model="live", precision="int8") as restorer:
    for frame in restorer.restore_frames(camera()):
        print(f"{float(frame.shown_at_s):.2f} s: mean grey level {frame.pixels.mean():.1f}")
