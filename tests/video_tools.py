"""Copying videos frame by frame, and comparing them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.clips import frame_times
from unblur.media.codecs import VideoCodec
from unblur.media.video_reader import VideoReader, open_video
from unblur.media.video_writer import VideoWriter, create_video


def copy_video(
    source: Path, target: Path, codec: VideoCodec = "h264"
) -> tuple[VideoReader, VideoWriter]:
    """Read and write every frame as it is."""
    with open_video(source) as reader, create_video(target, like=reader, codec=codec) as writer:
        for frame in reader.frames():
            writer.write(frame)
    return reader, writer


def psnr_db(first: Path, second: Path) -> float:
    """How near the frames of two files are, over all of them."""
    with open_video(first) as one, open_video(second) as other:
        differences = [
            grey_levels(a.pixels) - grey_levels(b.pixels)
            for a, b in zip(one.frames(), other.frames(), strict=True)
        ]
    return float(10 * np.log10(255**2 / max(np.mean(np.square(differences)), 1e-9)))


def grey_levels(samples: np.ndarray) -> np.ndarray:
    """Samples of 8 or 16 bits in the levels of 8 bits, not rounded."""
    return samples / (257 if samples.dtype == np.uint16 else 1)


def check_same_times(source: Path, target: Path) -> None:
    with open_video(source) as before, open_video(target) as after:
        assert [frame.pts for frame in after.frames()] == [frame.pts for frame in before.frames()]
        assert after.time_base == before.time_base
        assert after.duration_s == pytest.approx(before.duration_s, abs=1e-3)
    assert frame_times(target) == frame_times(source)
