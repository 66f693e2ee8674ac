"""Pairs out of clips of frames on disk, such as those of NFS, by averaging windows of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from unblur.data.blur_synthesis.frame_averaging import Interpolate, average_frames
from unblur.data.datasets.clips import FrameClip, frame_windows
from unblur.data.pair_set import SourcedPair


def clip_pairs(
    clips: Sequence[FrameClip],
    *,
    pair_count: int,
    window: int,
    gamma: float,
    interpolate: Interpolate | None = None,
    between_count: int = 0,
) -> Iterator[SourcedPair]:
    """Up to `pair_count` pairs of windows spread evenly over all of `clips`.

    A blurry picture is the mean of `window` frames in linear light (`average_frames`, which
    says what `gamma`, `interpolate` and `between_count` are), its sharp one the middle frame,
    and its source the scene. A window that holds a cut gives none. Raises ConfigError for a
    window that is even or longer than a clip, InputError for a frame that cannot be read.
    """
    windows = [each for clip in clips for each in frame_windows(clip, window)]
    count = min(pair_count, len(windows))
    for index in np.linspace(0, len(windows) - 1, count).round().astype(int):
        chosen = windows[index]
        averaged = average_frames(
            chosen.read_frames(),
            window,
            gamma=gamma,
            interpolate=interpolate,
            between_count=between_count,
        )
        for pair in averaged:
            yield SourcedPair(pair, chosen.scene)
