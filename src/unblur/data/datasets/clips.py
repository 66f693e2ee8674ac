"""Frames of high-rate video as files, and the windows of them that are averaged to blur."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from unblur.data.pair_files import find_pictures
from unblur.errors import ConfigError, InputError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import read_picture


@dataclass(frozen=True, slots=True)
class FrameClip:
    """Consecutive frames of one scene, on disk."""

    name: str
    """The scene."""
    frames: tuple[Path, ...]
    frame_rate: int
    """Frames per second."""


@dataclass(frozen=True, slots=True)
class FrameWindow:
    """Consecutive frames whose average is a blurry picture; the middle one is its sharp one."""

    name: str
    scene: str
    frames: tuple[Path, ...]

    @property
    def sharp(self) -> Path:
        """The middle frame."""
        return self.frames[len(self.frames) // 2]

    def read_frames(self) -> Iterator[Pixels]:
        """The frames, (H, W, 3) uint8 RGB each, one at a time. Raises MediaError."""
        for path in self.frames:
            yield to_eight_bits(read_picture(path).samples)


def find_clip(folder: Path, frame_rate: int) -> FrameClip:
    """The clip whose frames are the pictures of `folder`, in the order of their numbers.

    Raises InputError when there is none, when a name ends in no number, or when a frame
    is missing in between: an average over a hole would be no blur that a camera makes.
    """
    pictures = find_pictures(folder)
    if not pictures:
        raise InputError(f"{folder} holds no frames; expected pictures with numbers as names")
    numbered = sorted((_number_of(name, folder), path) for name, path in pictures.items())
    for (before, path), (after, _) in pairwise(numbered):
        if after != before + 1:
            raise InputError(
                f"{folder}: after {path.name} comes number {after}; "
                "expected every frame, so unpack the clip again"
            )
    return FrameClip(folder.name, tuple(path for _, path in numbered), frame_rate)


def frame_windows(clip: FrameClip, window: int, *, step: int | None = None) -> list[FrameWindow]:
    """Windows of `window` frames of `clip`, each beginning `step` frames after the one before.

    Without a step they touch and share no frame. Raises ConfigError when `window` is even,
    so that there is no middle frame, or longer than the clip.
    """
    if window < 3 or window % 2 == 0 or window > len(clip.frames):
        raise ConfigError(
            f"a window must have an odd number of frames, from 3 to {len(clip.frames)} "
            f"for the clip {clip.name}; got {window}"
        )
    starts = range(0, len(clip.frames) - window + 1, step or window)
    return [
        FrameWindow(
            f"{clip.name}/{clip.frames[start + window // 2].stem}",
            clip.name,
            clip.frames[start : start + window],
        )
        for start in starts
    ]


def _number_of(name: str, folder: Path) -> int:
    """The number that `name` ends in."""
    found = re.search(r"(\d+)$", name)
    if found is None:
        raise InputError(f"{folder}: the frame {name} has no number; expected names as 00001.jpg")
    return int(found[1])
