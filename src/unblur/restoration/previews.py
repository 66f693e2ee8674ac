"""Stills out of a video, before and after side by side, ahead of the long work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from unblur.errors import MediaError
from unblur.images.arrays import to_eight_bits
from unblur.media.frame import Frame
from unblur.media.image_files import side_by_side, write_picture
from unblur.media.picture import Picture, PictureFile
from unblur.media.video_reader import VideoReader, open_video
from unblur.media.video_writer import VideoWriter
from unblur.restoration.restorer import Restorer

_EARLY_SHARE = Fraction(3, 5)
"""Of the time of a frame: so much earlier the frame that is shown at a moment is looked for."""


def write_previews(
    writer: VideoWriter, restorer: Restorer, paths: Sequence[Path], *, overwrites: bool
) -> list[Path]:
    """Write a still to each of `paths`, evenly spread over what is read; gives those written.

    There are no more than frames.

    One that is there is left as it is and noted, unless `overwrites`: a run that was stopped
    left it. So that the next run can tell, the log of `writer` is kept once there is a still.
    Raises as reading, restoring and writing do.
    """
    written: list[Path] = []
    kept_count = 0
    reader = writer.like
    length_s = Fraction(reader.duration_s or 0)
    count = reader.frame_count_estimate
    early_s = length_s * _EARLY_SHARE / count if count else Fraction(0)
    paths = paths[: max(1, count)] if count is not None else paths
    for index, path in enumerate(paths):
        if not overwrites and os.path.lexists(path):
            writer.log.keep()
            kept_count += 1
            continue
        middle_s = length_s * (2 * index + 1) / (2 * len(paths))
        frame = _frame_at(reader, max(Fraction(0), middle_s - early_s))
        if frame is None:
            continue
        (restored,) = restorer.restore_frames([frame])
        write_picture(side_by_side(_to_picture(frame), _to_picture(restored)), path)
        written.append(path)
        writer.log.keep()
    if kept_count:
        writer.notes.append(f"{kept_count} previews were there and are kept; see --overwrite")
    return written


def _frame_at(reader: VideoReader, moment_s: Fraction) -> Frame | None:
    """The first frame shown from a moment of the part on."""
    start_s = reader.part.start_s + moment_s
    try:
        with open_video(
            reader.path, deinterlaces=reader.deinterlaces, start_s=start_s
        ) as from_there:
            return next(from_there.frames(), None)
    except MediaError:
        return None


def _to_picture(frame: Frame) -> Picture:
    """A frame as a still of 8 bits."""
    return Picture(to_eight_bits(frame.pixels), None, PictureFile("PNG"))
