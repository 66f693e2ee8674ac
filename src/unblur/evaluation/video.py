"""How steady and how sharp restored video is, frame by frame.

The flow is estimated once for each pair of frames, on the sharp video where there is one
and on the input otherwise, so that all candidates are judged by the same motion.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from numpy import float64
from numpy.typing import NDArray

from unblur.data.pair_files import find_pictures
from unblur.errors import InputError, UnblurError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.quality import BLURRY
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import read_picture
from unblur.media.video_reader import open_video
from unblur.metrics.psnr import peak_signal_noise_ratio, psnr_gain
from unblur.metrics.temporal import Flow, block_means, estimate_flow, flicker, warping_error

SHARP = "sharp video"
"""The name of the row of the sharp video itself."""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """One version of one frame; None where a figure cannot be had."""

    model: str
    frame: int
    psnr_db: float | None = None
    gain_db: float | None = None
    warping_error: float | None = None
    """Against the frame before, in grey levels."""
    flicker: float | None = None
    """Change of what restoring adds since the frame before, in grey levels."""
    seconds: float | None = None
    """For restoring, in memory."""


def read_frames(path: Path, limit: int | None = None) -> Iterator[Pixels]:
    """The frames of a video, or of a folder of pictures by their names, one at a time.

    Raises MediaError for what cannot be read, InputError for a folder without pictures.
    """
    if path.is_dir():
        pictures = find_pictures(path)
        if not pictures:
            raise InputError(f"{path} holds no pictures; expected the frames of a video")
        for name in sorted(pictures)[:limit]:
            yield to_eight_bits(read_picture(pictures[name]).samples)
        return
    with open_video(path) as reader:
        for number, frame in enumerate(reader.frames()):
            if limit is not None and number >= limit:
                return
            yield frame.pixels


@dataclass(slots=True)
class _Version:
    """One version of the video: what it was at the frame before."""

    name: str
    candidate: Candidate | None
    restore: Callable[[Pixels], Pixels]
    frame_before: Pixels | None = None
    added_before: NDArray[float64] | None = None
    fault: str = ""


@dataclass(slots=True)
class VideoRun:
    """Measures candidates on a video; `faults` grows with what went wrong."""

    candidates: Sequence[Candidate]
    faults: list[str] = field(default_factory=list[str])

    def score(
        self, blurry_frames: Iterator[Pixels], sharp_frames: Iterator[Pixels] | None = None
    ) -> Iterator[FrameScore]:
        """Scores of the input, the sharp video and each candidate, frame by frame.

        A candidate that fails is left out from there on. Raises InputError when blurry and
        sharp frames differ in size.
        """
        versions = [_Version(BLURRY, None, _as_it_is)]
        if sharp_frames is not None:
            versions.append(_Version(SHARP, None, _as_it_is))
        versions += [_Version(it.name, it, it.for_video()) for it in self.candidates]
        guide_before: Pixels | None = None
        for number, (blurry, sharp) in enumerate(self._pairs(blurry_frames, sharp_frames)):
            guide = blurry if sharp is None else sharp
            flow = None if guide_before is None else estimate_flow(guide, guide_before)
            guide_before = guide
            for version in versions:
                if not version.fault:
                    yield from self._score_version(version, number, blurry, sharp, flow)

    def _pairs(
        self, blurry_frames: Iterator[Pixels], sharp_frames: Iterator[Pixels] | None
    ) -> Iterator[tuple[Pixels, Pixels | None]]:
        """Blurry frames with their sharp ones, as far as both go."""
        if sharp_frames is None:
            yield from ((blurry, None) for blurry in blurry_frames)
            return
        for number, (blurry, sharp) in enumerate(zip_longest(blurry_frames, sharp_frames)):
            if blurry is None or sharp is None:
                self.faults.append(
                    f"the {'blurry' if blurry is None else 'sharp'} video ends at frame {number}, "
                    "before the other; the rest is left out"
                )
                return
            if blurry.shape != sharp.shape:
                raise InputError(
                    f"frame {number} is {blurry.shape} in the blurry and {sharp.shape} in the "
                    "sharp video; expected one size"
                )
            yield blurry, sharp

    def _score_version(
        self,
        version: _Version,
        number: int,
        blurry: Pixels,
        sharp: Pixels | None,
        flow: Flow | None,
    ) -> Iterator[FrameScore]:
        """The score of one version of one frame; none where the candidate fails."""
        started = time.perf_counter()
        try:
            frame = _show(version, blurry, sharp)
        except UnblurError as error:
            version.fault = str(error)
            self.faults.append(f"frame {number}: {error}; left out from there on")
            return
        seconds = time.perf_counter() - started
        added = block_means(frame) - block_means(blurry)
        psnr_db = gain_db = None
        if sharp is not None and version.name != SHARP:
            psnr_db = peak_signal_noise_ratio(frame, sharp)
            if version.candidate is not None:
                gain_db = psnr_gain(psnr_db, peak_signal_noise_ratio(blurry, sharp))
        before, added_before = version.frame_before, version.added_before
        yield FrameScore(
            version.name,
            number,
            psnr_db=psnr_db,
            gain_db=gain_db,
            warping_error=None
            if flow is None or before is None
            else warping_error(frame, before, flow),
            flicker=None
            if added_before is None or version.candidate is None
            else flicker(added, added_before),
            seconds=seconds if version.candidate else None,
        )
        version.frame_before, version.added_before = frame, added


def _as_it_is(pixels: Pixels) -> Pixels:
    return pixels


def _show(version: _Version, blurry: Pixels, sharp: Pixels | None) -> Pixels:
    """The frame in that version; one with a memory remembers the frames before."""
    if version.candidate is not None:
        return version.restore(blurry)
    return sharp if version.name == SHARP and sharp is not None else blurry
