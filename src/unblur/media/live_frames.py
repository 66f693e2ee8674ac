"""What comes out of a live source, and the one clock that all of it is put on."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.stream import Stream
from av.video.reformatter import VideoReformatter

from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.colours import Colours, read_colours, to_pixels

LIVE_TIME_BASE = Fraction(1, 90_000)
"""Seconds per tick of everything live: the clock of MPEG transport streams."""
_LARGEST_DRIFT_S = 2.0
"""A source whose time stamps leave the wall clock by more is put back on it."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """What is known of a source once its first frame is there."""

    height: int
    width: int
    rate: Fraction
    """Frames per second that it promises."""
    colours: Colours
    sample_aspect_ratio: Fraction | None = None
    """Width over height of a pixel; None where the source does not say."""
    sound: AudioStream | None = None
    """As its first sound stream; it stays when the source is lost."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A decoded picture, not yet RGB: most of its cost is spared if it is dropped."""

    picture: av.VideoFrame
    pts: int
    """When it is shown, in ticks of `LIVE_TIME_BASE` since the session began."""
    arrived_s: float
    """When its packet came, on `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class LiveSound:
    """A packet of sound as it came, on the same clock."""

    packet: av.Packet[Stream]
    pts: int


LiveEvent = LiveFrame | LiveSound


@dataclass(slots=True)
class LiveClock:
    """Moments of a source to ticks since the session began; they rise across reconnections."""

    started_s: float = field(default_factory=time.monotonic)
    _shift_s: float | None = None
    _largest_drift_s: float = _LARGEST_DRIFT_S

    def restart(self) -> None:
        """Forget how the source's clock stands to ours: another one comes."""
        self._shift_s = None

    def begin_with(self, pts: int) -> None:
        """Let `pts` be now: what was opened a while ago is played from here on."""
        self.started_s = time.monotonic() - float(pts * LIVE_TIME_BASE)

    def begin_anew(self, pts: int) -> None:
        """Let `pts` be 0, and now."""
        self._shift_s = (self._shift_s or 0.0) - float(pts * LIVE_TIME_BASE)
        self.started_s = time.monotonic()

    @contextmanager
    def held(self) -> Generator[None]:
        """In the block the source is not put back on the wall clock, however late it is."""
        self._largest_drift_s = math.inf
        try:
            yield
        finally:
            self._largest_drift_s = _LARGEST_DRIFT_S

    def ticks(self, moment_s: Fraction | None) -> int:
        """The ticks of what the source shows at `moment_s`; without time stamp: those of now.

        The first moment is now; later ones keep their distance to it, unless the source
        jumps.
        """
        now_s = time.monotonic() - self.started_s
        if moment_s is None:
            return round(now_s / LIVE_TIME_BASE)
        if self._shift_s is None or abs(moment_s + self._shift_s - now_s) > self._largest_drift_s:
            self._shift_s = now_s - float(moment_s)
        return round((float(moment_s) + self._shift_s) / LIVE_TIME_BASE)

    def wait_s(self, pts: int) -> float:
        """Seconds from now until `pts` is to be shown; below 0 when that is over."""
        return self.started_s + float(pts * LIVE_TIME_BASE) - time.monotonic()


@dataclass(slots=True)
class RgbConverter:
    """Makes RGB of live frames, all of one size."""

    height: int
    width: int
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    def to_pixels(self, frame: LiveFrame) -> Pixels:
        """(height, width, 3) uint8 RGB; deeper pictures are rounded to 8 bits."""
        picture = frame.picture
        size = (self.height, self.width)
        samples = to_pixels(picture, read_colours(picture), self._reformatter, size)
        return to_eight_bits(samples[..., :3])
